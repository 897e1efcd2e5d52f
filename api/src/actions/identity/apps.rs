//! Freehold as the OpenID provider of apps: mobile ones, other environments, whoever the model names under `clients`. Authorization code
//! with PKCE; a short access token, which is a session like any other, and a refresh token that is replaced each time it is used.

use crate::actions::audit;
use crate::actions::identity::limits::{self, Door};
use crate::actions::identity::sessions::tell;
use crate::actions::identity::signing_keys::keys;
use crate::actions::identity::visitor::{Person, Visitor};
use crate::bundle::Bundle;
use crate::environments::Environment;
use crate::error::Refusal;
use freehold_auth::{
    NewSession, Refresh, Refreshed, SessionKind, Terms, TicketKind, Token, begin_session, end_family, end_sessions,
    ends, family_of, find_person, is_verified, issue_refresh, issue_ticket, take_ticket, use_refresh,
};
use freehold_base::RowId;
use freehold_oidc::issuer::{
    Arrival, AuthorizationRequest, ClientCredentials, Endpoints, Grant, IdToken, OauthError, OauthWord, RedirectUri,
    SigningKey, TokenRequest, discovery_document, jwks_document, redirect_with_code, redirect_with_error,
};
use freehold_oidc::rp::Prompt;
use freehold_schema::catalog::ClientDef;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::time::Duration;
use uuid::Uuid;

/// How long a code is good.
const CODE: Duration = Duration::from_mins(1);
/// How long an access token is good.
pub(crate) const ACCESS: Duration = Duration::from_mins(10);
/// What may be asked for.
const SCOPES: [&str; 4] = ["openid", "email", "profile", "offline_access"];
const CLAIMS: [&str; 8] = [
    "sub",
    "email",
    "email_verified",
    "name",
    "auth_time",
    "amr",
    "sid",
    "nonce",
];

/// What a code is good for.
#[derive(Serialize, Deserialize)]
struct Code {
    client: String,
    redirect_uri: String,
    challenge: String,
    nonce: Option<String>,
    scopes: Vec<String>,
    strong: bool,
    signed_in_at: i64,
}

/// How an authorization request goes on.
pub(crate) enum Authorized {
    /// There.
    To(String),
    /// To sign in, and back here.
    SignIn,
    /// A second factor first, and back here.
    SecondFactor,
    /// To ask whether they want to.
    Ask(Asked),
}

/// What somebody is asked.
pub(crate) struct Asked {
    /// The client, for people.
    pub(crate) client: String,
    /// Where its answers go.
    pub(crate) redirect_uri: String,
    /// What it will learn.
    pub(crate) learns: Vec<String>,
}

/// What somebody has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    None,
    Allow,
    Deny,
}

/// Answers an authorization request.
///
/// # Errors
/// An [`OauthError`] that is shown here, because it is not known whose request it is.
pub(crate) async fn authorize(
    environment: &Environment,
    parameters: &str,
    person: Option<&Person>,
    answer: Answer,
    site: &str,
) -> Result<Authorized, Shown> {
    let bundle = environment.bundle()?;
    let arrival = Arrival::parse(parameters)?;
    let client = bundle.catalog.identity.clients.get(&arrival.client_id);
    let client = client.ok_or(OauthWord::InvalidClient.because("there is no such client"))?;
    if !is_registered(client, &arrival.redirect_uri) {
        return Err(OauthWord::InvalidRequest
            .because("redirect_uri is not registered for this client")
            .into());
    }
    let back = |error: OauthError| {
        redirect_with_error(&arrival.redirect_uri, site, arrival.state.as_deref(), &error)
            .map(Authorized::To)
            .ok_or(Shown::Oauth(error))
    };
    let request = match arrival.request() {
        Ok(request) => request,
        Err(error) => return back(error),
    };
    if let Some(scope) = request.scopes.iter().find(|scope| !SCOPES.contains(&scope.as_str())) {
        tracing::debug!(
            "a client asks for the scope `{}`",
            scope.chars().take(40).collect::<String>()
        );
        return back(OauthWord::InvalidScope.because("a scope is not known here"));
    }
    let silent = request.prompts.contains(&Prompt::None);
    let Some(person) = person.filter(|person| is_fresh(environment, person, &request)) else {
        return if silent {
            back(OauthWord::LoginRequired.because("nobody is signed in"))
        } else {
            Ok(Authorized::SignIn)
        };
    };
    // A session of one tenant is not the person's own.
    if person.view.tenant.is_some() {
        return back(OauthWord::AccessDenied.because("this session counts in one tenant alone"));
    }
    if request.acr_values.iter().any(|acr| acr == "mfa") && !person.terms.strong {
        return if silent {
            back(OauthWord::InteractionRequired.because("a second factor is to be shown"))
        } else {
            Ok(Authorized::SecondFactor)
        };
    }
    match answer {
        Answer::Deny => return back(OauthWord::AccessDenied.because("the person said no")),
        Answer::None if request.prompts.contains(&Prompt::Consent) => {
            return Ok(Authorized::Ask(Asked {
                client: client.label.clone(),
                redirect_uri: arrival.redirect_uri.clone(),
                learns: learns(&request),
            }));
        }
        Answer::None | Answer::Allow => {}
    }
    let code = Token::random(&mut rand::rng());
    let data = Code {
        client: client.name.clone(),
        redirect_uri: arrival.redirect_uri.clone(),
        challenge: request.code_challenge,
        nonce: request.nonce,
        scopes: request.scopes,
        strong: person.terms.strong,
        signed_in_at: person.view.signed_in_at,
    };
    let now = environment.clock.now();
    issue_ticket(
        &environment.platform,
        TicketKind::Code,
        &code,
        Some(person.id),
        &data,
        now,
        CODE,
    )
    .await
    .map_err(Refusal::from)?;
    let to = redirect_with_code(&arrival.redirect_uri, site, arrival.state.as_deref(), &code.text());
    Ok(Authorized::To(to.ok_or_else(|| {
        Refusal::internal("a redirect that is registered is no URL")
    })?))
}

