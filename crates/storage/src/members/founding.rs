//! New tenants.

use super::event;
use super::rows::add_member;
use crate::audit::{AuditChain, AuditDetail};
use crate::error::Error;
use crate::mutate::{Done, Fault, PlainRow, Writing, told_of};
use freehold_base::Value;
use freehold_planner::mutation::ReferenceCheck;
use freehold_schema::catalog::FieldId;
use serde_json::{Value as Json, json};

/// Adds a tenant with its first manager, the caller; gives GraphQL's `ViewerTenant`.
pub(super) async fn create(
    writing: &mut Writing<'_, '_>,
    values: &[(FieldId, Value)],
    references: &[ReferenceCheck],
    roles: &[String],
) -> Done<Json> {
    let catalog = writing.catalog;
    let founder = writing.request.binder.caller.person.as_ref().map(|person| person.id);
    let (Some(tenancy), Some(founder)) = (catalog.tenancy, founder) else {
        return Err(Error::Forbidden {
            message: "nobody is signed in, or the app has no tenants".to_owned(),
            of_row: false,
        }
        .into());
    };
    let tenants = catalog.entity(tenancy.entity);
    writing.check_references(tenants, references).await?;
    let tenant = writing.next_id(tenants);
    let row = PlainRow {
        entity: tenants,
        id: tenant,
        tenant: Some(tenant),
        owner: founder,
        values: values.to_vec(),
    };
    let is_given = |field: FieldId| values.iter().any(|(given, _)| *given == field);
    writing.add(&row).await.map_err(|fault| Fault {
        error: told_of(catalog, tenants, &is_given, fault.error),
        ..fault
    })?;
    add_member(writing, tenancy, tenant, founder, roles).await?;

    let detail = AuditDetail::default()
        .name("operation", "create_tenant")
        .names("roles", roles);
    // Its own log begins with that, and the operator's has it too. It is no business of the tenant that the request names.
    let chains = [AuditChain::Tenant(tenant), AuditChain::Environment];
    let events = chains.map(|chain| event(writing, chain, Some(founder), detail.clone()));
    writing.events.extend(events);

    let text = |field: Option<FieldId>| {
        let value = values.iter().find(|(id, _)| Some(*id) == field).map(|(_, value)| value);
        match value {
            Some(Value::Text(text)) => Json::from(text.as_str()),
            _ => Json::Null,
        }
    };
    let name = tenants.find_field("name").map(|name| name.id);
    Ok(json!({"id": tenant.to_string(), "slug": text(tenancy.slug), "name": text(name)}))
}
