//! Conditions: the YAML of `where`, `check` and `when`, parsed and type-checked over an entity.
//!
//! Every problem is told; a condition with one gives `None`. Related rows are read raw, but each walled entity brings the
//! tenant wall with it, so that whoever evaluates the predicate needs to know nothing more.

mod column;
mod operand;
mod operator;

pub(crate) use column::{Column, Shape, shape_of};
pub(crate) use operand::preset;

use crate::mentions::operands;
use crate::operand::{Operand, SessionValue};
use crate::predicate::{CallerTest, Link, Predicate, RawSource, RulePredicate, Test};
use crate::wall::walled;
use freehold_schema::catalog::{Catalog, EntityId, FieldDef, FieldId, FieldType};
use freehold_schema::diagnostic::Diagnostics;
use freehold_schema::source::Span;
use freehold_schema::yaml::{Key, Node, NodeKind};
use operator::Operator;

/// What a condition may speak of besides the row.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    /// The app.
    catalog: &'a Catalog,
    /// The entity whose rows the whole condition is about.
    root: EntityId,
    /// There is a stored row (`$before`) besides the one to be written.
    written: bool,
}

impl<'a> Scope<'a> {
    /// A condition about stored rows of `root`: `where`, `when`.
    pub(crate) fn stored(catalog: &'a Catalog, root: EntityId) -> Self {
        Self {
            catalog,
            root,
            written: false,
        }
    }

    /// A condition about rows of `root` to be written: `check`.
    pub(crate) fn written(catalog: &'a Catalog, root: EntityId) -> Self {
        Self {
            catalog,
            root,
            written: true,
        }
    }
}

type Entry = (Key, Node);

/// Parses a condition over a row of the scope's entity.
pub(crate) fn parse(scope: Scope<'_>, node: &Node, faults: &mut Diagnostics) -> Option<RulePredicate> {
    over(scope, scope.root, node, faults)
}

/// The condition over a row of `entity`, which is the root or related to it.
fn over(scope: Scope<'_>, entity: EntityId, node: &Node, faults: &mut Diagnostics) -> Option<RulePredicate> {
    let entries = mapping(node, "a condition", "write `{field: value}`", faults)?;
    all_of(scope, entity, entries.iter(), faults)
}

/// The conjunction of a mapping's entries.
fn all_of<'a>(
    scope: Scope<'_>,
    entity: EntityId,
    entries: impl Iterator<Item = &'a Entry>,
    faults: &mut Diagnostics,
) -> Option<RulePredicate> {
    let parts = entries
        .map(|(key, value)| entry(scope, entity, key, value, faults))
        .collect();
    complete(parts).map(Predicate::all)
}

fn entry(
    scope: Scope<'_>,
    entity: EntityId,
    key: &Key,
    value: &Node,
    faults: &mut Diagnostics,
) -> Option<RulePredicate> {
    match key.text.as_str() {
        "or" => alternatives(scope, entity, key, value, faults).map(Predicate::any),
        "and" => alternatives(scope, entity, key, value, faults).map(Predicate::all),
        "not" => over(scope, entity, value, faults).map(Predicate::not),
        _ => field(scope, entity, key, value, faults),
    }
}

/// The members of `or` and `and`. A mapping is refused: read as a conjunction, `or` would say something else than it says.
fn alternatives(
    scope: Scope<'_>,
    entity: EntityId,
    key: &Key,
    value: &Node,
    faults: &mut Diagnostics,
) -> Option<Vec<RulePredicate>> {
    let NodeKind::List(items) = &value.kind else {
        faults
            .error(
                "condition-shape",
                value.span,
                format!("`{}` takes a list of conditions, this is {}", key.text, value.noun()),
            )
            .hint(format!("write `{}: [{{…}}, {{…}}]`", key.text));
        return None;
    };
    complete(items.iter().map(|item| over(scope, entity, item, faults)).collect())
}

