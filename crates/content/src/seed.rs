//! Development data goes through the same door.

use crate::clean;
use freehold_base::Value;
use freehold_schema::catalog::Catalog;
use freehold_schema::seed::{Seed, SeedRow};
use freehold_schema::source::Span;

/// Replaces each value of the seed by its stored form. What does not pass is left out, and told with the place of its row.
pub fn clean_seed(catalog: &Catalog, seed: &mut Seed) -> Vec<(Span, String)> {
    let mut faults = Vec::new();
    for row in &mut seed.rows {
        clean_row(catalog, row, &mut faults);
    }
    // People sign in with the address as it is stored.
    for person in &mut seed.users {
        let Some(row) = seed.rows.get(person.row) else { continue };
        let text = |name: &str| {
            let field = catalog.entity(row.entity).find_field(name)?.id;
            row.values.iter().find_map(|(known, value)| match value {
                Value::Text(text) if *known == field => Some(text.clone()),
                _ => None,
            })
        };
        if let Some(email) = text("email") {
            person.email = email;
        }
        person.name = text("name");
    }
    faults
}

fn clean_row(catalog: &Catalog, row: &mut SeedRow, faults: &mut Vec<(Span, String)>) {
    let entity = catalog.entity(row.entity);
    let span = row.span;
    let values = std::mem::take(&mut row.values);
    row.values = values
        .into_iter()
        .filter_map(|(id, value)| {
            let field = entity.field(id);
            match clean(field, value) {
                Ok(value) => Some((id, value)),
                Err(found) => {
                    let found = found.into_iter();
                    faults.extend(found.map(|fault| (span, format!("`{}`: {}", field.name, fault.message))));
                    None
                }
            }
        })
        .collect();
}
