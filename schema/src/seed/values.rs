//! The values of the rows: read, checked, defaults filled in, labels replaced by ids.

use super::rows::{Draft, Rows};
use super::{Seed, SeedRow, SeedUser};
use crate::catalog::{Catalog, EntityDef, EntityId, EntityKind, FieldDef, FieldId, FieldType, SystemField, outside};
use crate::diagnostic::Diagnostics;
use crate::source::Span;
use crate::value;
use crate::yaml::{Key, Node, NodeKind};
use freehold_base::{RowId, Value};
use std::collections::HashMap;

pub(super) fn fill(rows: &Rows<'_>, catalog: &Catalog, diagnostics: &mut Diagnostics) -> Seed {
    let mut filler = Filler {
        rows,
        catalog,
        diagnostics,
    };
    let mut seed = Seed::default();
    for draft in &rows.list {
        let entity = catalog.entity(draft.entity);
        let values = filler.values(draft, entity);
        if entity.kind == EntityKind::User {
            seed.users.push(filler.person(draft, entity, &values, seed.rows.len()));
        }
        seed.rows.push(SeedRow {
            entity: draft.entity,
            label: draft.label.clone(),
            id: draft.id,
            tenant: draft.tenant,
            values,
            span: draft.span,
        });
    }
    unique(&seed, catalog, diagnostics);
    seed
}

struct Filler<'a> {
    rows: &'a Rows<'a>,
    catalog: &'a Catalog,
    diagnostics: &'a mut Diagnostics,
}

