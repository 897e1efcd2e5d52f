//! Signing in at OpenID Connect providers, and the end of sessions there.

use crate::actions::audit;
use crate::actions::identity::external::{self, Facts};
use crate::actions::identity::limits::{self, Door};
use crate::actions::identity::sessions::tell;
use crate::actions::identity::sign_in::Step;
use crate::actions::identity::visitor::Visitor;
use crate::bundle::Bundle;
use crate::environments::Environment;
use crate::error::{Refusal, chain};
use freehold_auth::{
    RefusalCause, Refused, Sessions, TicketKind, Token, end_sessions, find_identity, issue_ticket, take_ticket,
    use_once,
};
use freehold_base::Code;
use freehold_oidc::rp::{Attempt, Callback, Preset, Provider, authorization_url, discover, finish};
use freehold_oidc::{Claims, OidcError, PkceVerifier, verify_logout_token};
use freehold_schema::catalog::{OidcDef, OidcSource};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long somebody may be away to sign in.
const AWAY: Duration = Duration::from_mins(10);

/// What is kept while somebody is away, under the token of their browser.
#[derive(Serialize, Deserialize)]
struct Away {
    provider: String,
    state: String,
    nonce: String,
    verifier: String,
    redirect_uri: String,
    return_to: String,
}

/// Where somebody is sent, and what their browser keeps meanwhile.
pub(crate) struct Sent {
    pub(crate) to: String,
    pub(crate) flow: Token,
}

/// Sends somebody to a provider.
///
/// # Errors
/// `NOT_FOUND` for one that there is not, or that this tenant's people may not use; `UNAVAILABLE` when it does not answer.
pub(crate) async fn begin(
    environment: &Environment,
    name: &str,
    return_to: &str,
    visitor: Visitor<'_>,
) -> Result<Sent, Refusal> {
    limits::from_place(environment, Door::Proof, visitor.origin).await?;
    let bundle = environment.bundle()?;
    let def = find(&bundle, name, visitor.tenant)?;
    let provider = provider_of(environment, def)?;
    let now = environment.clock.now();
    let metadata = discover(&environment.outgoing, &environment.oidc, &provider, now)
        .await
        .map_err(|error| told(name, &error))?;
    let redirect_uri = format!("{}/auth/oidc/{name}/callback", visitor.site);
    let attempt = Attempt::begin(redirect_uri, &mut rand::rng());
    let to = authorization_url(&provider, &metadata, &attempt, None, None).map_err(|error| told(name, &error))?;
    let away = Away {
        provider: name.to_owned(),
        state: attempt.state,
        nonce: attempt.nonce,
        verifier: attempt.verifier.expose().to_owned(),
        redirect_uri: attempt.redirect_uri,
        return_to: return_to.to_owned(),
    };
    let flow = Token::random(&mut rand::rng());
    issue_ticket(&environment.platform, TicketKind::Oidc, &flow, None, &away, now, AWAY).await?;
    Ok(Sent { to, flow })
}

/// Somebody is back; gives where they wanted to go, too.
///
/// # Errors
/// `UNAUTHENTICATED` for whatever is not the answer to what this browser was sent away with; `UNAVAILABLE` when the provider does not
/// answer.
pub(crate) async fn come_back(
    environment: &Environment,
    name: &str,
    query: &str,
    flow: Option<&Token>,
    visitor: Visitor<'_>,
) -> Result<(Step, String), Refusal> {
    limits::from_place(environment, Door::Proof, visitor.origin).await?;
    let bundle = environment.bundle()?;
    let def = find(&bundle, name, visitor.tenant)?;
    let lost = || {
        Refusal::new(
            Code::Unauthenticated,
            "this sign-in was not begun in this browser, or has taken too long",
        )
        .with_hint("begin again")
    };
    let now = environment.clock.now();
    let flow = flow.ok_or_else(lost)?;
    let taken = take_ticket::<Away>(&environment.platform, TicketKind::Oidc, flow, now).await?;
    let away = taken.filter(|taken| taken.data.provider == name).ok_or_else(lost)?.data;
    let outcome = async {
        let callback = Callback::parse(query)?;
        let provider = provider_of(environment, def).map_err(Outcome::Refusal)?;
        let attempt = Attempt {
            state: away.state,
            nonce: away.nonce,
            verifier: PkceVerifier::parse(&away.verifier).ok_or(Outcome::Refusal(lost()))?,
            redirect_uri: away.redirect_uri,
        };
        Ok(finish(
            &environment.outgoing,
            &environment.oidc,
            &provider,
            callback,
            attempt,
            now,
        )
        .await?)
    };
    let claims = match outcome.await {
        Ok(claims) => claims,
        Err(Outcome::Refusal(refusal)) => return Err(refusal),
        Err(Outcome::Oidc(error)) => {
            if error.code() != Code::Unavailable {
                let refused = Refused {
                    user: None,
                    cause: RefusalCause::WrongPassword,
                };
                audit::sign_in_failed(environment, bundle.clone(), refused, "oidc", "", visitor.origin).await;
            }
            return Err(told(name, &error));
        }
    };
    let facts = facts_of(def, claims);
    let step = external::enter(environment, &bundle, &def.provider, &facts, visitor).await?;
    Ok((step, away.return_to))
}

/// What went wrong on the way back.
enum Outcome {
    Refusal(Refusal),
    Oidc(OidcError),
}