/// Why there is no answer for a client.
pub(crate) enum Shown {
    Oauth(OauthError),
    Refusal(Refusal),
}

impl From<OauthError> for Shown {
    fn from(error: OauthError) -> Self {
        Self::Oauth(error)
    }
}

impl From<Refusal> for Shown {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

impl From<freehold_auth::AuthError> for Shown {
    fn from(error: freehold_auth::AuthError) -> Self {
        Self::Refusal(error.into())
    }
}

fn is_registered(client: &ClientDef, asked: &str) -> bool {
    let registered = client.redirect_uris.iter();
    registered
        .filter_map(|uri| RedirectUri::register(uri).ok())
        .any(|uri| uri.allows(asked))
}

/// Whether they signed in recently enough. Whoever is sent to sign in anew comes back with a newer session.
fn is_fresh(environment: &Environment, person: &Person, request: &AuthorizationRequest) -> bool {
    let age = environment.clock.now().0.saturating_sub(person.view.signed_in_at) / 1_000_000;
    let age = u64::try_from(age).unwrap_or(0);
    let recent = request.max_age_secs.is_none_or(|max| age <= max);
    // Half a minute to come back from the sign-in that was asked for.
    recent && (!request.prompts.contains(&Prompt::Login) || age <= 30)
}

fn learns(request: &AuthorizationRequest) -> Vec<String> {
    let has = |scope: &str| request.scopes.iter().any(|it| it == scope);
    let mut learns = Vec::new();
    if has("email") {
        learns.push("your e-mail address".to_owned());
    }
    if has("profile") {
        learns.push("your name".to_owned());
    }
    learns.push("everything here that you may see and do".to_owned());
    learns
}

/// Answers a request for tokens.
///
/// # Errors
/// In OAuth's words.
pub(crate) async fn tokens(
    environment: &Environment,
    authorization: Option<&str>,
    form: &[u8],
    visitor: Visitor<'_>,
) -> Result<Value, Shown> {
    limits::from_place(environment, Door::Proof, visitor.origin).await?;
    let bundle = environment.bundle()?;
    let request = TokenRequest::parse(authorization, form)?;
    let client = client_of(environment, &bundle, &request.client)?;
    match request.grant {
        Grant::Code {
            code,
            redirect_uri,
            verifier,
        } => {
            let wrong = || Shown::from(OauthWord::InvalidGrant.because("the code is wrong, used or too old"));
            let token = Token::parse(code.expose()).ok_or_else(wrong)?;
            let now = environment.clock.now();
            let taken = take_ticket::<Code>(&environment.platform, TicketKind::Code, &token, now).await?;
            let Some(taken) = taken else {
                // It may have been used: whoever comes second, or came first, is not who it was for (RFC 6749, section 4.1.2).
                let ended = end_family(&environment.platform, family_from(&token)).await?;
                tell(environment, &ended);
                return Err(wrong());
            };
            let (user, data) = (taken.user.ok_or_else(wrong)?, taken.data);
            if data.client != client.name || data.redirect_uri != redirect_uri || !verifier.answers(&data.challenge) {
                return Err(wrong());
            }
            let refresh = Refresh {
                family: family_from(&token),
                user,
                client: client.name.clone(),
                terms: Terms {
                    strong: data.strong,
                    lasting: true,
                    scopes: data.scopes.clone(),
                    ..Terms::default()
                },
                expires_at: client.refresh.map_or(0, |lasts| ends(now, lasts)),
            };
            give(environment, &bundle, client, &refresh, Some(&data), visitor).await
        }
        Grant::Refresh { token, .. } => {
            let wrong = || Shown::from(OauthWord::InvalidGrant.because("the refresh token is wrong, used or too old"));
            let token = Token::parse(token.expose()).ok_or_else(wrong)?;
            let now = environment.clock.now();
            match use_refresh(&environment.platform, &token, &client.name, now).await? {
                Refreshed::Good(refresh) => give(environment, &bundle, client, &refresh, None, visitor).await,
                Refreshed::Unknown => Err(wrong()),
                Refreshed::Reused(user, ended) => {
                    tell(environment, &ended);
                    audit::own_account(environment, &bundle, user, "refresh_token_reused", visitor.origin).await;
                    Err(wrong())
                }
            }
        }
        Grant::Client { .. } => Err(OauthWord::UnsupportedGrantType
            .because("machines have API keys here")
            .into()),
    }
}

/// All that comes from one code is one family.
fn family_from(code: &Token) -> Uuid {
    Uuid::from_slice(&code.hash().0[..16]).unwrap_or_default()
}

/// The tokens of somebody, if they may still come in.
async fn give(
    environment: &Environment,
    bundle: &Bundle,
    client: &ClientDef,
    refresh: &Refresh,
    code: Option<&Code>,
    visitor: Visitor<'_>,
) -> Result<Value, Shown> {
    let (platform, now) = (&environment.platform, environment.clock.now());
    let person = find_person(platform, &bundle.directory, refresh.user).await?;
    let person = person.ok_or(OauthWord::InvalidGrant.because("this person may not sign in"))?;
    let access = Token::random(&mut rand::rng());
    let address = visitor.origin.address.map(|address| address.to_string());
    let new = NewSession {
        kind: SessionKind::Token,
        terms: refresh.terms.clone(),
        label: Some(&client.name),
        lasts: ACCESS,
        user_agent: visitor.user_agent,
        address: address.as_deref(),
        family: Some(refresh.family),
        ..NewSession::browser(&bundle.directory, refresh.user)
    };
    let session = begin_session(platform, &access, &new, now).await?;
    if code.is_some() {
        let tenants = person.memberships.iter().filter_map(|it| RowId::parse(&it.tenant.id));
        if let Err(refusal) = audit::signed_in(environment, refresh.user, tenants, "app", visitor.origin).await {
            end_sessions(platform, freehold_auth::Sessions::Family(refresh.family)).await?;
            return Err(refusal.into());
        }
    }
    let mut answer = Map::new();
    answer.insert("access_token".to_owned(), json!(access.text()));
    answer.insert("token_type".to_owned(), json!("Bearer"));
    answer.insert("expires_in".to_owned(), json!(ACCESS.as_secs()));
    if client.refresh.is_some() && refresh.expires_at > now.0 {
        let next = Token::random(&mut rand::rng());
        issue_refresh(platform, &next, refresh, now).await?;
        answer.insert("refresh_token".to_owned(), json!(next.text()));
    }
    if let Some(code) = code.filter(|code| code.scopes.iter().any(|scope| scope == "openid")) {
        let verified = is_verified(platform, refresh.user).await?;
        let keys = keys(environment).await?;
        let key = keys
            .first()
            .ok_or_else(|| Refusal::internal("there is no key to sign with"))?;
        let subject = refresh.user.to_string();
        let (session, access) = (session.to_string(), access.text());
        let token = IdToken {
            issuer: visitor.site,
            subject: &subject,
            client_id: &client.name,
            nonce: code.nonce.as_deref(),
            auth_time: Some(code.signed_in_at / 1_000_000),
            acr: code.strong.then_some("mfa"),
            amr: if code.strong { &["mfa"] } else { &[] },
            sid: Some(&session),
            access_token: Some(&access),
            more: claims_of(&person, verified, &code.scopes),
        };
        let seconds = u32::try_from(ACCESS.as_secs()).unwrap_or(u32::MAX);
        answer.insert("id_token".to_owned(), json!(token.sign(key, now, seconds)));
    }
    Ok(Value::Object(answer))
}

fn claims_of(person: &freehold_auth::SessionView, verified: bool, scopes: &[String]) -> Map<String, Value> {
    let has = |scope: &str| scopes.iter().any(|it| it == scope);
    let mut claims = Map::new();
    if has("email") {
        claims.insert("email".to_owned(), json!(person.user.email));
        claims.insert("email_verified".to_owned(), json!(verified));
    }
    if has("profile") {
        claims.insert("name".to_owned(), json!(person.user.name));
    }
    claims
}

/// What an app may be told about whoever its access token is of.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn user_info(environment: &Environment, view: &freehold_auth::SessionView) -> Result<Value, Refusal> {
    let verified = is_verified(&environment.platform, view.id).await?;
    let mut claims = claims_of(view, verified, &view.terms.scopes);
    claims.insert("sub".to_owned(), json!(view.user.id));
    Ok(Value::Object(claims))
}

