//! What compiles and is probably not meant.

mod deciding;
mod reach;

use crate::mentions::any_operand;
use crate::never::never;
use crate::operand::{Operand, SessionValue};
use crate::policy::Policy;
use freehold_schema::catalog::{AccessLevel, Catalog, Check, EntityKind, Grants};
use freehold_schema::diagnostic::Diagnostics;

/// Every lint, over a policy that compiles.
pub(crate) fn lint(catalog: &Catalog, policy: &Policy, faults: &mut Diagnostics) {
    contradictions(catalog, policy, faults);
    idle_tokens(catalog, faults);
    tokens_for_everyone(catalog, policy, faults);
    deciding::lint(catalog, policy, faults);
    reach::lint(catalog, policy, faults);
}

fn contradictions(catalog: &Catalog, policy: &Policy, faults: &mut Diagnostics) {
    let hint = "its parts exclude each other";
    for rule in policy.rules() {
        let declared = &catalog.permission_sets[&rule.set].rules[rule.position];
        if let (Some(node), true) = (&declared.condition, never(&rule.condition)) {
            faults
                .warning("never-true", node.span, "no row satisfies this `where`")
                .hint(hint);
        }
        if let (Check::Stated(node), true) = (&declared.check, never(&rule.check)) {
            faults
                .warning("never-true", node.span, "no row satisfies this `check`")
                .hint(hint);
        }
    }
    for token in policy.user_tokens() {
        if never(&token.condition) {
            faults
                .warning(
                    "never-true",
                    catalog.user_tokens[&token.name].span,
                    format!("nobody ever carries user token `{}`", token.name),
                )
                .hint(hint);
        }
    }
    for entity in catalog.entities.values() {
        for (token, declared) in policy.gate(entity.id).tokens.iter().zip(&entity.record_tokens) {
            if never(&token.opens) {
                faults
                    .warning(
                        "never-true",
                        declared.span,
                        format!("record token `{}` opens no row", token.name),
                    )
                    .hint(hint);
            }
        }
    }
}

/// Record tokens that the gate never asks, besides those that the schema room tells of.
fn idle_tokens(catalog: &Catalog, faults: &mut Diagnostics) {
    for entity in catalog
        .entities
        .values()
        .filter(|entity| entity.kind != EntityKind::User && entity.access != AccessLevel::Open)
    {
        for token in &entity.record_tokens {
            let hint = match entity.access_field {
                Some(field) => format!(
                    "with an access field, the row that `{}` refers to decides alone",
                    entity.field(field).name
                ),
                None if entity.access == AccessLevel::ProtectedWrite && token.grants == Grants::Read => {
                    "with `access: protected_write` every row is open for reading; did you mean `grants: readwrite`?"
                        .to_owned()
                }
                None => continue,
            };
            faults
                .warning(
                    "idle-token",
                    token.span,
                    format!("record token `{}` has no effect", token.name),
                )
                .hint(hint);
        }
    }
}

/// User tokens whose look-up does not ask who the caller is.
fn tokens_for_everyone(catalog: &Catalog, policy: &Policy, faults: &mut Diagnostics) {
    let of_caller = |operand: &Operand| {
        matches!(
            operand,
            Operand::Session(SessionValue::User | SessionValue::Membership(..) | SessionValue::Claim(..))
        )
    };
    for token in policy.user_tokens() {
        if !any_operand(&token.condition, &of_caller) {
            faults
                .warning(
                    "token-for-everyone",
                    catalog.user_tokens[&token.name].span,
                    format!("everyone who is signed in carries user token `{}`", token.name),
                )
                .hint("its `where` does not ask for `$user`");
        }
    }
}
