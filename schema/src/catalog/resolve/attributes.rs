//! What may be said about a field of which type.

use super::{Context, encryption};
use crate::catalog::{FieldDef, FieldType, OnDelete, TextKind};
use crate::model::{FieldModel, Name, Spanned};
use crate::source::Span;
use crate::value;
use freehold_base::Value;

/// A flag that is set.
pub(super) fn given(flag: Option<Spanned<bool>>) -> bool {
    flag.is_some_and(|flag| flag.value)
}

/// Tells each attribute that the field's type does not have, and each value that does not fit.
pub(super) fn check(context: &mut Context<'_>, name: &Name, model: &FieldModel, field: &FieldDef) {
    applicable(context, model, field);
    cascade(context, model, field);
    encryption::field(context, model, field);
    default(context, name, model, field);
    bounds(context, model, field);
    pattern(context, model);
    state(context, name, model, field);
    let durations = model
        .retention
        .as_ref()
        .map(|retention| (retention.span, retention.value.as_str()));
    if let Some((span, text)) = durations {
        super::app::check_duration(context, span, text);
    }
}

fn applicable(context: &mut Context<'_>, model: &FieldModel, field: &FieldDef) {
    let kind = &field.field_type;
    let text = matches!(kind, FieldType::Text(_));
    let select = matches!(kind, FieldType::Select(_) | FieldType::MultiSelect(_));
    let reference = matches!(kind, FieldType::Reference { .. });
    let list = matches!(kind, FieldType::List { .. });
    let number = matches!(kind, FieldType::Int | FieldType::Float | FieldType::Decimal);
    let moment = matches!(kind, FieldType::Date | FieldType::Time | FieldType::DateTime);
    let file = matches!(kind, FieldType::File | FieldType::Image);
    let server_only = matches!(kind, FieldType::Autonumber);
    let formula = matches!(kind, FieldType::Formula { .. });
    let on = |flag: &Option<Spanned<bool>>| flag.filter(|flag| flag.value).map(|flag| flag.span);
    let stated: [(&str, Option<Span>, bool); 21] = [
        (
            "min",
            model.min.as_ref().map(|raw| raw.0.span),
            text || number || moment,
        ),
        (
            "max",
            model.max.as_ref().map(|raw| raw.0.span),
            text || number || moment,
        ),
        (
            "pattern",
            model.pattern.as_ref().map(|pattern| pattern.span),
            matches!(kind, FieldType::Text(TextKind::Plain | TextKind::Email | TextKind::Url)),
        ),
        ("options", model.options.as_ref().map(|options| options.span), select),
        (
            "to",
            model.to.as_ref().and_then(|to| to.0.first()).map(|name| name.span),
            reference,
        ),
        ("on_delete", model.on_delete.map(|stated| stated.span), reference),
        ("cascade", model.cascade.map(|stated| stated.span), reference),
        ("returns", model.returns.map(|returns| returns.span), formula),
        ("formula", model.formula.as_ref().map(|text| text.span), formula),
        ("of", model.of.as_ref().map(|name| name.span), list),
        ("by", model.by.as_ref().map(|name| name.span), list),
        ("state", on(&model.state), matches!(kind, FieldType::Select(_))),
        (
            "unique",
            on(&model.unique),
            !(list || formula || file || matches!(kind, FieldType::Json | FieldType::MultiSelect(_))),
        ),
        ("required", on(&model.required), !list && !formula),
        ("immutable", on(&model.immutable), !list && !formula),
        ("personal", on(&model.personal), !list),
        (
            "purpose",
            model.purpose.as_ref().map(|purpose| purpose.span),
            field.personal,
        ),
        (
            "retention",
            model.retention.as_ref().map(|retention| retention.span),
            field.personal,
        ),
        (
            "default",
            model.default.as_ref().map(|raw| raw.0.span),
            !list && !reference && !file && !server_only && !formula,
        ),
        (
            "encrypted",
            model.encrypted.as_ref().map(|key| key.span),
            !(list || reference || file || server_only || select || formula),
        ),
        ("was", model.was.as_ref().map(|was| was.span), !list && !formula),
    ];
    for (attribute, span, applies) in stated {
        if let (Some(span), false) = (span, applies) {
            let message = match attribute {
                "purpose" | "retention" => format!("`{attribute}` needs `personal: true`"),
                _ => format!("`{attribute}` does not apply to a field of this type"),
            };
            context
                .diagnostics
                .error("attribute", span, message)
                .hint("remove it, or change `type`");
        }
    }
}

fn cascade(context: &mut Context<'_>, model: &FieldModel, field: &FieldDef) {
    let FieldType::Reference { on_delete, .. } = &field.field_type else {
        return;
    };
    if let (Some(stated), OnDelete::Restrict | OnDelete::SetNull) = (model.cascade, on_delete) {
        context
            .diagnostics
            .error("cascade", stated.span, "`cascade` needs `on_delete: cascade`")
            .hint("write `on_delete: cascade`, or remove it");
    }
}

