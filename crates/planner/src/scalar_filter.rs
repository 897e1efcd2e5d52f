//! Operators on one column.

use crate::context::Context;
use crate::convert;
use crate::problems::Problems;
use freehold_base::Value;
use freehold_policy::operand::{Operand, PatternKind, Scalar};
use freehold_policy::predicate::{Predicate, Test};
use freehold_policy::source::{FilterPredicate, ReadableField};
use freehold_schema::catalog::{EntityDef, EntityId, FieldDef, FieldType};
use freehold_schema::graphql::operation::{Input, InputKind};
use freehold_schema::graphql::shape;

/// Most members of an `in` list.
const LIST_MAX: usize = 1_000;

/// How a field's operands are read; `None` for fields without a single value.
pub(crate) fn scalar_of(entity: EntityId, def: &FieldDef) -> Option<Scalar> {
    Some(match &def.field_type {
        FieldType::Id => Scalar::Id,
        FieldType::Select(_) | FieldType::MultiSelect(_) => Scalar::Member(entity, def.id),
        FieldType::List { .. } | FieldType::Reference { .. } | FieldType::File | FieldType::Image => return None,
        other => Scalar::Plain(other.value_type()?),
    })
}

/// A filter object over one column: all of its operators hold.
pub(crate) fn scalar(
    context: &Context<'_>,
    entity: &EntityDef,
    def: &FieldDef,
    readable: &ReadableField,
    input: &Input,
    problems: &mut Problems,
) -> FilterPredicate {
    let Some(scalar) = scalar_of(entity.id, def).filter(|_| shape::is_filterable(def)) else {
        problems.add("unknown", "this field cannot be filtered by");
        return Predicate::Constant(false);
    };
    if def.encrypted.is_none() && def.field_type == FieldType::Json {
        return json(readable, input, problems);
    }
    let mut tests = tests(context, &scalar, input, problems);
    // The schema offers no other operators; one that came would be compared with what is no value.
    if def.encrypted.is_some() && !tests.iter().all(is_for_sealed) {
        problems.add("unknown", "an encrypted field can only be equal: `eq`, `in`, `isNull`");
        return Predicate::Constant(false);
    }
    if is_insensitive(input) {
        tests = tests.into_iter().map(folded).collect();
    }
    Predicate::all(tests.into_iter().map(|test| Predicate::Leaf {
        field: readable.clone(),
        test,
    }))
}

/// Whether a sealed field can be tested so.
fn is_for_sealed(test: &Test) -> bool {
    matches!(test, Test::Equal(_) | Test::In(_) | Test::IsNull(_))
}

/// Whether `mode: INSENSITIVE` stands in an operator object.
fn is_insensitive(input: &Input) -> bool {
    let asks = |(key, value): &(String, Input)| {
        key == "mode" && matches!(value.kind(), InputKind::Text(mode) if mode == "INSENSITIVE")
    };
    matches!(input.kind(), InputKind::Object(entries) if entries.iter().any(asks))
}

/// The test with case folded.
fn folded(test: Test) -> Test {
    match test {
        Test::Like { pattern, .. } => Test::Like {
            pattern,
            insensitive: true,
        },
        Test::IsNull(_) => test,
        other => Test::Folded(Box::new(other)),
    }
}

/// The tests that an operator object asks for.
pub(crate) fn tests(context: &Context<'_>, scalar: &Scalar, input: &Input, problems: &mut Problems) -> Vec<Test> {
    problems
        .object(input)
        .iter()
        .filter(|(key, _)| key != "mode")
        .filter_map(|(key, value)| {
            problems.within(key.as_str(), |problems| test(context, scalar, key, value, problems))
        })
        .collect()
}

fn test(
    context: &Context<'_>,
    scalar: &Scalar,
    operator: &str,
    input: &Input,
    problems: &mut Problems,
) -> Option<Test> {
    let one = |scalar: &Scalar, problems: &mut Problems| match convert::operand(input, scalar, context.catalog) {
        Ok(operand) => Some(operand),
        Err(message) => {
            problems.add(if input.is_null() { "null" } else { "type" }, message);
            None
        }
    };
    let pattern = |kind, problems: &mut Problems| {
        one(&Scalar::Pattern(kind), problems).map(|pattern| Test::Like {
            pattern,
            insensitive: false,
        })
    };
    if !problems.spend(1, 0) {
        return None;
    }
    if matches!(operator, "contains" | "endsWith" | "like") {
        problems.charge_patterns(1);
    }
    match operator {
        "eq" => one(scalar, problems).map(Test::Equal),
        "ne" => one(scalar, problems).map(Test::NotEqual),
        "lt" => one(scalar, problems).map(Test::Less),
        "lte" => one(scalar, problems).map(Test::LessOrEqual),
        "gt" => one(scalar, problems).map(Test::Greater),
        "gte" => one(scalar, problems).map(Test::GreaterOrEqual),
        "in" => many(context, scalar, input, problems).map(Test::In),
        "notIn" => many(context, scalar, input, problems).map(Test::NotIn),
        "isNull" => boolean(input, problems).map(Test::IsNull),
        "contains" => pattern(PatternKind::Contains, problems),
        "startsWith" => pattern(PatternKind::StartsWith, problems),
        "endsWith" => pattern(PatternKind::EndsWith, problems),
        "like" => pattern(PatternKind::Like, problems),
        "has" => one(scalar, problems).map(Test::Has),
        "hasAny" => many(context, scalar, input, problems).map(Test::HasAny),
        "hasAll" => many(context, scalar, input, problems).map(Test::HasAll),
        _ => {
            problems.add("unknown", "no such operator");
            None
        }
    }
}

