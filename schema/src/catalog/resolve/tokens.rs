//! User tokens, and the record tokens that ask for them.

use super::Context;
use crate::catalog::{
    AccessLevel, EntityId, EntityKind, FieldDef, FieldType, RecordTokenDef, SystemField, TokenMatch, UserTokenDef,
};
use crate::model::{Name, RecordTokenModel, Spanned};
use freehold_base::nearest;
use indexmap::IndexMap;

pub(super) fn user_tokens(context: &mut Context<'_>) -> IndexMap<String, UserTokenDef> {
    let mut tokens = IndexMap::new();
    for (name, model) in context.model.user_tokens.iter() {
        if !context.check_name("a user token", name) {
            continue;
        }
        let Some(lookup) = context.entity(&model.lookup) else {
            context.lost.add(&name.value);
            continue;
        };
        let value = match &model.value {
            None => None,
            Some(field) => {
                let Some(found) = context.field(lookup, field) else {
                    context.lost.add(&name.value);
                    continue;
                };
                let def = context.def(lookup).field(found);
                if let Some(why) = token_field_fault(def) {
                    context.diagnostics.error(
                        "token-value",
                        field.span,
                        format!("`{}` cannot be a token's value: it {why}", field.value),
                    );
                }
                Some(found)
            }
        };
        if let Some(reason) = &model.reason {
            check_reason(context, lookup, reason);
        }
        let def = UserTokenDef {
            name: name.value.clone(),
            span: name.span,
            lookup,
            condition: model.r#where.as_ref().map(|condition| condition.0.clone()),
            value,
            reason: model.reason.as_ref().map(|reason| reason.value.clone()),
        };
        tokens.insert(name.value.clone(), def);
    }
    tokens
}

/// Each `{path}` of a reason must lead somewhere.
fn check_reason(context: &mut Context<'_>, lookup: EntityId, reason: &Spanned<String>) {
    let mut rest = reason.value.as_str();
    while let Some((_, after)) = rest.split_once('{') {
        let Some((path, tail)) = after.split_once('}') else {
            context
                .diagnostics
                .error("token-reason", reason.span, "a `{` in the reason is not closed");
            return;
        };
        rest = tail;
        let mut entity = Some(lookup);
        for step in path.split('.') {
            let Some(at) = entity else {
                context.diagnostics.error(
                    "token-reason",
                    reason.span,
                    format!("`{{{path}}}` goes on after a field that is no reference"),
                );
                break;
            };
            let step = Spanned {
                value: step.to_owned(),
                span: reason.span,
            };
            let Some(field) = context.field(at, &step) else { break };
            entity = context.def(at).field(field).reference_target();
        }
    }
}

pub(super) fn record_tokens(context: &mut Context<'_>, user_tokens: &IndexMap<String, UserTokenDef>) {
    for index in 0..context.drafts.list.len() {
        let Some(model) = context.drafts.list[index].model else {
            continue;
        };
        let id = EntityId(index as u16);
        for (name, token) in model.record_tokens.iter() {
            let sound = context.check_name("a record token", name);
            check_effect(context, id, name);
            if let Some(def) = record_token(context, id, name, token, user_tokens).filter(|_| sound) {
                context.entities[index].record_tokens.push(def);
            }
        }
    }
}

fn check_effect(context: &mut Context<'_>, id: EntityId, name: &Name) {
    let entity = context.def(id);
    let why = if entity.kind == EntityKind::User {
        "the gate of `user` is fixed"
    } else if entity.access == AccessLevel::Open {
        "an open entity has no gate"
    } else {
        return;
    };
    context.diagnostics.warning(
        "token-without-gate",
        name.span,
        format!("the record token `{}` has no effect: {why}", name.value),
    );
}

