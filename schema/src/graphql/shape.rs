//! What a field of the model becomes in the interface: names, and which uses it has. The planner asks here too.

use crate::catalog::{EntityDef, EntityId, FieldDef, FieldType, SystemField, TextKind, UniqueKey};

/// The GraphQL scalar of a field's value; `None` for enums, references, lists and files.
pub fn scalar_name(field_type: &FieldType) -> Option<&'static str> {
    Some(match field_type {
        FieldType::Id => "ID",
        FieldType::Version | FieldType::Int | FieldType::Autonumber => "Int",
        FieldType::Text(TextKind::Plain) => "String",
        FieldType::Text(TextKind::Html) => "HTML",
        FieldType::Text(TextKind::Markdown) => "Markdown",
        FieldType::Text(TextKind::Email) => "Email",
        FieldType::Text(TextKind::Url) => "URL",
        FieldType::Float => "Float",
        FieldType::Decimal => "Decimal",
        FieldType::Boolean => "Boolean",
        FieldType::Date => "Date",
        FieldType::Time => "Time",
        FieldType::DateTime => "DateTime",
        FieldType::Uuid => "UUID",
        FieldType::Json => "JSON",
        FieldType::Formula { returns, .. } => return scalar_name(returns.field_type()),
        FieldType::Select(_)
        | FieldType::MultiSelect(_)
        | FieldType::Reference { .. }
        | FieldType::List { .. }
        | FieldType::File
        | FieldType::Image => return None,
    })
}

/// The operators of a field with a scalar value; `None` where [`scalar_name`] is.
pub fn scalar_filter_name(field_type: &FieldType) -> Option<&'static str> {
    Some(match scalar_name(field_type)? {
        "ID" => "IDFilter",
        "Int" => "IntFilter",
        "Float" => "FloatFilter",
        "Decimal" => "DecimalFilter",
        "Boolean" => "BooleanFilter",
        "Date" => "DateFilter",
        "Time" => "TimeFilter",
        "DateTime" => "DateTimeFilter",
        "UUID" => "UUIDFilter",
        "JSON" => "JSONFilter",
        _ => "StringFilter",
    })
}

/// The operators of an encrypted field that can be searched: equality alone. `None` where [`scalar_name`] is.
pub fn sealed_filter_name(field_type: &FieldType) -> Option<&'static str> {
    Some(match scalar_filter_name(field_type)? {
        "IntFilter" => "IntSealedFilter",
        "FloatFilter" => "FloatSealedFilter",
        "DecimalFilter" => "DecimalSealedFilter",
        "BooleanFilter" => "BooleanSealedFilter",
        "DateFilter" => "DateSealedFilter",
        "TimeFilter" => "TimeSealedFilter",
        "DateTimeFilter" => "DateTimeSealedFilter",
        "UUIDFilter" => "UUIDSealedFilter",
        "StringFilter" => "StringSealedFilter",
        _ => return None,
    })
}

/// Whether a filter may name the field, its target's visibility aside.
pub fn is_filterable(field: &FieldDef) -> bool {
    match field.encrypted {
        Some(_) => field.searchable && sealed_filter_name(&field.field_type).is_some(),
        None => !matches!(field.field_type, FieldType::File | FieldType::Image),
    }
}

/// Whether `orderBy` may name the field, its target's visibility aside.
pub fn is_orderable(field: &FieldDef) -> bool {
    field.encrypted.is_none()
        && match &field.field_type {
            FieldType::Reference { to, .. } => to.len() == 1,
            FieldType::Json
            | FieldType::MultiSelect(_)
            | FieldType::List { .. }
            | FieldType::File
            | FieldType::Image => false,
            FieldType::Id
            | FieldType::Version
            | FieldType::Text(_)
            | FieldType::Int
            | FieldType::Float
            | FieldType::Decimal
            | FieldType::Boolean
            | FieldType::Date
            | FieldType::Time
            | FieldType::DateTime
            | FieldType::Uuid
            | FieldType::Select(_)
            | FieldType::Autonumber
            | FieldType::Formula { .. } => true,
        }
}

