//! One field's value: converted, then cleaned.

use super::arguments;
use crate::context::Context;
use crate::convert;
use crate::mutation::{Assigned, ReferenceCheck};
use crate::problems::Problems;
use crate::scalar_filter;
use freehold_base::{RowId, Value};
use freehold_policy::operand::Scalar;
use freehold_schema::catalog::{EntityDef, EntityId, FieldDef, FieldType};
use freehold_schema::graphql::operation::{Input, InputKind};

/// The clean value of a field; `None`, and told, when it does not fit.
pub(super) fn value(
    context: &Context<'_>,
    entity: &EntityDef,
    def: &FieldDef,
    input: &Input,
    problems: &mut Problems,
) -> Option<Value> {
    let value = if input.is_null() {
        Value::Null
    } else {
        converted(context, entity, def, input, problems)?
    };
    if value.is_null() {
        return nullable(def, problems).then_some(value);
    }
    match freehold_content::clean(def, value) {
        Ok(Value::Null) => nullable(def, problems).then_some(Value::Null),
        Ok(value) => Some(value),
        Err(faults) => {
            for fault in faults {
                problems.add(fault.rule, fault.message);
            }
            None
        }
    }
}

/// Whether the field may be null; told if not.
pub(super) fn nullable(def: &FieldDef, problems: &mut Problems) -> bool {
    if def.required {
        problems.add("required", "needs a value, found null");
    }
    !def.required
}

/// The value as its type.
fn converted(
    context: &Context<'_>,
    entity: &EntityDef,
    def: &FieldDef,
    input: &Input,
    problems: &mut Problems,
) -> Option<Value> {
    match &def.field_type {
        FieldType::Reference { .. } => arguments::row_id(input, problems).map(|id| Value::Uuid(id.uuid())),
        FieldType::MultiSelect(_) => members(context, &Scalar::Member(entity.id, def.id), input, problems),
        FieldType::Id
        | FieldType::Version
        | FieldType::Autonumber
        | FieldType::List { .. }
        | FieldType::File
        | FieldType::Image
        | FieldType::Formula { .. } => {
            problems.add("unknown", "no such field");
            None
        }
        FieldType::Text(_)
        | FieldType::Int
        | FieldType::Float
        | FieldType::Decimal
        | FieldType::Boolean
        | FieldType::Date
        | FieldType::Time
        | FieldType::DateTime
        | FieldType::Uuid
        | FieldType::Json
        | FieldType::Select(_) => {
            let scalar = scalar_filter::scalar_of(entity.id, def)?;
            read(context, &scalar, input, problems)
        }
    }
}

fn read(context: &Context<'_>, scalar: &Scalar, input: &Input, problems: &mut Problems) -> Option<Value> {
    let json = convert::to_json_unspent(input);
    let value = convert::scalar(&json, scalar, context.catalog);
    if value.is_none() && convert::has_nul(&json) {
        problems.add("nul", "the control character U+0000 is not allowed; remove it");
    } else if value.is_none() {
        problems.add("type", format!("{} expected", convert::expected(scalar)));
    }
    value
}

/// The words of a multiselect. One that is wrong is told at its place.
fn members(context: &Context<'_>, scalar: &Scalar, input: &Input, problems: &mut Problems) -> Option<Value> {
    let InputKind::List(_) = input.kind() else {
        problems.add("type", "a list expected");
        return None;
    };
    let words = arguments::each(input, problems, |item, problems| {
        match read(context, scalar, item, problems)? {
            Value::Text(word) => Some(word),
            _ => {
                problems.add("type", format!("{} expected", convert::expected(scalar)));
                None
            }
        }
    });
    words.into_iter().collect::<Option<_>>().map(Value::TextList)
}

/// What must hold of a reference that a caller gives: its target is a row that the caller may read. An id of no such entity is
/// like one of no row. `None` for what refers to nothing.
pub(super) fn reference(
    context: &Context<'_>,
    def: &FieldDef,
    value: &Value,
    problems: &Problems,
) -> Option<ReferenceCheck> {
    let (FieldType::Reference { to, .. }, Value::Uuid(id)) = (&def.field_type, value) else {
        return None;
    };
    let target = target_of(context, to, RowId::from(*id));
    Some(ReferenceCheck {
        field: def.id,
        target: Assigned::Value(value.clone()),
        source: target.and_then(|target| context.access.read(target)).cloned(),
        path: problems.path(),
    })
}

/// The entity among `to` that an id says it belongs to.
fn target_of(context: &Context<'_>, to: &[EntityId], id: RowId) -> Option<EntityId> {
    let tag = id.tag()?;
    to.iter()
        .copied()
        .find(|target| context.catalog.entity(*target).tag == tag)
}
