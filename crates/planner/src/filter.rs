//! `filter` and `search` → predicates over guarded sources.

use crate::context::Context;
use crate::convert;
use crate::problems::Problems;
use crate::scalar_filter;
use freehold_base::{Value, ValueType};
use freehold_policy::operand::{Operand, PatternKind, Scalar};
use freehold_policy::predicate::{Link, Predicate, Test};
use freehold_policy::source::{FilterPredicate, ReadableField, RowSource};
use freehold_schema::catalog::{EntityDef, EntityId, FieldDef, FieldType, SystemField};
use freehold_schema::graphql::operation::{Input, InputKind};
use freehold_schema::graphql::shape;

/// Most words that `search` looks for.
const SEARCH_WORDS_MAX: usize = 8;

/// Deepest nesting of a filter.
const FILTER_DEPTH_MAX: usize = 16;

/// A filter object over the rows of `source`.
pub(crate) fn filter(
    context: &Context<'_>,
    source: &RowSource,
    input: &Input,
    problems: &mut Problems,
) -> FilterPredicate {
    if problems.depth() > FILTER_DEPTH_MAX * 2 {
        problems.add("depth", "the filter is nested too deep");
        return Predicate::Constant(false);
    }
    let entries = problems.object(input);
    if !problems.spend(entries.len().max(1), 0) {
        return Predicate::Constant(false);
    }
    let parts: Vec<FilterPredicate> = entries
        .iter()
        .map(|(key, value)| {
            problems.within(key.as_str(), |problems| match key.as_str() {
                "and" => Predicate::all(each(problems, value, |problems, item| {
                    filter(context, source, item, problems)
                })),
                "or" => Predicate::any(each(problems, value, |problems, item| {
                    filter(context, source, item, problems)
                })),
                "not" => Predicate::not(filter(context, source, value, problems)),
                // The row is there; `isNull` asks about a reference, see `to_one`.
                "isNull" => Predicate::Constant(scalar_filter::boolean(value, problems) == Some(false)),
                name => field(context, source, name, value, problems),
            })
        })
        .collect();
    Predicate::all(parts)
}

fn each<T>(problems: &mut Problems, input: &Input, mut work: impl FnMut(&mut Problems, &Input) -> T) -> Vec<T> {
    let items = problems.list(input);
    items
        .iter()
        .enumerate()
        .map(|(index, item)| problems.within(index, |problems| work(problems, item)))
        .collect()
}

fn field(
    context: &Context<'_>,
    source: &RowSource,
    name: &str,
    input: &Input,
    problems: &mut Problems,
) -> FilterPredicate {
    let entity = context.catalog.entity(source.entity());
    let Some((def, readable)) = entity
        .find_graphql_field(name)
        .and_then(|def| Some((def, source.readable(def.id)?)))
    else {
        problems.add("unknown", "no such field");
        return Predicate::Constant(false);
    };
    match &def.field_type {
        FieldType::List { of, by } => to_many(context, &readable, *of, *by, input, problems),
        FieldType::Reference { to, .. } => to_one(context, &readable, to, input, problems),
        _ => scalar_filter::scalar(context, entity, def, &readable, input, problems),
    }
}

/// `{some, every, none, count}` over a list.
fn to_many(
    context: &Context<'_>,
    list: &ReadableField,
    of: EntityId,
    by: freehold_schema::catalog::FieldId,
    input: &Input,
    problems: &mut Problems,
) -> FilterPredicate {
    let Some(source) = context.access.list(of) else {
        problems.add("unknown", "no such field");
        return Predicate::Constant(false);
    };
    let inside = problems.within_list(|problems| to_many_parts(context, list, source, by, input, problems));
    inside.unwrap_or(Predicate::Constant(false))
}

fn to_many_parts(
    context: &Context<'_>,
    list: &ReadableField,
    source: &RowSource,
    by: freehold_schema::catalog::FieldId,
    input: &Input,
    problems: &mut Problems,
) -> FilterPredicate {
    let link = || Link::Equal {
        theirs: by,
        ours: list.clone(),
    };
    let exists = |inner| Predicate::Exists {
        link: link(),
        source: source.clone(),
        inner: Box::new(inner),
    };
    let parts: Vec<FilterPredicate> = problems
        .object(input)
        .iter()
        .map(|(key, value)| {
            problems.within(key.as_str(), |problems| match key.as_str() {
                "some" => exists(filter(context, source, value, problems)),
                "none" => Predicate::not(exists(filter(context, source, value, problems))),
                "every" => Predicate::not(exists(Predicate::not(filter(context, source, value, problems)))),
                "count" => Predicate::all(
                    scalar_filter::tests(context, &Scalar::Plain(ValueType::Int), value, problems)
                        .into_iter()
                        .map(|test| Predicate::Count {
                            link: link(),
                            source: source.clone(),
                            inner: Box::new(Predicate::Constant(true)),
                            test,
                        }),
                ),
                _ => {
                    problems.add("unknown", "`some`, `every`, `none` or `count` expected");
                    Predicate::Constant(false)
                }
            })
        })
        .collect();
    Predicate::all(parts)
}