fn field(
    scope: Scope<'_>,
    entity: EntityId,
    key: &Key,
    value: &Node,
    faults: &mut Diagnostics,
) -> Option<RulePredicate> {
    let definition = scope.catalog.entity(entity);
    let Some(field) = definition.find_field(&key.text) else {
        let told = faults.error(
            "unknown-field",
            key.span,
            format!("`{}` has no field `{}`", definition.name, key.text),
        );
        match definition.find_graphql_field(&key.text) {
            Some(field) => told.hint(format!("in a model it is written `{}`", field.name)),
            None => told.nearest(
                &key.text,
                definition
                    .fields
                    .iter()
                    .map(|field| field.name.as_str())
                    .chain(["or", "and", "not"]),
            ),
        };
        return None;
    };
    if !comparable(field, key.span, faults) {
        return None;
    }
    match &field.field_type {
        FieldType::List { of, by } => related(scope, entity, *of, *by, value, faults),
        FieldType::Reference { to, .. } => reference(scope, entity, field, to, value, faults),
        _ => leaves(scope, entity, field, value, faults),
    }
}

/// Tells off encrypted fields: the database sees only their ciphertext.
pub(crate) fn comparable(field: &FieldDef, span: Span, faults: &mut Diagnostics) -> bool {
    if field.encrypted.is_none() {
        return true;
    }
    let told = faults.error(
        "encrypted-condition",
        span,
        format!("`{}` is encrypted and cannot decide access", field.name),
    );
    if field.searchable {
        told.hint("`searchable: equality` serves the filters of queries; a rule needs a field in the clear");
    }
    false
}

fn leaves(
    scope: Scope<'_>,
    entity: EntityId,
    field: &FieldDef,
    value: &Node,
    faults: &mut Diagnostics,
) -> Option<RulePredicate> {
    let column = Column::of(entity, field)?;
    let tests = operator::tests(scope, &column, value, faults)?;
    Some(Predicate::all(tests.into_iter().flat_map(|test| {
        [asker_of(scope, &test), Predicate::Leaf { field: field.id, test }]
    })))
}

/// For rows that all tenants share and that are not public, `$tenant` is the tenant of its members: to name it is not to be there.
fn asker_of(scope: Scope<'_>, test: &Test) -> RulePredicate {
    let root = scope.catalog.entity(scope.root);
    let is_tenant = |operand: &&Operand| matches!(operand, Operand::Session(SessionValue::Tenant));
    if scope.catalog.is_walled(root.id) || root.public || !operands(test).iter().any(is_tenant) {
        return Predicate::Constant(true);
    }
    Predicate::Caller(CallerTest::Member)
}

/// A reference: compared by id, or walked.
fn reference(
    scope: Scope<'_>,
    entity: EntityId,
    field: &FieldDef,
    to: &[EntityId],
    value: &Node,
    faults: &mut Diagnostics,
) -> Option<RulePredicate> {
    let NodeKind::Map(entries) = &value.kind else {
        return leaves(scope, entity, field, value, faults);
    };
    // Comparing the target's id needs no look at the target, unless the wall has a say in it.
    let wall_between = to.iter().any(|target| scope.catalog.is_walled(*target)) && !scope.catalog.is_walled(entity);
    let mut parts = Vec::new();
    let mut walked = Vec::new();
    for entry in entries {
        let (key, operand) = entry;
        if key.text == "id" && !wall_between {
            parts.push(leaves(scope, entity, field, operand, faults));
        } else if Operator::parse(&key.text)
            .is_some_and(|operator| Column::of(entity, field).is_some_and(|column| operator.fits(&column)))
        {
            let single = Node {
                span: operand.span,
                kind: NodeKind::Map(vec![entry.clone()]),
            };
            parts.push(leaves(scope, entity, field, &single, faults));
        } else {
            walked.push(entry);
        }
    }
    if !walked.is_empty() || entries.is_empty() {
        parts.push(walk(scope, entity, field, to, value.span, &walked, faults));
    }
    complete(parts).map(Predicate::all)
}

