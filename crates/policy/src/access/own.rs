//! What every signed-in caller may know of themselves, whatever the rules say: `viewer`.

use super::OwnRows;
use crate::predicate::{Link, Predicate, RawSource, RulePredicate};
use crate::reduce::Holder;
use crate::source::{Guard, RowSource, SourceGuards};
use crate::token::{is_active, is_caller};
use freehold_schema::catalog::{Catalog, EntityDef, FieldId, SystemField};
use std::sync::Arc;

pub(super) fn own_rows(catalog: &Catalog, holder: &Holder<'_>) -> OwnRows {
    let user = catalog.entity(catalog.user);
    let oneself = user
        .find_system(SystemField::Id)
        .filter(|_| holder.signed_in)
        .map_or(Predicate::Constant(false), is_caller);
    let single_tenant = catalog.tenancy.is_none().then_some("roles");
    let names = ["email", "name", "locale", "profile", "status"]
        .into_iter()
        .chain(single_tenant);
    let fields = names
        .filter_map(|name| user.find_field(name))
        .map(|field| field.id)
        .collect();
    let own_user = open(user, oneself, fields);
    let Some(tenancy) = catalog.tenancy.filter(|_| holder.signed_in) else {
        return OwnRows {
            user: own_user,
            memberships: None,
            tenants: None,
        };
    };
    // INVARIANT: these two cross the tenant wall, and only along the caller's own memberships.
    let membership = catalog.entity(tenancy.membership);
    let tenant_of = membership.find_system(SystemField::Tenant);
    let fields = [
        tenancy.membership_user,
        tenancy.membership_roles,
        tenancy.membership_status,
    ]
    .into_iter()
    .chain(tenant_of)
    .collect();
    let active = Predicate::all([is_caller(tenancy.membership_user), is_active(tenancy.membership_status)]);
    let memberships = open(membership, active, fields);
    let tenants = tenant_of.map(|by| {
        let tenant = catalog.entity(tenancy.entity);
        let rows = Predicate::Exists {
            link: Link::Inverse { by },
            source: RawSource {
                entity: tenancy.membership,
            },
            inner: Box::new(Predicate::all([
                is_caller(tenancy.membership_user),
                is_active(tenancy.membership_status),
            ])),
        };
        let name = tenant
            .find_field("name")
            .filter(|name| name.encrypted.is_none())
            .map(|name| name.id);
        open(tenant, rows, tenancy.slug.into_iter().chain(name).collect())
    });
    OwnRows {
        user: own_user,
        memberships: Some(memberships),
        tenants,
    }
}

/// A source whose fields show their value on each of its rows; the id always does.
pub(super) fn open(entity: &EntityDef, rows: RulePredicate, mut fields: Vec<FieldId>) -> RowSource {
    fields.extend(entity.find_system(SystemField::Id));
    fields.sort_unstable();
    fields.dedup();
    let fields = fields.into_iter().map(|field| (field, Guard::Open)).collect();
    RowSource {
        entity: entity.id,
        rows: Arc::new(rows),
        guards: Arc::new(SourceGuards {
            fields,
            can: Vec::new(),
            writable: Vec::new(),
        }),
    }
}
