//! Record gates: which rows of a protected entity are open to a caller.

use crate::condition::exists;
use crate::predicate::{CallerTest, Link, Predicate, RawSource, RulePredicate};
use crate::token::{RecordToken, UserToken, is_active, is_caller, record_token};
use crate::wall::walled;
use freehold_schema::catalog::{AccessLevel, Catalog, EntityDef, EntityId, EntityKind, FieldType, Grants, SystemField};
use freehold_schema::diagnostic::Diagnostics;

/// The record gate of one entity, unreduced and without the wall.
#[derive(Clone, Debug)]
pub struct Gate {
    /// Rows open for `read` and `list`.
    pub read: RulePredicate,
    /// Rows open for `create`, `update`, `delete` and `transition`.
    pub write: RulePredicate,
    /// What opens rows besides the owner; empty when the gate does not ask tokens.
    pub tokens: Vec<RecordToken>,
}

impl Gate {
    /// The gate for reading or for writing.
    pub fn rows(&self, write: bool) -> &RulePredicate {
        if write { &self.write } else { &self.read }
    }
}

/// The gate of every entity, by id. Every problem is told; `None` where a token does not parse.
pub(crate) fn gates(catalog: &Catalog, carried: &[UserToken], faults: &mut Diagnostics) -> Option<Vec<Gate>> {
    let tokens: Vec<Option<Vec<RecordToken>>> = catalog
        .entities
        .values()
        .map(|entity| {
            let parsed: Vec<_> = entity
                .record_tokens
                .iter()
                .map(|token| record_token(catalog, entity, token, carried, faults))
                .collect();
            parsed.into_iter().collect()
        })
        .collect();
    let tokens: Vec<Vec<RecordToken>> = tokens.into_iter().collect::<Option<_>>()?;
    let gate = |entity: &EntityDef, write| gate(catalog, &tokens, entity, write, &mut Vec::new());
    Some(
        catalog
            .entities
            .values()
            .map(|entity| {
                let own = if asks_tokens(entity) {
                    tokens[entity.id.0 as usize].clone()
                } else {
                    Vec::new()
                };
                Gate {
                    read: gate(entity, false),
                    write: gate(entity, true),
                    tokens: own,
                }
            })
            .collect(),
    )
}

/// Whether owner and tokens of the entity itself count.
pub(crate) fn asks_tokens(entity: &EntityDef) -> bool {
    entity.kind != EntityKind::User && entity.access != AccessLevel::Open && entity.access_field.is_none()
}

fn gate(
    catalog: &Catalog,
    tokens: &[Vec<RecordToken>],
    entity: &EntityDef,
    write: bool,
    above: &mut Vec<EntityId>,
) -> RulePredicate {
    if entity.kind == EntityKind::User {
        return user_gate(catalog, entity);
    }
    match entity.access {
        AccessLevel::Open => return Predicate::Constant(true),
        AccessLevel::ProtectedWrite if !write => return Predicate::Constant(true),
        AccessLevel::ProtectedWrite | AccessLevel::Protected => {}
    }
    let Some(access_field) = entity.access_field else {
        let owner = entity
            .find_system(SystemField::Owner)
            .map_or(Predicate::Constant(false), is_caller);
        let opened = tokens[entity.id.0 as usize]
            .iter()
            .filter(|token| !write || token.grants == Grants::ReadWrite)
            .map(|token| token.opens.clone());
        return Predicate::any(std::iter::once(owner).chain(opened));
    };
    // The schema room refuses cycles; were there one, nothing is opened by it.
    if above.contains(&entity.id) {
        return Predicate::Constant(false);
    }
    let FieldType::Reference { to, .. } = &entity.field(access_field).field_type else {
        return Predicate::Constant(false);
    };
    above.push(entity.id);
    let parents = to.iter().map(|parent| {
        let inner = gate(catalog, tokens, catalog.entity(*parent), write, above);
        exists(catalog, entity.id, Link::Reference(access_field), *parent, inner)
    });
    let open = Predicate::any(parents.collect::<Vec<_>>());
    above.pop();
    open
}

/// Oneself, or an active member of the request's tenant; without tenants, any active user.
fn user_gate(catalog: &Catalog, entity: &EntityDef) -> RulePredicate {
    Predicate::any([oneself(entity), people(catalog, entity)])
}

/// The row of the `user` entity that is the caller's.
pub(crate) fn oneself(entity: &EntityDef) -> RulePredicate {
    entity
        .find_system(SystemField::Id)
        .map_or(Predicate::Constant(false), is_caller)
}

/// The rows of the `user` entity that others may know of: active members of the request's tenant; without tenants, active users.
pub(crate) fn people(catalog: &Catalog, entity: &EntityDef) -> RulePredicate {
    match catalog.tenancy {
        Some(tenancy) => {
            let active = walled(catalog, tenancy.membership, is_active(tenancy.membership_status));
            let member = Predicate::Exists {
                link: Link::Inverse {
                    by: tenancy.membership_user,
                },
                source: RawSource {
                    entity: tenancy.membership,
                },
                inner: Box::new(active),
            };
            // Who is in a tenant is known to its members; naming a tenant is not being in it.
            let asker = if entity.public {
                Predicate::Constant(true)
            } else {
                Predicate::Caller(CallerTest::Member)
            };
            Predicate::all([asker, member])
        }
        None => entity
            .find_field("status")
            .map_or(Predicate::Constant(false), |status| is_active(status.id)),
    }
}