fn walk(
    scope: Scope<'_>,
    entity: EntityId,
    field: &FieldDef,
    to: &[EntityId],
    span: Span,
    entries: &[&Entry],
    faults: &mut Diagnostics,
) -> Option<RulePredicate> {
    let [target] = to else {
        let names: Vec<&str> = to
            .iter()
            .map(|target| scope.catalog.entity(*target).name.as_str())
            .collect();
        faults
            .error(
                "condition-shape",
                span,
                format!(
                    "`{}` may refer to {}, so it cannot be walked",
                    field.name,
                    names.join(", ")
                ),
            )
            .hint("compare its `id`, or ask `is_null`");
        return None;
    };
    let inner = all_of(scope, *target, entries.iter().copied(), faults)?;
    Some(exists(scope.catalog, entity, Link::Reference(field.id), *target, inner))
}

/// A list field: what holds of some, every or none of its rows, or of their number.
fn related(
    scope: Scope<'_>,
    entity: EntityId,
    of: EntityId,
    by: FieldId,
    value: &Node,
    faults: &mut Diagnostics,
) -> Option<RulePredicate> {
    let hint = "write `{some: {…}}`, `{every: {…}}`, `{none: {…}}` or `{count: {gt: 2}}`";
    let entries = mapping(value, "a condition on a list", hint, faults)?;
    if entries.is_empty() {
        faults
            .error("condition-shape", value.span, "this condition says nothing")
            .hint(hint);
        return None;
    }
    let link = || Link::Inverse { by };
    let parts = entries.iter().map(|(key, node)| match key.text.as_str() {
        "some" => over(scope, of, node, faults).map(|inner| exists(scope.catalog, entity, link(), of, inner)),
        "none" => {
            over(scope, of, node, faults).map(|inner| Predicate::not(exists(scope.catalog, entity, link(), of, inner)))
        }
        "every" => over(scope, of, node, faults)
            .map(|inner| Predicate::not(exists(scope.catalog, entity, link(), of, Predicate::not(inner)))),
        "count" => {
            let tests = operator::tests(scope, &Column::count(), node, faults)?;
            Some(Predicate::all(tests.into_iter().map(|test| Predicate::Count {
                link: link(),
                source: RawSource { entity: of },
                inner: Box::new(in_reach(scope.catalog, entity, of, Predicate::Constant(true))),
                test,
            })))
        }
        other => {
            faults
                .error(
                    "unknown-operator",
                    key.span,
                    format!("a list has no operator `{other}`"),
                )
                .hint(hint)
                .nearest(other, ["some", "every", "none", "count"]);
            None
        }
    });
    let parts = parts.collect();
    complete(parts).map(Predicate::all)
}

/// Some related row in reach satisfies `inner`. `from` is the entity whose rows ask.
pub(crate) fn exists(
    catalog: &Catalog,
    from: EntityId,
    link: Link<FieldId>,
    entity: EntityId,
    inner: RulePredicate,
) -> RulePredicate {
    match in_reach(catalog, from, entity, inner) {
        Predicate::Constant(false) => Predicate::Constant(false),
        inner => Predicate::Exists {
            link,
            source: RawSource { entity },
            inner: Box::new(inner),
        },
    }
}

/// `inner`, of rows behind the wall alone. Rows that all tenants share look into a tenant for its members only, save at what is
/// public there: else naming a tenant would be enough to learn of it.
fn in_reach(catalog: &Catalog, from: EntityId, entity: EntityId, inner: RulePredicate) -> RulePredicate {
    let looks_in = catalog.is_walled(entity) && !catalog.is_walled(from) && !catalog.entity(entity).public;
    let asker = if looks_in {
        Predicate::Caller(CallerTest::Member)
    } else {
        Predicate::Constant(true)
    };
    Predicate::all([asker, walled(catalog, entity, inner)])
}

fn mapping<'a>(node: &'a Node, what: &str, hint: &str, faults: &mut Diagnostics) -> Option<&'a [Entry]> {
    if let NodeKind::Map(entries) = &node.kind {
        return Some(entries);
    }
    faults
        .error(
            "condition-shape",
            node.span,
            format!("{what} is a mapping, this is {}", node.noun()),
        )
        .hint(hint);
    None
}

/// All or nothing, after every part had its say.
fn complete<T>(parts: Vec<Option<T>>) -> Option<Vec<T>> {
    parts.into_iter().collect()
}

#[cfg(test)]
mod tests;
