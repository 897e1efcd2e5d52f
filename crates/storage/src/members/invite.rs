//! Somebody becomes a member.

use super::rows::{Member, Rows, add_member};
use super::{chain, decide, event, letter, text};
use crate::audit::AuditDetail;
use crate::error::Error;
use crate::mutate::{Done, PlainRow, Writing, is_unique};
use freehold_base::{RowId, Value};

/// Makes somebody a member; who is not known yet becomes a user. Either is written a letter.
pub(super) async fn invite(
    writing: &mut Writing<'_, '_>,
    rows: &Rows<'_>,
    manages: &[String],
    email: &str,
    name: Option<&str>,
    roles: &[String],
) -> Done<Member> {
    decide::manages_all(manages, roles)?;
    let known = rows.find_user(&mut writing.transaction, email).await?;
    let user = match known {
        Some(user) => {
            // In a single-tenant app whoever is known is there already.
            if rows.tenancy().is_none() || rows.find(&mut writing.transaction, user).await?.is_some() {
                return Err(Error::conflict("this person is a member already").into());
            }
            user
        }
        None => create_user(writing, rows, email, name, roles).await?,
    };
    if let Some((tenancy, tenant)) = rows.tenancy() {
        add_member(writing, tenancy, tenant, user, roles).await?;
    }
    let member = rows.find(&mut writing.transaction, user).await?;
    let member = member.ok_or_else(|| Error::program("a member is not found after the row was written"))?;
    letter::invite(writing, &member, known.is_none()).await?;
    let detail = AuditDetail::default()
        .name("operation", "invite_member")
        .names("roles", roles);
    let invited = event(writing, chain(writing), Some(user), detail);
    writing.events.push(invited);
    Ok(member)
}

/// A user with the app's default profile, who is their own owner.
async fn create_user(
    writing: &mut Writing<'_, '_>,
    rows: &Rows<'_>,
    email: &str,
    name: Option<&str>,
    roles: &[String],
) -> Done<RowId> {
    let catalog = writing.catalog;
    let users = catalog.entity(catalog.user);
    let mut stated = vec![("email", text(&email.to_lowercase()))];
    stated.extend(name.map(|name| ("name", text(name))));
    stated.extend(
        catalog
            .default_profile
            .as_deref()
            .map(|profile| ("profile", text(profile))),
    );
    if rows.tenancy().is_none() {
        stated.push(("roles", Value::TextList(roles.to_vec())));
    }
    let id = writing.next_id(users);
    let values = stated
        .into_iter()
        .filter_map(|(name, value)| Some((users.find_field(name)?.id, value)));
    let row = PlainRow {
        entity: users,
        id,
        tenant: None,
        owner: id,
        values: values.collect(),
    };
    writing.add(&row).await.map_err(|mut fault| {
        // Somebody else, elsewhere, has invited the same person since: then they are known.
        fault.again |= is_unique(&fault.error);
        fault
    })?;
    Ok(id)
}
