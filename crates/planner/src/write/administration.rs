//! Mutations about people and tenants. The action is asked here, who manages whom when the plan runs.

use super::{answer, arguments, input, judged, value};
use crate::context::Context;
use crate::mutation::{Administer, Administration, Answer, KeyOrder, RootAction};
use crate::problems::Problems;
use freehold_base::{RowId, Value, nearest};
use freehold_schema::catalog::{EntityDef, FieldId};
use freehold_schema::graphql::operation::{Field, Input, InputKind, Selection};

/// GraphQL's name of a member.
const PAYLOAD: &str = "MemberPayload";

/// What a mutation of administration does with a member.
#[derive(Clone, Copy)]
enum Deed {
    Invite,
    SetRoles,
    Remove,
    Block,
    Unblock,
    ResetPassword,
    Unlock,
    RevokeSessions,
    RemoveFactors,
    CreateKey,
    RevokeKey,
}

impl Deed {
    /// GraphQL's name of what it answers.
    fn answer(self) -> &'static str {
        match self {
            Self::CreateKey => "ApiKeyCreated",
            Self::RevokeKey => "ApiKey",
            Self::Invite
            | Self::SetRoles
            | Self::Remove
            | Self::Block
            | Self::Unblock
            | Self::ResetPassword
            | Self::Unlock
            | Self::RevokeSessions
            | Self::RemoveFactors => PAYLOAD,
        }
    }
}

/// Each with its actions, any of which opens it.
const DEEDS: [(&str, Deed, &[&str]); 11] = [
    ("inviteMember", Deed::Invite, &["invite_member"]),
    ("setMemberRoles", Deed::SetRoles, &["set_member_roles"]),
    ("removeMember", Deed::Remove, &["remove_member"]),
    ("blockMember", Deed::Block, &["block_member"]),
    // Who may block may undo it.
    ("unblockMember", Deed::Unblock, &["block_member", "unblock_member"]),
    ("resetPassword", Deed::ResetPassword, &["reset_password"]),
    ("unlockMember", Deed::Unlock, &["block_member", "unblock_member"]),
    ("revokeSessions", Deed::RevokeSessions, &["revoke_sessions"]),
    // Who lets somebody in without the old password may do so without the lost factor.
    ("removeSecondFactors", Deed::RemoveFactors, &["reset_password"]),
    ("createApiKey", Deed::CreateKey, &["create_api_key"]),
    ("revokeApiKey", Deed::RevokeKey, &["revoke_api_key"]),
];

/// Longest name of a key, in characters.
const KEY_NAME_CHARS_MAX: usize = 100;
/// Longest life of a key, in days.
const KEY_DAYS_MAX: u32 = 3650;
/// Life of a key for which none is stated, in days.
const KEY_DAYS_DEFAULT: u32 = 90;

/// A mutation about a member.
pub(super) fn of_members(context: &mut Context<'_>, field: &Field) -> Option<RootAction> {
    let found = DEEDS.iter().find(|(name, ..)| *name == field.name);
    let type_name = found.map_or(PAYLOAD, |(_, deed, _)| deed.answer());
    let what = judged(context, field, |context, problems| {
        let (_, deed, actions) = found?;
        let is_held = actions.iter().any(|action| context.access.may(action));
        is_held.then_some(())?;
        member(context, field, *deed, problems)
    })?;
    Some(administer(context, field, what, type_name))
}

/// `createOrganisation`: a tenant, whose first manager the caller becomes.
pub(super) fn create_tenant(context: &mut Context<'_>, field: &Field, entity: &EntityDef) -> Option<RootAction> {
    let what = judged(context, field, |context, problems| {
        context.access.may("create_tenant").then_some(())?;
        let input = arguments::new_row(field);
        let (values, references) = problems.within("input", |problems| {
            let given = input::unruled(context, entity, context.access.founding(), &input, problems);
            check_address(context, &given.0, problems);
            given
        });
        Some(Administration::CreateTenant {
            values,
            references,
            roles: context.catalog.founder_roles.clone(),
        })
    })?;
    Some(administer(context, field, what, "ViewerTenant"))
}

/// A tenant is addressed by its slug, in a header or a host name. One that reads as an id would address nothing.
fn check_address(context: &Context<'_>, values: &[(FieldId, Value)], problems: &mut Problems) {
    let slug = context
        .catalog
        .tenancy
        .and_then(|tenancy| Some((tenancy.entity, tenancy.slug?)));
    let Some((entity, slug)) = slug else { return };
    let value = values.iter().find(|(field, _)| *field == slug).map(|(_, value)| value);
    let Some(Value::Text(text)) = value else { return };
    if text.is_empty() || RowId::parse(text).is_some() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        problems.within(context.catalog.field(entity, slug).graphql_name.as_str(), |problems| {
            problems.add("slug", "a slug has letters, digits and marks of ASCII, and is no id");
        });
    }
}

fn administer(context: &mut Context<'_>, field: &Field, what: Administration, type_name: &str) -> RootAction {
    context.count_written(field, 1);
    context.count_rows(1);
    let selected = context.fields(&field.items, type_name);
    let person = (type_name == PAYLOAD)
        .then(|| person(context, field, &what, &selected))
        .flatten();
    RootAction::Administer(Box::new(Administer {
        what,
        manages: context.access.manages().to_vec(),
        selected: selected.into_iter().map(|part| (part.key, part.name)).collect(),
        person,
    }))
}

