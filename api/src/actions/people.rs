//! What holders of an action are shown of people: sessions, factors, keys, and how they sign in. Who may see whom is judged by
//! storage, as it is when something is done to them.

use super::audit::chain_of;
use crate::bundle::{Bundle, View};
use crate::environments::Environment;
use crate::error::Refusal;
use freehold_auth::{SessionKind, Sessions, list_factors, list_sessions};
use freehold_base::{Caller, Code, RowId, Timestamp, parse_datetime, write_datetime};
use freehold_planner::{PlanError, Problem};
use freehold_schema::catalog::ProviderDef;
use freehold_schema::graphql::operation::{Field, InputKind};
use freehold_storage::{MemberKey, Onlooker};
use serde_json::{Value as Json, json};

/// Who asks, and of what.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub(crate) environment: &'a Environment,
    pub(crate) bundle: &'a Bundle,
    pub(crate) view: &'a View,
    pub(crate) caller: &'a Caller,
}

/// The answer to one of these root fields with its type, which has every field; `None`: it is another one. The schema has them for
/// those alone who hold an action that opens them.
///
/// # Errors
/// `NOT_FOUND` for whoever is no member, `FORBIDDEN` for whom the caller does not manage, `BAD_USER_INPUT` for arguments, and
/// whatever keeps the database from answering.
pub(crate) async fn answer(asking: Asking<'_>, field: &Field) -> Result<Option<(&'static str, Json)>, Refusal> {
    Ok(Some(match field.name.as_str() {
        "memberSessions" => ("MemberSession", asking.sessions(field).await?),
        "memberFactors" => ("MemberFactor", asking.factors(field).await?),
        "apiKeys" => ("ApiKey", asking.keys(field).await?),
        "identityProviders" => ("IdentityProvider", asking.providers().await?),
        "signInStats" => ("SignInStats", asking.sign_ins(field).await?),
        _ => return Ok(None),
    }))
}