fn record_token(
    context: &mut Context<'_>,
    id: EntityId,
    name: &Name,
    model: &RecordTokenModel,
    user_tokens: &IndexMap<String, UserTokenDef>,
) -> Option<RecordTokenDef> {
    let matches = token_match(context, &model.r#match, user_tokens);
    let field = match &model.field {
        Some(field) => Some((field, context.field(id, field)?)),
        None => None,
    };
    let matches = matches?;
    match (&matches, field) {
        (TokenMatch::SelfUser, None) => {
            context
                .diagnostics
                .error(
                    "token-field",
                    model.r#match.span,
                    "`match: self` needs a `field` that refers to `user`",
                )
                .hint("state `field:`, or leave the token out: the owner passes anyway");
        }
        (TokenMatch::SelfUser, Some((field, found))) => {
            let user = context.drafts.user;
            let entity = context.def(id);
            if !targets(id, entity.field(found)).contains(&user) {
                context
                    .diagnostics
                    .error(
                        "token-field",
                        field.span,
                        format!("`{}` is not a reference to `user`", field.value),
                    )
                    .hint("`match: self` compares the field with the caller");
            }
        }
        (TokenMatch::UserToken(token), Some((field, found))) => {
            let user_token = user_tokens.get(token)?;
            check_same_type(context, id, field, found, user_token);
        }
        (TokenMatch::UserToken(token), None) => {
            if user_tokens.get(token).is_some_and(|token| token.value.is_some()) {
                context
                    .diagnostics
                    .warning(
                        "token-field",
                        model.r#match.span,
                        format!("the values of `{token}` are not compared with anything"),
                    )
                    .hint("state `field:`; without it any value opens the row");
            }
        }
        (
            TokenMatch::Everyone | TokenMatch::Authenticated | TokenMatch::TenantMember | TokenMatch::Role(_),
            Some((field, _)),
        ) => {
            context
                .diagnostics
                .error(
                    "token-field",
                    field.span,
                    format!(
                        "`match: {}` carries no value to compare with `field`",
                        model.r#match.value
                    ),
                )
                .hint("remove `field`; use `when` to choose rows");
        }
        (TokenMatch::Everyone | TokenMatch::Authenticated | TokenMatch::TenantMember | TokenMatch::Role(_), None) => {}
    }
    Some(RecordTokenDef {
        name: name.value.clone(),
        span: name.span,
        matches,
        field: field.map(|(_, found)| found),
        when: model.when.as_ref().map(|when| when.0.clone()),
        grants: model.grants.value,
    })
}

fn token_match(
    context: &mut Context<'_>,
    stated: &Name,
    user_tokens: &IndexMap<String, UserTokenDef>,
) -> Option<TokenMatch> {
    const WORDS: [&str; 4] = ["everyone", "authenticated", "tenant_member", "self"];
    let text = stated.as_str();
    let told = match text {
        "everyone" => return Some(TokenMatch::Everyone),
        "authenticated" => return Some(TokenMatch::Authenticated),
        "tenant_member" => return Some(TokenMatch::TenantMember),
        "self" => return Some(TokenMatch::SelfUser),
        _ => {
            if let Some(role) = text.strip_prefix("role:") {
                let role = role.trim();
                if context.model.roles.get(role).is_some() {
                    return Some(TokenMatch::Role(role.to_owned()));
                }
                let name = Spanned {
                    value: role.to_owned(),
                    span: stated.span,
                };
                let known: Vec<&str> = context.model.roles.names().collect();
                context.unknown("unknown-role", "role", &name, known);
                return None;
            }
            if let Some(token) = text.strip_prefix("user.") {
                if user_tokens.contains_key(token) {
                    return Some(TokenMatch::UserToken(token.to_owned()));
                }
                let name = Spanned {
                    value: token.to_owned(),
                    span: stated.span,
                };
                context.unknown(
                    "unknown-user-token",
                    "user token",
                    &name,
                    user_tokens.keys().map(String::as_str),
                );
                return None;
            }
            context
                .diagnostics
                .error("token-match", stated.span, format!("`{text}` matches nothing"))
        }
    };
    let near = nearest(text, WORDS);
    told.hint(match near {
        Some(near) => format!("did you mean `{near}`?"),
        None if user_tokens.contains_key(text) => format!("write `user.{text}`"),
        None => {
            "write `everyone`, `authenticated`, `tenant_member`, `self`, `role:<name>` or `user.<token>`".to_owned()
        }
    });
    None
}

/// A record's field and a token's value must be able to be equal.
fn check_same_type(
    context: &mut Context<'_>,
    id: EntityId,
    name: &Name,
    found: crate::catalog::FieldId,
    token: &UserTokenDef,
) {
    let Some(value) = token.value else {
        context
            .diagnostics
            .error(
                "token-field",
                name.span,
                format!(
                    "the user token `{}` has no value to compare with `{}`",
                    token.name, name.value
                ),
            )
            .hint("remove `field`, or state the token's `value:`");
        return;
    };
    let (asked, carried) = (context.def(id).field(found), context.def(token.lookup).field(value));
    if let Some(why) = token_field_fault(asked) {
        let message = format!("`{}` cannot be compared with a token: it {why}", name.value);
        context.diagnostics.error("token-field", name.span, message);
        return;
    }
    let (left, right) = (targets(id, asked), targets(token.lookup, carried));
    let same = if left.is_empty() && right.is_empty() {
        asked.field_type.value_type() == carried.field_type.value_type()
    } else {
        left.iter().any(|target| right.contains(target))
    };
    if !same {
        let message = format!(
            "`{}` can never equal the user token `{}`, whose value is `{}.{}`",
            name.value,
            token.name,
            context.def(token.lookup).name,
            carried.name
        );
        context
            .diagnostics
            .error("token-field", name.span, message)
            .hint("both must be of one type, or refer to the same entity");
    }
}

/// The entities whose rows a field names: an `id` names its own.
fn targets(entity: EntityId, field: &FieldDef) -> Vec<EntityId> {
    match &field.field_type {
        FieldType::Reference { to, .. } => to.clone(),
        FieldType::Id if field.system == Some(SystemField::Id) => vec![entity],
        _ => Vec::new(),
    }
}

fn token_field_fault(field: &FieldDef) -> Option<&'static str> {
    match &field.field_type {
        FieldType::List { .. } => Some("has no column"),
        FieldType::Formula { .. } => Some("is calculated, and has no index"),
        FieldType::Json => Some("holds JSON"),
        FieldType::MultiSelect(_) => Some("holds several words"),
        _ if field.encrypted.is_some() => Some("is encrypted"),
        _ => None,
    }
}