impl From<OidcError> for Outcome {
    fn from(error: OidcError) -> Self {
        Self::Oidc(error)
    }
}

/// A provider says that sessions have ended (OpenID Connect Back-Channel Logout 1.0).
///
/// # Errors
/// `BAD_REQUEST` for a token that is refused or was used, `UNAVAILABLE` when its keys cannot be had.
pub(crate) async fn back_channel_logout(
    environment: &Environment,
    name: &str,
    token: &str,
    visitor: Visitor<'_>,
) -> Result<(), Refusal> {
    limits::from_place(environment, Door::Proof, visitor.origin).await?;
    let bundle = environment.bundle()?;
    let def = find(&bundle, name, None)?;
    let provider = provider_of(environment, def)?;
    let now = environment.clock.now();
    let logout = verify_logout_token(&environment.outgoing, &environment.oidc, &provider, token, now)
        .await
        .map_err(|error| match error.code() {
            Code::Unavailable => told(name, &error),
            _ => Refusal::new(Code::BadRequest, error.to_string()),
        })?;
    let platform = &environment.platform;
    let seconds = logout.remember_until.saturating_sub(now.0 / 1_000_000).max(1);
    let lasts = Duration::from_secs(u64::try_from(seconds).unwrap_or(1));
    if !use_once(platform, &format!("logout:{name}:{}", logout.jti), now, lasts).await? {
        return Err(Refusal::new(Code::BadRequest, "this logout token was used before"));
    }
    let ended = match (&logout.sid, &logout.subject) {
        (Some(sid), _) => end_sessions(platform, Sessions::ProviderSession(name, sid)).await?,
        (None, Some(subject)) => {
            let subject = subject_of(def, &logout.issuer, subject);
            match find_identity(platform, name, &subject).await? {
                Some(known) => end_sessions(platform, Sessions::Provider(name, known.user)).await?,
                None => Vec::new(),
            }
        }
        (None, None) => Vec::new(),
    };
    tell(environment, &ended);
    Ok(())
}

fn find<'b>(bundle: &'b Bundle, name: &str, tenant: Option<&str>) -> Result<&'b OidcDef, Refusal> {
    let def = bundle.catalog.identity.oidc.get(name).filter(|def| {
        let tenants = def.provider.tenants.as_ref();
        tenants.is_none_or(|tenants| tenant.is_none_or(|tenant| tenants.iter().any(|it| it == tenant)))
    });
    def.ok_or_else(|| Refusal::new(Code::NotFound, format!("there is no identity provider `{name}`")))
}

fn provider_of(environment: &Environment, def: &OidcDef) -> Result<Provider, Refusal> {
    let name = &def.provider.name;
    let client_secret = match &def.client_secret {
        None => None,
        Some(secret) => Some(environment.secrets.find(secret).ok_or_else(|| {
            tracing::error!("the secret `{secret}` of the identity provider `{name}` is not there");
            Refusal::new(
                Code::Unavailable,
                format!("the identity provider `{name}` is not set up here"),
            )
        })?),
    };
    let (preset, issuer) = match &def.source {
        OidcSource::Google => (Preset::Google, def.source.issuer()),
        OidcSource::Microsoft { .. } => (Preset::Microsoft, def.source.issuer()),
        OidcSource::Github => (Preset::GitHub, Preset::GitHub.issuer().map(str::to_owned)),
        OidcSource::Issuer(_) => (Preset::Plain, def.source.issuer()),
    };
    Ok(Provider {
        name: name.clone(),
        issuer: issuer.unwrap_or_default(),
        client_id: def.client_id.clone(),
        client_secret,
        scopes: def.scopes.clone(),
        preset,
        userinfo: false,
        trusted_audiences: Vec::new(),
    })
}

/// A provider that speaks for many directories names people within each.
fn subject_of(def: &OidcDef, issuer: &str, subject: &str) -> String {
    match &def.source {
        OidcSource::Microsoft { .. } => format!("{issuer} {subject}"),
        OidcSource::Google | OidcSource::Github | OidcSource::Issuer(_) => subject.to_owned(),
    }
}

fn facts_of(def: &OidcDef, claims: Claims) -> Facts {
    let strong = def.factor.as_ref().is_some_and(|factor| {
        let acr = claims.acr.as_ref().is_some_and(|acr| factor.acr.contains(acr));
        acr || claims.amr.iter().any(|amr| factor.amr.contains(amr))
    });
    Facts {
        method: "oidc".to_owned(),
        subject: subject_of(def, &claims.issuer, &claims.subject),
        email: claims.email,
        email_verified: claims.email_verified,
        strong,
        session: claims.sid,
        claims: serde_json::Value::Object(claims.raw),
    }
}

/// What people are told; why, is for the log. Nothing of a token is in either.
fn told(name: &str, error: &OidcError) -> Refusal {
    tracing::warn!("signing in at the identity provider `{name}` failed: {}", chain(error));
    match error.code() {
        Code::Unavailable => Refusal::new(
            Code::Unavailable,
            format!("the identity provider `{name}` does not answer as it should"),
        )
        .with_hint("try again in a moment, or sign in another way"),
        Code::BadRequest => Refusal::new(Code::BadRequest, error.to_string()),
        _ => Refusal::new(Code::Unauthenticated, error.to_string()).with_hint("begin again"),
    }
}