/// Whether `groups(by:)` may name the field, its target's visibility aside.
pub fn is_groupable(field: &FieldDef) -> bool {
    is_orderable(field)
        && !matches!(
            field.field_type,
            FieldType::Id | FieldType::Version | FieldType::Text(TextKind::Html | TextKind::Markdown)
        )
}

/// Whether `sum` and `avg` have the field.
pub fn is_summable(field: &FieldDef) -> bool {
    field.encrypted.is_none()
        && matches!(
            field.field_type.shown(),
            FieldType::Int | FieldType::Float | FieldType::Decimal
        )
}

/// Whether `min` and `max` have the field.
pub fn is_comparable(field: &FieldDef) -> bool {
    field.encrypted.is_none()
        && matches!(
            field.field_type.shown(),
            FieldType::Int
                | FieldType::Autonumber
                | FieldType::Float
                | FieldType::Decimal
                | FieldType::Text(_)
                | FieldType::Date
                | FieldType::Time
                | FieldType::DateTime
        )
}

/// Whether `search` looks into the field.
pub fn is_searchable(field: &FieldDef) -> bool {
    field.encrypted.is_none() && matches!(field.field_type.shown(), FieldType::Text(_))
}

/// `TicketStatus`: the enum of a `select` or `multiselect`.
pub fn enum_name(entity: &EntityDef, field: &FieldDef) -> String {
    field_type_name(entity, field)
}

/// `TicketComments`: what the names of a field's own types begin with.
pub(crate) fn field_type_name(entity: &EntityDef, field: &FieldDef) -> String {
    format!("{}{}", entity.type_name, capitalised(&field.graphql_name))
}

/// What follows [`field_type_name`] in the names of a list's input types: a new row of it, and what is done to it by
/// creating and by updating the row above.
pub(crate) const LIST_INPUTS: [&str; 3] = ["CreateInput", "NestedCreateInput", "NestedUpdateInput"];

/// `TEAM_AND_SUBJECT`: the member of `TicketUniqueKey`.
pub fn unique_key_name(entity: &EntityDef, key: &UniqueKey) -> String {
    let names: Vec<String> = key
        .fields
        .iter()
        .map(|field| entity.field(*field).name.to_uppercase())
        .collect();
    names.join("_AND_")
}

/// The key that a member of `TicketUniqueKey` stands for.
pub fn find_unique_key<'a>(entity: &'a EntityDef, member: &str) -> Option<&'a UniqueKey> {
    entity.unique.iter().find(|key| unique_key_name(entity, key) == member)
}

/// `CREATED_AT`: the member of `TicketGroupBy`.
pub fn group_by_name(field: &FieldDef) -> String {
    field.name.to_uppercase()
}

/// The field that a member of `TicketGroupBy` stands for.
pub fn find_group_by<'a>(entity: &'a EntityDef, member: &str) -> Option<&'a FieldDef> {
    entity
        .fields
        .iter()
        .find(|field| is_groupable(field) && group_by_name(field) == member)
}

/// The targets of a reference; none for other fields.
pub fn targets(field: &FieldDef) -> &[EntityId] {
    match &field.field_type {
        FieldType::Reference { to, .. } => to,
        _ => &[],
    }
}

/// Whether the field is the row's id.
pub(crate) fn is_id(field: &FieldDef) -> bool {
    field.system == Some(SystemField::Id)
}

/// `tickets` → `Tickets`
pub(crate) fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

/// The type of an entity's changes.
pub fn change_name(entity: &EntityDef) -> String {
    format!("{}Change", entity.type_name)
}

/// The root field of subscriptions that tells of an entity's changes.
pub fn changed_field(entity: &EntityDef) -> String {
    format!("{}Changed", entity.root_one)
}