impl Asking<'_> {
    fn onlooker(&self) -> Onlooker<'_> {
        Onlooker {
            catalog: &self.bundle.catalog,
            caller: self.caller,
            manages: self.view.access.manages(),
        }
    }

    /// `memberSessions(user:)`
    async fn sessions(&self, field: &Field) -> Result<Json, Refusal> {
        let user = user(field)?.ok_or_else(|| wrong(field, "user", "an id (UUID) expected"))?;
        self.environment.database.may_look(&self.onlooker(), user).await?;
        let directory = &self.bundle.directory;
        let which = Sessions::Of(user);
        let found = list_sessions(&self.environment.platform, directory, which, self.caller.now).await?;
        let is_shown = |kind: &str| {
            [SessionKind::Browser, SessionKind::Token]
                .iter()
                .any(|it| it.name() == kind)
        };
        let shown = found.iter().filter(|it| is_shown(&it.kind));
        let told = shown.map(|it| {
            json!({
                "id": it.id.to_string(),
                "kind": it.kind,
                "createdAt": moment(it.created_at),
                "lastSeenAt": moment(it.last_seen_at),
                "expiresAt": moment(it.expires_at),
                "userAgent": it.user_agent,
                "address": it.address,
                "provider": it.provider,
            })
        });
        Ok(told.collect())
    }

    /// `memberFactors(user:)`
    async fn factors(&self, field: &Field) -> Result<Json, Refusal> {
        let user = user(field)?.ok_or_else(|| wrong(field, "user", "an id (UUID) expected"))?;
        self.environment.database.may_look(&self.onlooker(), user).await?;
        let found = list_factors(&self.environment.platform, user).await?;
        let told = found.iter().map(|it| {
            json!({
                "kind": it.kind.name(),
                "createdAt": moment(it.created_at),
                "lastUsedAt": it.last_used_at.map(moment),
            })
        });
        Ok(told.collect())
    }

    /// `apiKeys(user:)`
    async fn keys(&self, field: &Field) -> Result<Json, Refusal> {
        let user = user(field)?;
        let found = self.environment.database.member_keys(&self.onlooker(), user).await?;
        Ok(found.iter().map(MemberKey::to_json).collect())
    }

    /// `identityProviders`: those that sign somebody in to this tenant. Who else may use them is others' business.
    async fn providers(&self) -> Result<Json, Refusal> {
        let identity = &self.bundle.catalog.identity;
        let mut told = Vec::new();
        let oidc = identity.oidc.values().map(|def| ("oidc", &def.provider));
        for (kind, provider) in oidc.chain(identity.saml.values().map(|def| ("saml", &def.provider))) {
            let Some(tenants) = self.tenants_of(provider).await? else {
                continue;
            };
            told.push(json!({"name": provider.name, "kind": kind, "label": provider.label, "tenants": tenants}));
        }
        Ok(Json::Array(told))
    }

    /// The tenants of a provider, as far as the caller may know them: null for all; `None` if it is not for the caller's.
    async fn tenants_of(&self, provider: &ProviderDef) -> Result<Option<Json>, Refusal> {
        let Some(tenants) = &provider.tenants else {
            return Ok(Some(Json::Null));
        };
        let mine = self.caller.tenant.as_ref().map(|tenant| tenant.id);
        let (platform, directory) = (&self.environment.platform, &self.bundle.directory);
        for slug in tenants {
            let found = freehold_auth::find_tenant(platform, directory, slug, self.caller.now).await?;
            if found.is_some() && found == mine {
                return Ok(Some(json!([slug])));
            }
        }
        Ok(None)
    }

    /// `signInStats(since:, until:)`
    async fn sign_ins(&self, field: &Field) -> Result<Json, Refusal> {
        if self.bundle.catalog.tenancy.is_some() && !self.caller.is_member() {
            return Err(Refusal::new(
                Code::Forbidden,
                "the audit log of a tenant is for its members",
            ));
        }
        let (since, until) = (moment_of(field, "since")?, moment_of(field, "until")?);
        // What this server has heard of before is there, although nobody waited for it.
        self.environment.recorder.flush().await;
        let chain = chain_of(self.caller);
        let counted = self.environment.database.audit_sign_ins(chain, since, until).await?;
        let sum: i64 = counted.by_method.iter().map(|(_, count)| count).sum();
        let methods = counted.by_method.iter();
        let methods = methods.map(|(method, count)| json!({"method": method, "signIns": count}));
        Ok(json!({
            "signIns": sum,
            "users": counted.users,
            "failures": counted.failures,
            "lockouts": counted.lockouts,
            "byMethod": methods.collect::<Json>(),
        }))
    }
}

/// The argument `user`, if it is given.
fn user(field: &Field) -> Result<Option<RowId>, Refusal> {
    let given = field.argument("user").filter(|input| !input.is_null());
    let Some(given) = given else { return Ok(None) };
    let id = match given.kind() {
        InputKind::Text(text) => RowId::parse(text),
        _ => None,
    };
    id.map(Some)
        .ok_or_else(|| wrong(field, "user", "an id (UUID) expected"))
}

/// An argument that is a moment, if it is given.
fn moment_of(field: &Field, name: &str) -> Result<Option<Timestamp>, Refusal> {
    let given = field.argument(name).filter(|input| !input.is_null());
    let Some(given) = given else { return Ok(None) };
    let moment = match given.kind() {
        InputKind::Text(text) => parse_datetime(text).map(Timestamp),
        _ => None,
    };
    moment
        .map(Some)
        .ok_or_else(|| wrong(field, name, "an instant, RFC 3339, expected"))
}

fn wrong(field: &Field, name: &str, message: &str) -> Refusal {
    Refusal::from(vec![PlanError {
        code: Code::BadUserInput,
        message: format!("`{name}`: {message}"),
        position: Some(field.position),
        path: vec![field.key.clone()],
        problems: vec![Problem {
            path: vec![name.into()],
            rule: "type",
            message: message.to_owned(),
        }],
        limit: None,
    }])
}

fn moment(micros: i64) -> String {
    let mut text = Vec::new();
    write_datetime(&mut text, micros);
    String::from_utf8_lossy(&text).into_owned()
}
