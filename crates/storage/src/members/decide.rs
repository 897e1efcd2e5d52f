//! Who may do what to which member.

use super::rows::Member;
use super::{ACTIVE, BLOCKED};
use crate::error::{Error, Result};
use freehold_base::RowId;
use freehold_schema::catalog::Catalog;

/// What would become of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change<'a> {
    /// Other roles.
    Roles(&'a [String]),
    /// Is no member any more, or has a status that lets nobody in.
    Leaves(Option<&'static str>),
    /// Is let in again.
    Returns,
    /// Roles and status stay.
    Nothing,
}

/// Roles whose holders give and take roles: a tenant keeps one who has such a role.
pub(super) fn manager_roles(catalog: &Catalog) -> Vec<String> {
    catalog
        .roles
        .values()
        .filter(|role| !role.manages.is_empty())
        .map(|role| role.name.clone())
        .collect()
}

/// Whether the caller gives and takes all of these roles.
pub(super) fn manages_all(manages: &[String], roles: &[String]) -> Result<()> {
    match roles.iter().find(|role| !manages.contains(role)) {
        None => Ok(()),
        Some(role) => Err(forbidden(format!("you do not manage the role `{role}`"))),
    }
}

/// Whether the caller manages every role that a member holds.
pub(super) fn manages_member(manages: &[String], member: &Member) -> Result<()> {
    if member.roles.iter().any(|role| !manages.contains(role)) {
        return Err(forbidden("the member holds roles that you do not manage".to_owned()));
    }
    Ok(())
}

/// What is a person's, and not a membership's, is administered by a tenant of its own people alone.
pub(super) fn is_own(belongs_elsewhere: bool) -> Result<()> {
    if belongs_elsewhere {
        return Err(forbidden(
            "this would reach beyond the tenant: the person did not come with it, or belongs to others as well"
                .to_owned(),
        ));
    }
    Ok(())
}

/// The roles that a key gets: those that are wanted, or all that it may have.
pub(super) fn key_roles(allowed: &[String], wanted: Option<&[String]>) -> Result<Vec<String>> {
    let wanted = wanted.unwrap_or(allowed);
    match wanted.iter().find(|role| !allowed.contains(role)) {
        None => Ok(wanted.to_vec()),
        Some(role) => Err(forbidden(format!("a key has no role that its owner lacks: `{role}`"))),
    }
}

/// Whether the caller may do that to a member. `others`: the tenant has another active manager.
pub(super) fn check(
    member: &Member,
    asker: Option<RowId>,
    manages: &[String],
    managers: &[String],
    others: bool,
    change: &Change<'_>,
) -> Result<()> {
    if asker.is_none_or(|asker| asker == member.user) {
        return Err(forbidden("this cannot be done to oneself".to_owned()));
    }
    manages_member(manages, member)?;
    if let Change::Roles(roles) = change {
        manages_all(manages, roles)?;
    }
    let is_manager = |roles: &[String]| roles.iter().any(|role| managers.contains(role));
    let stays = match change {
        Change::Roles(roles) => is_manager(roles),
        Change::Leaves(_) => false,
        Change::Returns | Change::Nothing => true,
    };
    if member.status == ACTIVE && is_manager(&member.roles) && !stays && !others {
        return Err(Error::conflict(
            "this is the last manager; make somebody else one first",
        ));
    }
    if *change == Change::Leaves(Some(BLOCKED)) && member.status == BLOCKED {
        return Err(Error::conflict("the member is blocked already"));
    }
    if *change == Change::Returns && member.status != BLOCKED {
        return Err(Error::conflict("the member is not blocked"));
    }
    Ok(())
}

fn forbidden(message: String) -> Error {
    Error::Forbidden { message, of_row: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> RowId {
        RowId::from_bytes([number; 16])
    }

    fn names(roles: &[&str]) -> Vec<String> {
        roles.iter().map(|role| (*role).to_owned()).collect()
    }

    fn told(held: &[&str], asker: u8, manages: &[&str], others: bool, change: &Change<'_>) -> String {
        let member = Member {
            membership: id(9),
            user: id(1),
            email: String::new(),
            roles: names(held),
            status: ACTIVE.to_owned(),
        };
        match check(
            &member,
            Some(id(asker)),
            &names(manages),
            &names(&["admin"]),
            others,
            change,
        ) {
            Ok(()) => "allowed".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn keys_are_below_their_owners() {
        let held = names(&["agent", "requester"]);
        assert_eq!(key_roles(&held, None).unwrap(), held);
        assert_eq!(key_roles(&held, Some(&names(&["agent"]))).unwrap(), names(&["agent"]));
        assert_eq!(key_roles(&held, Some(&[])).unwrap(), names(&[]));
        let refused = key_roles(&held, Some(&names(&["agent", "admin"]))).unwrap_err();
        assert_eq!(refused.to_string(), "a key has no role that its owner lacks: `admin`");
        assert!(is_own(false).is_ok() && is_own(true).is_err());
    }

    #[test]
    fn who_may() {
        let agent = names(&["agent"]);
        let admin = names(&["admin"]);
        let all = ["agent", "admin"];
        assert_eq!(told(&[], 2, &["agent"], true, &Change::Roles(&agent)), "allowed");
        assert_eq!(
            told(&[], 2, &["agent"], true, &Change::Roles(&admin)),
            "you do not manage the role `admin`"
        );
        assert_eq!(
            told(&["admin"], 2, &["agent"], true, &Change::Roles(&agent)),
            "the member holds roles that you do not manage"
        );
        assert_eq!(
            told(&["agent", "admin"], 2, &["agent"], true, &Change::Nothing),
            "the member holds roles that you do not manage"
        );
        for change in [
            Change::Roles(&agent),
            Change::Leaves(None),
            Change::Nothing,
            Change::Returns,
        ] {
            assert_eq!(told(&[], 1, &all, true, &change), "this cannot be done to oneself");
        }
        let last = "this is the last manager; make somebody else one first";
        assert_eq!(told(&["admin"], 2, &all, false, &Change::Leaves(None)), last);
        assert_eq!(told(&["admin"], 2, &all, false, &Change::Roles(&agent)), last);
        assert_eq!(told(&["admin"], 2, &all, false, &Change::Roles(&admin)), "allowed");
        assert_eq!(told(&["admin"], 2, &all, true, &Change::Leaves(None)), "allowed");
        assert_eq!(told(&["admin"], 2, &all, false, &Change::Nothing), "allowed");
        assert_eq!(told(&["agent"], 2, &all, false, &Change::Leaves(None)), "allowed");
        assert_eq!(told(&[], 2, &all, true, &Change::Returns), "the member is not blocked");
    }
}