fn default(context: &mut Context<'_>, name: &Name, model: &FieldModel, field: &FieldDef) {
    let Some(default) = &model.default else { return };
    let has_literal = !matches!(
        field.field_type,
        FieldType::List { .. }
            | FieldType::Reference { .. }
            | FieldType::File
            | FieldType::Image
            | FieldType::Autonumber
            | FieldType::Formula { .. }
    );
    if !has_literal {
        return;
    }
    match value::read(&field.field_type, &default.0) {
        Err(why) => {
            context.diagnostics.error(
                "default",
                default.0.span,
                format!("the default of `{}` does not fit: {why}", name.value),
            );
        }
        Ok(value) => {
            if let Some(why) = outside(field, &value) {
                context.diagnostics.error(
                    "default",
                    default.0.span,
                    format!("the default of `{}` does not fit: {why}", name.value),
                );
            }
        }
    }
}

fn bounds(context: &mut Context<'_>, model: &FieldModel, field: &FieldDef) {
    let mut read = |raw: Option<&crate::model::Raw>| {
        let node = &raw?.0;
        match read_bound(field, node) {
            Some(Ok(value)) => Some((value, node.span)),
            Some(Err(why)) => {
                context.diagnostics.error("bounds", node.span, why);
                None
            }
            None => None,
        }
    };
    let (min, max) = (read(model.min.as_ref()), read(model.max.as_ref()));
    if let (Some((min, _)), Some((max, span))) = (min, max)
        && compare(&min, &max) == Some(std::cmp::Ordering::Greater)
    {
        context.diagnostics.error("bounds", span, "`max` is less than `min`");
    }
}

/// A bound: a length for texts, a value for the rest. `None`: the type has no bounds.
fn read_bound(field: &FieldDef, node: &crate::yaml::Node) -> Option<Result<Value, String>> {
    match &field.field_type {
        FieldType::Text(_) => Some(match value::read(&FieldType::Int, node) {
            Ok(Value::Int(length)) if length >= 0 => Ok(Value::Int(length)),
            Ok(_) => Err("a length cannot be negative".to_owned()),
            Err(why) => Err(why),
        }),
        FieldType::Int
        | FieldType::Float
        | FieldType::Decimal
        | FieldType::Date
        | FieldType::Time
        | FieldType::DateTime => Some(value::read(&field.field_type, node)),
        FieldType::Id
        | FieldType::Version
        | FieldType::Boolean
        | FieldType::Uuid
        | FieldType::Json
        | FieldType::Select(_)
        | FieldType::MultiSelect(_)
        | FieldType::Reference { .. }
        | FieldType::List { .. }
        | FieldType::File
        | FieldType::Image
        | FieldType::Autonumber
        | FieldType::Formula { .. } => None,
    }
}

/// Why a value is outside the field's bounds, if it is.
pub(crate) fn outside(field: &FieldDef, value: &Value) -> Option<String> {
    use std::cmp::Ordering;
    let measured = match (&field.field_type, value) {
        (_, Value::Null) => return None,
        (FieldType::Text(_), Value::Text(text)) => Value::Int(text.chars().count() as i64),
        _ => value.clone(),
    };
    let bound = |node: &Option<crate::yaml::Node>| {
        node.as_ref()
            .and_then(|node| read_bound(field, node))
            .and_then(Result::ok)
    };
    let noun = if matches!(field.field_type, FieldType::Text(_)) {
        "characters"
    } else {
        ""
    };
    let text = |node: &Option<crate::yaml::Node>| {
        format!(
            "{} {noun}",
            node.as_ref().and_then(|node| node.text()).unwrap_or_default()
        )
    };
    if bound(&field.min).is_some_and(|min| compare(&measured, &min) == Some(Ordering::Less)) {
        return Some(format!("at least {}", text(&field.min)).trim_end().to_owned());
    }
    if bound(&field.max).is_some_and(|max| compare(&measured, &max) == Some(Ordering::Greater)) {
        return Some(format!("at most {}", text(&field.max)).trim_end().to_owned());
    }
    None
}

fn compare(left: &Value, right: &Value) -> Option<std::cmp::Ordering> {
    match (left, right) {
        (Value::Int(left), Value::Int(right))
        | (Value::DateTime(left), Value::DateTime(right))
        | (Value::Time(left), Value::Time(right)) => Some(left.cmp(right)),
        (Value::Float(left), Value::Float(right)) => left.partial_cmp(right),
        (Value::Decimal(left), Value::Decimal(right)) => Some(left.cmp(right)),
        (Value::Date(left), Value::Date(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

fn pattern(context: &mut Context<'_>, model: &FieldModel) {
    let Some(pattern) = &model.pattern else { return };
    if let Err(fault) = regex_syntax::Parser::new().parse(&pattern.value) {
        let why = match fault {
            regex_syntax::Error::Parse(fault) => fault.kind().to_string(),
            regex_syntax::Error::Translate(fault) => fault.kind().to_string(),
            _ => "it cannot be read".to_owned(),
        };
        context.diagnostics.error(
            "pattern",
            pattern.span,
            format!("this is not a regular expression: {why}"),
        );
    }
}

fn state(context: &mut Context<'_>, name: &Name, model: &FieldModel, field: &FieldDef) {
    if field.state && field.default.is_none() && matches!(field.field_type, FieldType::Select(_)) {
        let span = model.state.map_or(name.span, |state| state.span);
        context
            .diagnostics
            .error(
                "state-default",
                span,
                format!(
                    "the state `{}` has no default, so no row could get its first one",
                    name.value
                ),
            )
            .hint("state `default:` with the first state");
    }
}
