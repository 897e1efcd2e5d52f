//! What the caller carries, for `viewer.accessTokens`: the fixed tokens of the role set, and the look-ups of the others.

use super::own::open;
use crate::operand::SessionValue;
use crate::policy::Policy;
use crate::predicate::Predicate;
use crate::reduce::{Holder, reduce};
use crate::source::{ReadableField, RowSource};
use crate::token::UserToken;
use crate::wall::walled;
use freehold_schema::catalog::{Catalog, EntityDef, FieldId};

/// Something the caller carries, or may carry.
#[derive(Clone, Debug)]
pub struct OwnToken {
    /// As `match:` names it: `everyone`, `role:agent`, `user.team`.
    pub matches: String,
    /// Where it comes from.
    pub origin: TokenOrigin,
}

/// Where a token comes from.
#[derive(Clone, Debug)]
pub enum TokenOrigin {
    /// The role set alone.
    Fixed {
        /// Its value.
        value: Option<SessionValue>,
        /// Why, for people.
        reason: String,
    },
    /// Each row of a look-up is one token.
    Rows {
        /// The rows that count.
        source: RowSource,
        /// The token's value.
        value: Option<ReadableField>,
        /// Why, for people; empty: no reason is stated.
        reason: Vec<ReasonPart>,
    },
}

/// A part of a reason.
#[derive(Clone, Debug)]
pub enum ReasonPart {
    /// As it stands.
    Text(String),
    /// A field of the row found, or of a row that it refers to.
    Field {
        /// References walked, each with the rows it leads to.
        steps: Vec<(ReadableField, RowSource)>,
        /// The field.
        field: ReadableField,
    },
}

pub(super) fn own_tokens(catalog: &Catalog, policy: &Policy, holder: &Holder<'_>) -> Vec<OwnToken> {
    let fixed = |matches: &str, value, reason: &str| OwnToken {
        matches: matches.to_owned(),
        origin: TokenOrigin::Fixed {
            value,
            reason: reason.to_owned(),
        },
    };
    let mut tokens = vec![fixed("everyone", None, "everyone carries it")];
    if holder.signed_in {
        tokens.push(fixed("authenticated", None, "signed in"));
        tokens.push(fixed("self", Some(SessionValue::User), "oneself"));
    }
    if holder.member && catalog.tenancy.is_some() {
        tokens.push(fixed("tenant_member", None, "member of the tenant"));
    }
    if holder.member {
        for role in holder.roles {
            tokens.push(fixed(&format!("role:{role}"), None, &format!("holds the role {role}")));
        }
    }
    tokens.extend(
        policy
            .user_tokens()
            .iter()
            .filter_map(|token| found(catalog, token, holder)),
    );
    tokens
}

fn found(catalog: &Catalog, token: &UserToken, holder: &Holder<'_>) -> Option<OwnToken> {
    if reduce(&token.carrier, holder) != Predicate::Constant(true) {
        return None;
    }
    let rows = walled(catalog, token.lookup, reduce(&token.condition, holder));
    let entity = catalog.entity(token.lookup);
    let parts: Vec<Part<'_>> = token.reason.as_deref().map(parts).unwrap_or_default();
    let first_fields = parts.iter().filter_map(|part| match part {
        Part::Path(path) => entity.find_field(path.split('.').next()?).map(|field| field.id),
        Part::Text(_) => None,
    });
    let source = open(entity, rows, token.value.into_iter().chain(first_fields).collect());
    let value = token.value.and_then(|value| source.readable(value));
    let reason = parts
        .into_iter()
        .filter_map(|part| match part {
            Part::Text(text) => Some(ReasonPart::Text(text.to_owned())),
            Part::Path(path) => walk(catalog, entity, &source, path),
        })
        .collect();
    Some(OwnToken {
        matches: format!("user.{}", token.name),
        origin: TokenOrigin::Rows { source, value, reason },
    })
}

/// Follows `team.name` from a row. Reasons are read as their author sees them, within the tenant.
fn walk(catalog: &Catalog, start: &EntityDef, source: &RowSource, path: &str) -> Option<ReasonPart> {
    let names: Vec<&str> = path.split('.').collect();
    let (last, references) = names.split_last()?;
    let mut steps = Vec::new();
    let mut at = start;
    let mut rows = source.clone();
    for (index, name) in references.iter().enumerate() {
        let reference = at.find_field(name)?;
        let target = catalog.entity(reference.reference_target()?);
        let next = names
            .get(index + 1)
            .and_then(|name| target.find_field(name))
            .map(|field| field.id);
        let readable = rows.readable(reference.id)?;
        rows = open(
            target,
            walled(catalog, target.id, Predicate::Constant(true)),
            next.into_iter().collect::<Vec<FieldId>>(),
        );
        steps.push((readable, rows.clone()));
        at = target;
    }
    let field = at.find_field(last).filter(|field| field.encrypted.is_none())?;
    Some(ReasonPart::Field {
        field: rows.readable(field.id)?,
        steps,
    })
}

/// A piece of a reason's text.
enum Part<'a> {
    Text(&'a str),
    Path(&'a str),
}

/// `member of team {team.name}` in its parts. The schema room has seen to it that every `{` is closed.
fn parts(reason: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = reason;
    while let Some((text, path, behind)) = rest.split_once('{').and_then(|(text, behind)| {
        let (path, behind) = behind.split_once('}')?;
        Some((text, path, behind))
    }) {
        if !text.is_empty() {
            parts.push(Part::Text(text));
        }
        parts.push(Part::Path(path.trim()));
        rest = behind;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest));
    }
    parts
}
