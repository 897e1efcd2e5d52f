//! What only this room can say about a model: patterns that cannot be run, and defaults that would not be stored as they stand.

use crate::{clean, pattern};
use freehold_schema::catalog::{Catalog, FieldDef};
use freehold_schema::source::Span;

/// What is wrong in a model, each with its place: fields whose `pattern` is too large to run, and whose `default` does not pass
/// or is not written in its stored form.
pub fn check_model(catalog: &Catalog) -> Vec<(Span, String)> {
    let fields = catalog.entities.values().flat_map(|entity| &entity.fields);
    fields.filter_map(check_field).collect()
}

fn check_field(field: &FieldDef) -> Option<(Span, String)> {
    if let Some(Err(why)) = field.pattern.as_deref().map(pattern::compiled) {
        return Some((
            field.span,
            format!("the pattern of `{}` cannot be run: {why}", field.name),
        ));
    }
    let default = field.default_value()?;
    let span = field.default.as_ref().map_or(field.span, |node| node.span);
    match clean(field, default.clone()) {
        Err(faults) => {
            let why = faults.first().map(|fault| fault.message.as_str()).unwrap_or_default();
            Some((span, format!("the default of `{}` does not fit: {why}", field.name)))
        }
        Ok(stored) if stored != default => {
            let hint = match &stored {
                freehold_base::Value::Text(text) | freehold_base::Value::Json(text) => format!("write `{text}`"),
                _ => "write it in that form".to_owned(),
            };
            Some((
                span,
                format!(
                    "the default of `{}` is not in the form in which it is stored; {hint}",
                    field.name
                ),
            ))
        }
        Ok(_) => None,
    }
}