/// The person's address and name are rows' fields: who administers somebody does not read them for that.
fn person(context: &mut Context<'_>, field: &Field, what: &Administration, selected: &[Field]) -> Option<Answer> {
    let user = context.catalog.entity(context.catalog.user);
    let source = context.access.read(user.id)?;
    let is_readable = |name: &str| {
        user.find_field(name)
            .is_some_and(|field| source.readable(field.id).is_some())
    };
    let told = ["email", "name"]
        .into_iter()
        .filter(|name| is_readable(name) && selected.iter().any(|part| part.name == *name));
    let items: Vec<Selection> = told
        .map(|name| {
            Selection::Field(Field {
                key: name.to_owned(),
                name: name.to_owned(),
                arguments: Vec::new(),
                items: Vec::new(),
                position: field.position,
            })
        })
        .collect();
    // Afterwards they are a member no more, or none who may be seen.
    let before = matches!(
        what,
        Administration::Remove { .. } | Administration::Block { blocked: true, .. }
    );
    let read = Field {
        key: field.key.clone(),
        name: field.name.clone(),
        arguments: Vec::new(),
        items,
        position: field.position,
    };
    (!read.items.is_empty()).then(|| answer::answer(context, &read, user, 1, before))
}

fn member(context: &Context<'_>, field: &Field, deed: Deed, problems: &mut Problems) -> Option<Administration> {
    let user = |problems: &mut Problems| arguments::id(field, "user", problems);
    Some(match deed {
        Deed::Invite => return invite(context, field, problems),
        Deed::SetRoles => {
            let user = user(problems);
            let roles = roles(context, field.argument("roles")?, problems);
            Administration::SetRoles { user: user?, roles }
        }
        Deed::Remove => Administration::Remove { user: user(problems)? },
        Deed::Block => Administration::Block {
            user: user(problems)?,
            blocked: true,
        },
        Deed::Unblock => Administration::Block {
            user: user(problems)?,
            blocked: false,
        },
        Deed::ResetPassword => Administration::ResetPassword { user: user(problems)? },
        Deed::Unlock => Administration::Unlock { user: user(problems)? },
        Deed::RevokeSessions => Administration::RevokeSessions { user: user(problems)? },
        Deed::RemoveFactors => Administration::RemoveFactors { user: user(problems)? },
        Deed::CreateKey => {
            let input = field.argument("input")?;
            let order = problems.within("input", |problems| key(context, input, problems));
            Administration::CreateKey(order?)
        }
        Deed::RevokeKey => Administration::RevokeKey {
            id: arguments::id(field, "id", problems)?,
        },
    })
}

/// A key that is wanted.
fn key(context: &Context<'_>, input: &Input, problems: &mut Problems) -> Option<KeyOrder> {
    let entries = arguments::entries(input, problems);
    let given = |name: &str| {
        let entry = entries.iter().find(|(key, _)| key == name);
        entry.map(|(_, input)| input).filter(|input| !input.is_null())
    };
    let user = given("user").map(|input| problems.within("user", |problems| arguments::row_id(input, problems)));
    let name = given("name").and_then(|input| {
        problems.within("name", |problems| {
            let name = arguments::text(input, problems)?.trim();
            let fits = (1..=KEY_NAME_CHARS_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control);
            if !fits {
                problems.add(
                    "name",
                    format!("a key has a name of 1 to {KEY_NAME_CHARS_MAX} characters"),
                );
            }
            fits.then(|| name.to_owned())
        })
    });
    let days = match given("expiresDays") {
        None => Some(KEY_DAYS_DEFAULT),
        Some(input) => problems.within("expiresDays", |problems| {
            let days = match input.unspent() {
                InputKind::Number(number) => number.as_u64().and_then(|number| u32::try_from(number).ok()),
                _ => None,
            };
            let days = days.filter(|days| (1..=KEY_DAYS_MAX).contains(days));
            if days.is_none() {
                problems.add("range", format!("a key lasts 1 to {KEY_DAYS_MAX} days"));
            }
            days
        }),
    };
    let roles = given("roles").map(|input| roles(context, input, problems));
    let read_only = given("readOnly").is_some_and(|input| matches!(input.unspent(), InputKind::Boolean(true)));
    Some(KeyOrder {
        user: match user {
            Some(user) => Some(user?),
            None => None,
        },
        name: name?,
        roles,
        days: days?,
        read_only,
        drawn: None,
    })
}

fn invite(context: &Context<'_>, field: &Field, problems: &mut Problems) -> Option<Administration> {
    let user = context.catalog.entity(context.catalog.user);
    let column = |argument: &str, problems: &mut Problems| {
        let (input, def) = (field.argument(argument)?, user.find_field(argument)?);
        match problems.within(argument, |problems| value::value(context, user, def, input, problems))? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    };
    let email = column("email", problems);
    let name = column("name", problems);
    let roles = field
        .argument("roles")
        .map(|input| roles(context, input, problems))
        .unwrap_or_default();
    Some(Administration::Invite {
        email: email?,
        name,
        roles,
    })
}

/// Names of roles, each once.
fn roles(context: &Context<'_>, input: &Input, problems: &mut Problems) -> Vec<String> {
    let mut roles: Vec<String> = Vec::new();
    problems.within("roles", |problems| {
        arguments::each(input, problems, |item, problems| {
            let Some(name) = arguments::text(item, problems) else {
                return;
            };
            if !context.catalog.roles.contains_key(name) {
                problems.add("role", unknown_role(context, name));
            } else if !roles.iter().any(|role| role == name) {
                roles.push(name.to_owned());
            }
        });
    });
    roles
}

/// Suggests only what the caller may give.
fn unknown_role(context: &Context<'_>, name: &str) -> String {
    let known = context.access.manages().iter().map(String::as_str);
    let hint = nearest(name, known).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    format!("no such role{hint}")
}
