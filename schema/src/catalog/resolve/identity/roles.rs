//! What values of a claim mean in roles.

use super::{Context, once, word};
use crate::catalog::RoleMap;
use crate::model::RoleMapModel;
use indexmap::IndexMap;

/// Every role must be one.
pub(super) fn resolve(context: &mut Context<'_>, model: &RoleMapModel) -> RoleMap {
    let claim = word(context, "a claim", &model.claim);
    if model.map.0.is_empty() {
        context
            .diagnostics
            .error("empty-list", model.claim.span, "no value of this claim means a role")
            .hint("write `map: {<value>: <role>}`");
    }
    let mut by_value = IndexMap::new();
    for (value, names) in model.map.iter() {
        if names.0.is_empty() {
            context
                .diagnostics
                .error("empty-list", value.span, format!("`{}` means no role", value.value))
                .hint("name a role, or remove it");
        }
        let mut roles = Vec::with_capacity(names.0.len());
        for name in &names.0 {
            if context.model.roles.get(&name.value).is_none() {
                let known: Vec<&str> = context.model.roles.names().collect();
                context.unknown("unknown-role", "role", name, known);
            } else {
                once(context, &mut roles, name.value.clone(), name.span);
            }
        }
        by_value.insert(value.value.clone(), roles);
    }
    RoleMap { claim, by_value }
}