impl Filler<'_> {
    fn values(&mut self, draft: &Draft<'_>, entity: &EntityDef) -> Vec<(FieldId, Value)> {
        // `None` inside: the value does not fit, and that was told.
        let mut given: HashMap<FieldId, Option<Value>> = HashMap::new();
        for (key, node) in draft.entries {
            if !self.is_special(entity, key)
                && let Some(field) = self.field(entity, key)
            {
                given.insert(field.id, self.value(draft, field, node));
            }
        }
        let mut values = Vec::with_capacity(entity.fields.len());
        for field in &entity.fields {
            let value = match (field.system, given.get(&field.id)) {
                (Some(SystemField::CreatedAt), _) => Value::DateTime(draft.created_at),
                (Some(SystemField::Owner), Some(Some(owner))) if !owner.is_null() => owner.clone(),
                (Some(SystemField::Owner), _) => self.implied_owner(draft, entity, &given),
                (Some(_), _) | (None, Some(None)) => continue,
                (None, Some(Some(Value::Null))) if field.required => {
                    self.missing(draft, entity, field);
                    continue;
                }
                (None, Some(Some(value))) => value.clone(),
                (None, None) => self.default(draft, entity, field),
            };
            if !value.is_null() {
                values.push((field.id, value));
            }
        }
        values
    }

    /// Keys that are no fields: a person's password, and the tenant under its entity's name.
    fn is_special(&self, entity: &EntityDef, key: &Key) -> bool {
        let is_tenant = || {
            self.catalog
                .tenancy
                .is_some_and(|tenancy| self.catalog.entity(tenancy.entity).name == key.text)
        };
        (entity.kind == EntityKind::User && key.text == "password") || (entity.tenant_scoped && is_tenant())
    }

    fn field<'e>(&mut self, entity: &'e EntityDef, key: &Key) -> Option<&'e FieldDef> {
        let Some(field) = entity.find_field(&key.text) else {
            let known = entity.fields.iter().map(|field| field.name.as_str());
            self.diagnostics
                .error(
                    "seed-field",
                    key.span,
                    format!("unknown field of `{}`: `{}`", entity.name, key.text),
                )
                .nearest(&key.text, known);
            return None;
        };
        match field.system {
            None | Some(SystemField::Owner | SystemField::CreatedAt) => Some(field),
            Some(SystemField::Tenant) => {
                let tenant = self
                    .catalog
                    .tenancy
                    .map(|tenancy| self.catalog.entity(tenancy.entity).name.as_str())
                    .unwrap_or_default();
                self.diagnostics
                    .error(
                        "seed-field",
                        key.span,
                        "a row's tenant is written under the tenant entity's name",
                    )
                    .hint(format!("write `{tenant}:`"));
                None
            }
            Some(_) => {
                self.diagnostics
                    .error("seed-field", key.span, format!("`{}` is the server's", key.text))
                    .hint("of the implicit fields only `owner` and `created_at` may be given");
                None
            }
        }
    }

    /// `None`: it does not fit, and that was told.
    fn value(&mut self, draft: &Draft<'_>, field: &FieldDef, node: &Node) -> Option<Value> {
        if node.kind == NodeKind::Null {
            return Some(Value::Null);
        }
        if let FieldType::Reference { to, .. } = &field.field_type {
            return self.reference(draft, to, node).map(|id| Value::Uuid(id.uuid()));
        }
        let read = value::read(&field.field_type, node).and_then(|value| match outside(field, &value) {
            Some(why) => Err(format!("`{}` takes {why}", field.name)),
            None => Ok(value),
        });
        match read {
            Ok(value) => Some(value),
            Err(why) => {
                self.diagnostics.error("seed-value", node.span, why);
                None
            }
        }
    }

    fn reference(&mut self, draft: &Draft<'_>, to: &[EntityId], node: &Node) -> Option<RowId> {
        let Some(text) = node.text() else {
            let found = node.noun();
            self.diagnostics
                .error("seed-value", node.span, format!("expected a label, found {found}"));
            return None;
        };
        let (target, label) = match to {
            [one] => (*one, text),
            several => {
                let found = text
                    .split_once('.')
                    .and_then(|(name, label)| Some((self.catalog.find_entity(name)?.id, label)));
                // A label that only one of the targets has needs no more.
                let mut having = several.iter().filter(|id| self.rows.find(**id, text).is_some());
                let only = having.next().filter(|_| having.next().is_none());
                let found = found.or_else(|| only.map(|id| (*id, text)));
                let Some(found) = found.filter(|(entity, _)| several.contains(entity)) else {
                    let names: Vec<String> = several
                        .iter()
                        .map(|id| format!("`{}.<label>`", self.catalog.entity(*id).name))
                        .collect();
                    self.diagnostics
                        .error(
                            "seed-value",
                            node.span,
                            format!("`{text}` does not say which entity it is of"),
                        )
                        .hint(format!("write {}", names.join(" or ")));
                    return None;
                };
                found
            }
        };
        let entity = self.catalog.entity(target);
        let Some(row) = self.rows.find(target, label) else {
            let (message, hint) = if entity.kind == EntityKind::User {
                (
                    format!("nobody has the e-mail address `{label}`"),
                    "list the person under `users`",
                )
            } else {
                (
                    format!("there is no `{}` labelled `{label}`", entity.name),
                    "labels are those of the seed files",
                )
            };
            let known: Vec<&str> = self.rows.labels(target).collect();
            self.diagnostics
                .error("seed-label", node.span, message)
                .hint(hint)
                .nearest(label, known);
            return None;
        };
        self.check_same_tenant(draft, row, node);
        Some(row.id)
    }

    /// A reference never leaves its tenant.
    fn check_same_tenant(&mut self, from: &Draft<'_>, to: &Draft<'_>, node: &Node) {
        let own = |row: &Draft<'_>| {
            if self.catalog.is_tenant_entity(row.entity) {
                Some(row.id)
            } else {
                row.tenant
            }
        };
        if let (Some(left), Some(right)) = (own(from), own(to))
            && left != right
        {
            let name = &self.catalog.entity(to.entity).name;
            self.diagnostics.error(
                "seed-tenant",
                node.span,
                format!("the {name} `{}` belongs to another tenant", to.label),
            );
        }
    }

    /// A person owns his own row and his memberships; other rows without an owner have none.
    fn implied_owner(&self, draft: &Draft<'_>, entity: &EntityDef, given: &HashMap<FieldId, Option<Value>>) -> Value {
        match entity.kind {
            EntityKind::User => Value::Uuid(draft.id.uuid()),
            EntityKind::Membership => {
                let user = self.catalog.tenancy.map(|tenancy| tenancy.membership_user);
                user.and_then(|user| given.get(&user)?.clone()).unwrap_or(Value::Null)
            }
            EntityKind::Ordinary | EntityKind::Tenant => Value::Null,
        }
    }

    fn default(&mut self, draft: &Draft<'_>, entity: &EntityDef, field: &FieldDef) -> Value {
        if entity.kind == EntityKind::User && field.name == "profile" {
            return self.catalog.default_profile.clone().map_or(Value::Null, Value::Text);
        }
        if let Some(default) = field.default_value() {
            return default;
        }
        let given_by_server = matches!(field.field_type, FieldType::Autonumber);
        if field.required && !given_by_server {
            self.missing(draft, entity, field);
        }
        Value::Null
    }

    fn missing(&mut self, draft: &Draft<'_>, entity: &EntityDef, field: &FieldDef) {
        self.diagnostics.error(
            "seed-required",
            draft.span,
            format!("a row of `{}` needs `{}`", entity.name, field.name),
        );
    }

    fn person(&mut self, draft: &Draft<'_>, entity: &EntityDef, values: &[(FieldId, Value)], row: usize) -> SeedUser {
        let text = |name: &str| {
            let field = entity.find_field(name)?.id;
            values
                .iter()
                .find(|(known, _)| *known == field)
                .and_then(|(_, value)| match value {
                    Value::Text(text) => Some(text.clone()),
                    _ => None,
                })
        };
        let node = |name: &str| {
            draft
                .entries
                .iter()
                .find(|(key, _)| key.text == name)
                .map(|(_, node)| node)
        };
        let profile = text("profile");
        if let (Some(profile), Some(node)) = (&profile, node("profile"))
            && !self.catalog.profiles.contains_key(profile)
        {
            let known: Vec<&str> = self.catalog.profiles.keys().map(String::as_str).collect();
            self.diagnostics
                .error("seed-value", node.span, format!("unknown profile `{profile}`"))
                .nearest(profile, known);
        }
        let password = node("password").and_then(|node| {
            let text = node.text();
            if text.is_none() && node.kind != NodeKind::Null {
                let found = node.noun();
                self.diagnostics
                    .error("seed-value", node.span, format!("expected a password, found {found}"));
            }
            text.map(str::to_owned)
        });
        SeedUser {
            row,
            email: draft.label.clone(),
            name: text("name"),
            password,
            profile,
            span: draft.span,
        }
    }
}

/// Unique keys hold within a tenant; null equals nothing.
fn unique(seed: &Seed, catalog: &Catalog, diagnostics: &mut Diagnostics) {
    let mut seen: HashMap<(EntityId, usize, Option<RowId>, String), Span> = HashMap::new();
    for row in &seed.rows {
        for (index, key) in catalog.entity(row.entity).unique.iter().enumerate() {
            let find = |field: &FieldId| {
                row.values
                    .iter()
                    .find(|(known, _)| known == field)
                    .map(|(_, value)| format!("{value:?}"))
            };
            let Some(values) = key.fields.iter().map(find).collect::<Option<Vec<String>>>() else {
                continue;
            };
            if let Some(first) = seen.insert((row.entity, index, row.tenant, values.join("\u{0}")), row.span) {
                let entity = catalog.entity(row.entity);
                let names: Vec<String> = key
                    .fields
                    .iter()
                    .map(|field| format!("`{}`", entity.field(*field).name))
                    .collect();
                let message = format!("two rows of `{}` have the same {}", entity.name, names.join(" and "));
                diagnostics
                    .error("seed-unique", row.span, message)
                    .also(first, "the other row");
            }
        }
    }
}