/// Revokes a token of a client (RFC 7009). One that there is not is revoked already.
///
/// # Errors
/// In OAuth's words.
pub(crate) async fn revoke(
    environment: &Environment,
    authorization: Option<&str>,
    form: &[u8],
    visitor: Visitor<'_>,
) -> Result<(), Shown> {
    limits::from_place(environment, Door::Proof, visitor.origin).await?;
    let bundle = environment.bundle()?;
    // Its client says who it is as at the token endpoint; the grant is made up, for the parser.
    let mut text = form.to_vec();
    text.extend_from_slice(b"&grant_type=refresh_token&refresh_token=-");
    let request = TokenRequest::parse(authorization, &text)?;
    let client = client_of(environment, &bundle, &request.client)?;
    let mut pairs = url::form_urlencoded::parse(form);
    let token = pairs
        .find(|(name, _)| name == "token")
        .map(|(_, value)| value.into_owned());
    let token = token.ok_or(OauthWord::InvalidRequest.because("token is missing"))?;
    let Some(token) = Token::parse(&token) else {
        return Ok(());
    };
    let platform = &environment.platform;
    let family = match family_of(platform, &token, &client.name).await? {
        Some(family) => Some(family),
        None => freehold_auth::family_of_session(platform, &token, &client.name).await?,
    };
    if let Some(family) = family {
        let ended = end_family(platform, family).await?;
        tell(environment, &ended);
    }
    Ok(())
}

