//! Keys, and what cannot be encrypted under which.

use super::{Context, app};
use crate::catalog::{EntityKind, FieldDef, FieldType, KeyDef, KeyScope};
use crate::model::{FieldModel, Scope, parse_duration};
use indexmap::IndexMap;

/// The keys of the model.
pub(super) fn keys(context: &mut Context<'_>) -> IndexMap<String, KeyDef> {
    let mut keys = IndexMap::new();
    for (name, key) in context.model.keys.iter() {
        context.check_name("a key", name);
        if let Some(age) = &key.rotate_after {
            app::check_duration(context, age.span, &age.value);
        }
        let scope = match key.scope.value {
            Scope::Environment => KeyScope::Environment,
            Scope::Tenant => KeyScope::Tenant,
        };
        if scope == KeyScope::Tenant && context.model.tenant.is_none() {
            context
                .diagnostics
                .error(
                    "key-scope",
                    key.scope.span,
                    format!("`{}` is a key for each tenant, and the app has no tenants", name.value),
                )
                .hint("write `scope: environment`");
        }
        let rotate_after = key.rotate_after.as_ref().and_then(|age| parse_duration(&age.value));
        keys.insert(name.value.clone(), KeyDef { scope, rotate_after });
    }
    keys
}

/// What `encrypted` and `searchable` say of one field, whatever its entity.
pub(super) fn field(context: &mut Context<'_>, model: &FieldModel, field: &FieldDef) {
    if let Some(key) = &model.encrypted
        && context.model.keys.get(&key.value).is_none()
        && !context.lost.contains(&key.value)
    {
        let known: Vec<&str> = context.model.keys.names().collect();
        context
            .diagnostics
            .error("unknown-key-name", key.span, format!("unknown key `{}`", key.value))
            .hint(format!(
                "declare it in app.yaml: `keys: {{{}: {{scope: environment}}}}`",
                key.value
            ))
            .nearest(&key.value, known);
    }
    let Some(searchable) = model.searchable else { return };
    if field.encrypted.is_none() {
        context
            .diagnostics
            .error(
                "searchable",
                searchable.span,
                "`searchable` is for encrypted fields; others can be searched anyway",
            )
            .hint("remove it, or state `encrypted:`");
    } else if field.field_type == FieldType::Json {
        context
            .diagnostics
            .error(
                "searchable",
                searchable.span,
                "encrypted JSON cannot be searched: the same value can be written in many ways",
            )
            .hint("remove it, or encrypt a field of another type");
    }
}

/// What the entity of a field has to do with its key. Needs the tenancy.
pub(super) fn check(context: &mut Context<'_>, keys: &IndexMap<String, KeyDef>) {
    let mut faults = Vec::new();
    for entity in context.entities.values() {
        let walled = entity.tenant_scoped || entity.kind == EntityKind::Tenant;
        for field in &entity.fields {
            let key = field.encrypted.as_ref().and_then(|name| Some((name, keys.get(name)?)));
            let Some((name, key)) = key else { continue };
            // Without tenants the key itself was told off.
            if key.scope == KeyScope::Tenant && !walled && context.tenancy.is_some() {
                faults.push((
                    "key-scope",
                    field.span,
                    format!(
                        "`{name}` is a key for each tenant, and rows of `{}` belong to none",
                        entity.name
                    ),
                    "encrypt it under a key with `scope: environment`",
                ));
            }
            // A request names its tenant before anything of the tenant can be opened.
            if entity.kind == EntityKind::Tenant && field.name == "slug" {
                faults.push((
                    "tenant-slug",
                    field.span,
                    "`slug` addresses a tenant, so it cannot be encrypted".to_owned(),
                    "remove `encrypted`, or rename the field",
                ));
            }
        }
    }
    for (check, span, message, hint) in faults {
        context.diagnostics.error(check, span, message).hint(hint);
    }
}