/// The members of an operand that is a list, if they are not too many.
fn members<'i>(input: &'i Input, problems: &mut Problems) -> Option<&'i [Input]> {
    let items = problems.list(input);
    if items.len() > LIST_MAX {
        problems.add("length", format!("at most {LIST_MAX} members"));
        return None;
    }
    problems.spend(0, items.len()).then_some(items)
}

fn many(context: &Context<'_>, scalar: &Scalar, input: &Input, problems: &mut Problems) -> Option<Vec<Operand>> {
    if input.is_null() {
        problems.add("null", "null is no operand; a list expected");
        return None;
    }
    let items = members(input, problems)?;
    let operands: Vec<Operand> = items
        .iter()
        .enumerate()
        .filter_map(|(index, item)| {
            problems.within(index, |problems| {
                match convert::operand(item, scalar, context.catalog) {
                    Ok(operand) => Some(operand),
                    Err(message) => {
                        problems.add("type", message);
                        None
                    }
                }
            })
        })
        .collect();
    Some(operands)
}

/// A literal true or false: it decides the predicate's shape.
pub(crate) fn boolean(input: &Input, problems: &mut Problems) -> Option<bool> {
    match input.kind() {
        InputKind::Boolean(value) => Some(*value),
        _ => {
            problems.add("type", "true or false expected");
            None
        }
    }
}

/// `{path, eq, ne, in, notIn, isNull}` over a JSON column.
fn json(readable: &ReadableField, input: &Input, problems: &mut Problems) -> FilterPredicate {
    let entries = problems.object(input);
    let path: Vec<String> = match entries.iter().find(|(key, _)| key == "path") {
        None => Vec::new(),
        Some((_, value)) => problems.within("path", |problems| {
            let steps = problems.list(value).iter().map(|step| match step.kind() {
                InputKind::Text(text) if !text.contains('\0') => Some(text.clone()),
                _ => None,
            });
            steps.collect::<Option<Vec<_>>>().unwrap_or_else(|| {
                problems.add("type", "a list of keys and indexes, as texts, expected");
                Vec::new()
            })
        }),
    };
    let leaf = |test| Predicate::Leaf {
        field: readable.clone(),
        test,
    };
    let equal = |value: &Input, equal| {
        let operand = Operand::Constant(Value::Json(convert::to_json(value).to_string()));
        leaf(Test::JsonEqual {
            path: path.clone(),
            operand,
            equal,
        })
    };
    let parts: Vec<FilterPredicate> = entries
        .iter()
        .filter(|(key, _)| key != "path")
        .map(|(key, value)| {
            problems.within(key.as_str(), |problems| match key.as_str() {
                "isNull" => match boolean(value, problems) {
                    Some(null) => leaf(Test::JsonIsNull {
                        path: path.clone(),
                        null,
                    }),
                    None => Predicate::Constant(false),
                },
                "eq" | "ne" if value.is_null() => {
                    problems.add("null", "null is no operand; use `isNull`");
                    Predicate::Constant(false)
                }
                "eq" | "ne" if has_nul(value, problems) => Predicate::Constant(false),
                "eq" => equal(value, true),
                "ne" => equal(value, false),
                "in" => Predicate::any(json_members(value, problems).iter().map(|item| equal(item, true))),
                "notIn" => Predicate::all(json_members(value, problems).iter().map(|item| equal(item, false))),
                _ => {
                    problems.add("unknown", "no such operator");
                    Predicate::Constant(false)
                }
            })
        })
        .collect();
    Predicate::all(parts)
}

/// The members of a list of JSON values; none if one cannot be compared with.
fn json_members<'i>(input: &'i Input, problems: &mut Problems) -> &'i [Input] {
    let items = members(input, problems).unwrap_or(&[]);
    if items.iter().any(|item| has_nul(item, problems)) {
        &[]
    } else {
        items
    }
}

/// Whether a JSON operand holds NUL; told if so.
fn has_nul(input: &Input, problems: &mut Problems) -> bool {
    let found = convert::has_nul(&convert::to_json(input));
    if found {
        problems.add("type", "a value without NUL expected");
    }
    found
}