/// Which client it is. One that has a secret shows it.
fn client_of<'b>(
    environment: &Environment,
    bundle: &'b Bundle,
    given: &ClientCredentials,
) -> Result<&'b ClientDef, Shown> {
    let unknown = OauthWord::InvalidClient.because("the client is unknown, or has not proved who it is");
    let client = bundle.catalog.identity.clients.get(&given.client_id).ok_or(unknown)?;
    match (&client.secret, &given.secret) {
        (None, None) => Ok(client),
        (None, Some(_)) | (Some(_), None) => Err(unknown.into()),
        (Some(name), Some(given)) => {
            let Some(secret) = environment.secrets.find(name) else {
                tracing::error!("the secret `{name}` of the client `{}` is not there", client.name);
                return Err(OauthWord::ServerError.because("the client is not set up here").into());
            };
            if secret.is(given.expose()) {
                Ok(client)
            } else {
                Err(unknown.into())
            }
        }
    }
}

/// What apps are told of us.
///
/// # Errors
/// When the keys cannot be had.
pub(crate) async fn discovery(environment: &Environment, site: &str) -> Result<Value, Refusal> {
    let at = |path: &str| format!("{site}{path}");
    let (authorization, token, userinfo, jwks, revocation) = (
        at("/auth/oauth/authorize"),
        at("/auth/token"),
        at("/auth/oauth/userinfo"),
        at("/auth/oauth/jwks"),
        at("/auth/oauth/revoke"),
    );
    let endpoints = Endpoints {
        issuer: site,
        authorization: &authorization,
        token: &token,
        userinfo: &userinfo,
        jwks: &jwks,
        end_session: None,
        revocation: Some(&revocation),
    };
    let keys = keys(environment).await?;
    let keys: Vec<&SigningKey> = keys.iter().collect();
    Ok(discovery_document(&endpoints, &keys, &SCOPES, &CLAIMS))
}

/// The keys that ID tokens are verified with.
///
/// # Errors
/// When they cannot be had.
pub(crate) async fn jwks(environment: &Environment) -> Result<Value, Refusal> {
    let keys = keys(environment).await?;
    Ok(jwks_document(&keys.iter().collect::<Vec<_>>()))
}
