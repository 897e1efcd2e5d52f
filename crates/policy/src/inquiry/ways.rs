//! What opens a record gate, way by way.

use crate::condition::exists;
use crate::gate::{oneself, people};
use crate::policy::Policy;
use crate::predicate::{Link, Predicate, RulePredicate};
use crate::token::is_caller;
use freehold_schema::catalog::{AccessLevel, Catalog, EntityDef, EntityKind, FieldType, Grants, SystemField};

/// What opens a record gate.
pub(super) enum Ways {
    /// Nothing has to.
    Open(String),
    /// One of these, each with its name.
    Some(Vec<(String, RulePredicate)>),
}

/// What opens an entity's record gate, for writing or for reading.
pub(super) fn ways(catalog: &Catalog, policy: &Policy, entity: &EntityDef, write: bool) -> Ways {
    ways_below(catalog, policy, entity, write, 0)
}

fn ways_below(catalog: &Catalog, policy: &Policy, entity: &EntityDef, write: bool, depth: usize) -> Ways {
    let gate = policy.gate(entity.id);
    // Who may be known is not for `access:` to say.
    if entity.kind == EntityKind::User {
        let others = if catalog.tenancy.is_some() {
            "person of the tenant"
        } else {
            "person who is not blocked"
        };
        return Ways::Some(vec![
            ("oneself".to_owned(), oneself(entity)),
            (others.to_owned(), people(catalog, entity)),
        ]);
    }
    match entity.access {
        AccessLevel::Open => return Ways::Open(format!("`{}` is open", entity.name)),
        AccessLevel::ProtectedWrite if !write => {
            return Ways::Open(format!("`{}` is open for reading", entity.name));
        }
        AccessLevel::ProtectedWrite | AccessLevel::Protected => {}
    }
    // The schema room refuses cycles of access fields; were there one, the gate as a whole is asked.
    let deep = depth > catalog.entities.len();
    if let (Some(access_field), false) = (entity.access_field, deep) {
        let name = &entity.field(access_field).name;
        let FieldType::Reference { to, .. } = &entity.field(access_field).field_type else {
            return Ways::Some(Vec::new());
        };
        let mut found = Vec::new();
        for parent in to {
            let target = catalog.entity(*parent);
            let through =
                |inner: RulePredicate| exists(catalog, entity.id, Link::Reference(access_field), *parent, inner);
            match ways_below(catalog, policy, target, write, depth + 1) {
                Ways::Open(why) => found.push((
                    format!("access field {name}: {why}"),
                    through(Predicate::Constant(true)),
                )),
                Ways::Some(ways) => found.extend(
                    ways.into_iter()
                        .map(|(label, opens)| (format!("access field {name}: {label}"), through(opens))),
                ),
            }
        }
        return Ways::Some(found);
    }
    if deep {
        return Ways::Some(vec![("the gates of its parents".to_owned(), gate.rows(write).clone())]);
    }
    let owner = entity
        .find_system(SystemField::Owner)
        .map(|owner| ("owner".to_owned(), is_caller(owner)));
    let tokens = gate
        .tokens
        .iter()
        .filter(|token| !write || token.grants == Grants::ReadWrite);
    let tokens = tokens.map(|token| (format!("record token {}", token.name), token.opens.clone()));
    Ways::Some(owner.into_iter().chain(tokens).collect())
}