/// A condition on the row that a reference shows; `isNull` asks whether it shows one.
fn to_one(
    context: &Context<'_>,
    reference: &ReadableField,
    to: &[EntityId],
    input: &Input,
    problems: &mut Problems,
) -> FilterPredicate {
    let exists = |source: &RowSource, inner| Predicate::Exists {
        link: Link::Reference(reference.clone()),
        source: source.clone(),
        inner: Box::new(inner),
    };
    let sources: Vec<&RowSource> = to.iter().filter_map(|target| context.access.read(*target)).collect();
    if !asks_is_null(input) {
        let parts = problems.for_each(&sources, |source, problems| {
            let inner = filter(context, source, input, problems);
            exists(source, inner)
        });
        return Predicate::any(parts);
    }
    let there = || Predicate::any(sources.iter().map(|source| exists(source, Predicate::Constant(true))));
    let entries = problems.object(input);
    let parts: Vec<FilterPredicate> = entries
        .iter()
        .map(|(key, value)| {
            problems.within(key.as_str(), |problems| match key.as_str() {
                "isNull" => match scalar_filter::boolean(value, problems) {
                    Some(true) => Predicate::not(there()),
                    Some(false) | None => there(),
                },
                "and" => Predicate::all(each(problems, value, |problems, item| {
                    to_one(context, reference, to, item, problems)
                })),
                "or" => Predicate::any(each(problems, value, |problems, item| {
                    to_one(context, reference, to, item, problems)
                })),
                "not" if asks_is_null(value) => Predicate::not(to_one(context, reference, to, value, problems)),
                "not" => Predicate::any(problems.for_each(&sources, |source, problems| {
                    let inner = Predicate::not(filter(context, source, value, problems));
                    exists(source, inner)
                })),
                name => Predicate::any(problems.for_each(&sources, |source, problems| {
                    let inner = field(context, source, name, value, problems);
                    exists(source, inner)
                })),
            })
        })
        .collect();
    Predicate::all(parts)
}

/// Whether `isNull` stands in this object, or in its `and`, `or`, `not`.
fn asks_is_null(input: &Input) -> bool {
    match input.kind() {
        InputKind::Object(entries) => entries.iter().any(|(key, value)| match key.as_str() {
            "isNull" => true,
            "and" | "or" => matches!(value.kind(), InputKind::List(items) if items.iter().any(asks_is_null)),
            "not" => asks_is_null(value),
            _ => false,
        }),
        _ => false,
    }
}

/// Equality of one field with an argument, for unique keys. A reference is compared with the id of the row that it shows.
pub(crate) fn equal(
    context: &Context<'_>,
    source: &RowSource,
    def: &FieldDef,
    input: &Input,
) -> Result<FilterPredicate, String> {
    let readable = source.readable(def.id).ok_or("no such field")?;
    if let FieldType::Reference { to, .. } = &def.field_type {
        let operand = convert::operand(input, &Scalar::Id, context.catalog)?;
        return Ok(Predicate::any(to.iter().filter_map(|target| {
            let source = context.access.read(*target)?;
            let id = source.readable(context.catalog.entity(*target).find_system(SystemField::Id)?)?;
            Some(Predicate::Exists {
                link: Link::Reference(readable.clone()),
                source: source.clone(),
                inner: Box::new(Predicate::Leaf {
                    field: id,
                    test: Test::Equal(operand.clone()),
                }),
            })
        })));
    }
    let scalar = scalar_filter::scalar_of(source.entity(), def).ok_or("no such field")?;
    let operand = convert::operand(input, &scalar, context.catalog)?;
    Ok(Predicate::Leaf {
        field: readable,
        test: Test::Equal(operand),
    })
}

/// `search`: every word stands in some text of the row that the caller may read.
pub(crate) fn search(
    source: &RowSource,
    entity: &EntityDef,
    input: &Input,
    problems: &mut Problems,
) -> FilterPredicate {
    let InputKind::Text(text) = input.kind() else {
        if !input.is_null() {
            problems.add("type", "a text expected");
        }
        return Predicate::Constant(true);
    };
    if text.contains(convert::is_no_character) {
        problems.add("type", "a text without NUL or noncharacters expected");
        return Predicate::Constant(false);
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    if text.len() > convert::PATTERN_BYTES_MAX {
        problems.add("length", "a text of at most 500 bytes expected");
        return Predicate::Constant(false);
    }
    if words.len() > SEARCH_WORDS_MAX {
        problems.add("words", format!("at most {SEARCH_WORDS_MAX} words are looked for"));
    }
    problems.charge_patterns(words.len().min(SEARCH_WORDS_MAX));
    let texts: Vec<ReadableField> = source
        .readable_fields()
        .filter(|readable| shape::is_searchable(entity.field(readable.id())))
        .collect();
    Predicate::all(words.iter().take(SEARCH_WORDS_MAX).map(|word| {
        let pattern = Operand::Constant(Value::Text(PatternKind::Contains.pattern(word)));
        Predicate::any(texts.iter().map(|text| Predicate::Leaf {
            field: text.clone(),
            test: Test::Like {
                pattern: pattern.clone(),
                insensitive: true,
            },
        }))
    }))
}
