//! Signing in at SAML 2.0 providers.
//!
//! An answer comes by a form that another site's page posts, and browsers send no cookie of ours along with that. So it is judged when it
//! comes, and completed one redirect later, where the browser shows that it is the one that was sent away: else anybody could sign
//! somebody else in as themselves.

use crate::actions::audit;
use crate::actions::identity::external::{self, Facts};
use crate::actions::identity::limits::{self, Door};
use crate::actions::identity::oidc::Sent;
use crate::actions::identity::sign_in::Step;
use crate::actions::identity::visitor::Visitor;
use crate::bundle::Bundle;
use crate::environments::Environment;
use crate::error::Refusal;
use freehold_auth::{RefusalCause, Refused, TicketKind, Token, issue_ticket, take_ticket, use_once};
use freehold_base::Code;
use freehold_saml::{
    Assertion, Certificate, Credentials, Expectations, IdentityProvider, InResponseTo, SamlError, ServiceProvider,
    accept, request_id,
};
use freehold_schema::catalog::SamlDef;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::time::Duration;

/// How long somebody may be away to sign in.
const AWAY: Duration = Duration::from_mins(10);
/// How long the redirect after an answer may take.
const BACK: Duration = Duration::from_mins(1);
/// How far clocks may be apart.
const SKEW_SECONDS: u32 = 90;
/// Secrets with the key and the certificate that sign our requests.
const KEY: &str = "saml_key";
const CERTIFICATE: &str = "saml_certificate";
const EMAIL_FORMAT: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
const TRANSIENT_FORMAT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";

/// What is kept while somebody is away, under what comes back with them.
#[derive(Serialize, Deserialize)]
struct Away {
    provider: String,
    request: String,
    return_to: String,
    /// The hash of what their browser keeps.
    browser: Vec<u8>,
}

/// What is kept until the browser has shown itself.
#[derive(Serialize, Deserialize)]
struct Back {
    provider: String,
    return_to: String,
    browser: Vec<u8>,
    facts: Facts,
}

/// What an administrator gives to the provider.
///
/// # Errors
/// `NOT_FOUND`.
pub(crate) fn metadata(environment: &Environment, name: &str, visitor: Visitor<'_>) -> Result<String, Refusal> {
    let bundle = environment.bundle()?;
    let def = find(&bundle, name, None)?;
    Ok(service_of(environment, def, visitor.site)?.metadata())
}

/// Sends somebody to a provider.
///
/// # Errors
/// `NOT_FOUND`; `UNAVAILABLE` for one that is not set up.
pub(crate) async fn begin(
    environment: &Environment,
    name: &str,
    return_to: &str,
    visitor: Visitor<'_>,
) -> Result<Sent, Refusal> {
    limits::from_place(environment, Door::Proof, visitor.origin).await?;
    let bundle = environment.bundle()?;
    let def = find(&bundle, name, visitor.tenant)?;
    let (service, provider) = (service_of(environment, def, visitor.site)?, provider_of(def)?);
    let now = environment.clock.now();
    let (relay, flow) = (Token::random(&mut rand::rng()), Token::random(&mut rand::rng()));
    let request = request_id(&mut rand::rng());
    let to = service
        .authn_request(&provider, Some(&relay.text()), &request, now.0 / 1_000_000)
        .map_err(|error| not_set_up(name, &error))?;
    let away = Away {
        provider: name.to_owned(),
        request,
        return_to: return_to.to_owned(),
        browser: flow.hash().bytes(),
    };
    issue_ticket(&environment.platform, TicketKind::Saml, &relay, None, &away, now, AWAY).await?;
    Ok(Sent { to, flow })
}

/// Judges an answer; gives what the browser shows next, along with what it keeps.
///
/// # Errors
/// `UNAUTHENTICATED` for whatever is not the sound answer to a request of ours.
pub(crate) async fn answer(
    environment: &Environment,
    name: &str,
    response: &str,
    relay: &str,
    visitor: Visitor<'_>,
) -> Result<Token, Refusal> {
    limits::from_place(environment, Door::Proof, visitor.origin).await?;
    let bundle = environment.bundle()?;
    let def = find(&bundle, name, None)?;
    let (service, provider) = (service_of(environment, def, visitor.site)?, provider_of(def)?);
    let (platform, now) = (&environment.platform, environment.clock.now());
    let lost = || {
        Refusal::new(
            Code::Unauthenticated,
            "this sign-in was not begun here, or has taken too long",
        )
        .with_hint("begin again")
    };
    let relay = Token::parse(relay).ok_or_else(lost)?;
    let taken = take_ticket::<Away>(platform, TicketKind::Saml, &relay, now).await?;
    let away = taken.filter(|taken| taken.data.provider == name).ok_or_else(lost)?.data;
    let expected = Expectations {
        in_response_to: InResponseTo::Request(&away.request),
        now: now.0 / 1_000_000,
        skew_seconds: SKEW_SECONDS,
    };
    let refused = match accept(&service, &provider, response, &expected) {
        Ok(assertion) => {
            let seconds = assertion.remember_until.saturating_sub(expected.now).max(1);
            let lasts = Duration::from_secs(u64::try_from(seconds).unwrap_or(1));
            if use_once(platform, &format!("saml:{name}:{}", assertion.id), now, lasts).await? {
                let back = Back {
                    provider: name.to_owned(),
                    return_to: away.return_to,
                    browser: away.browser,
                    facts: facts_of(def, assertion)?,
                };
                let token = Token::random(&mut rand::rng());
                issue_ticket(platform, TicketKind::SamlBack, &token, None, &back, now, BACK).await?;
                return Ok(token);
            }
            "the answer was used before".to_owned()
        }
        Err(error) => error.to_string(),
    };
    tracing::warn!("signing in at the identity provider `{name}` failed: {refused}");
    let cause = Refused {
        user: None,
        cause: RefusalCause::WrongPassword,
    };
    audit::sign_in_failed(environment, bundle.clone(), cause, "saml", "", visitor.origin).await;
    Err(Refusal::new(
        Code::Unauthenticated,
        format!("the identity provider's answer is refused: {refused}"),
    )
    .with_hint("begin again"))
}

/// Completes the sign-in in the browser that was sent away; gives where it wanted to go, too.
///
/// # Errors
/// `UNAUTHENTICATED` in any other browser.
pub(crate) async fn come_back(
    environment: &Environment,
    name: &str,
    token: &str,
    flow: Option<&Token>,
    visitor: Visitor<'_>,
) -> Result<(Step, String), Refusal> {
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
    let token = Token::parse(token).ok_or_else(lost)?;
    let taken = take_ticket::<Back>(&environment.platform, TicketKind::SamlBack, &token, now).await?;
    let back = taken.ok_or_else(lost)?.data;
    let flow = flow.ok_or_else(lost)?;
    if back.provider != name || back.browser != flow.hash().bytes() {
        return Err(lost());
    }
    let step = external::enter(environment, &bundle, &def.provider, &back.facts, visitor).await?;
    Ok((step, back.return_to))
}

fn find<'b>(bundle: &'b Bundle, name: &str, tenant: Option<&str>) -> Result<&'b SamlDef, Refusal> {
    let def = bundle.catalog.identity.saml.get(name).filter(|def| {
        let tenants = def.provider.tenants.as_ref();
        tenants.is_none_or(|tenants| tenant.is_none_or(|tenant| tenants.iter().any(|it| it == tenant)))
    });
    def.ok_or_else(|| Refusal::new(Code::NotFound, format!("there is no identity provider `{name}`")))
}

fn service_of(environment: &Environment, def: &SamlDef, site: &str) -> Result<ServiceProvider, Refusal> {
    let name = &def.provider.name;
    let service = ServiceProvider::new(
        format!("{site}/auth/saml/{name}/metadata"),
        format!("{site}/auth/saml/{name}/acs"),
    )
    .map_err(|error| not_set_up(name, &error))?;
    let secret = |secret: &str| environment.secrets.find(secret);
    match (secret(KEY), secret(CERTIFICATE)) {
        (Some(key), Some(certificate)) => {
            let credentials =
                Credentials::from_pem(key.expose(), certificate.expose()).map_err(|error| not_set_up(name, &error))?;
            Ok(service.with_credentials(credentials))
        }
        _ if def.sign_requests => {
            tracing::error!(
                "requests to the identity provider `{name}` are to be signed, and the secrets `{KEY}` and `{CERTIFICATE}` are not there"
            );
            Err(Refusal::new(
                Code::Unavailable,
                format!("the identity provider `{name}` is not set up here"),
            ))
        }
        _ => Ok(service),
    }
}

fn provider_of(def: &SamlDef) -> Result<IdentityProvider, Refusal> {
    let name = &def.provider.name;
    let certificates = def.certificates.iter().map(|der| Certificate::from_der(der));
    let certificates = certificates
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| not_set_up(name, &error))?;
    IdentityProvider::new(&def.entity_id, &def.sso_url, certificates).map_err(|error| not_set_up(name, &error))
}

fn facts_of(def: &SamlDef, assertion: Assertion) -> Result<Facts, Refusal> {
    let name_id = &assertion.name_id;
    let format = name_id.format.as_deref();
    if format == Some(TRANSIENT_FORMAT) {
        return Err(Refusal::new(
            Code::Unauthenticated,
            "the identity provider names people anew each time: it must send a persistent name",
        ));
    }
    let email = match &def.email {
        Some(attribute) => assertion
            .attributes
            .get(attribute)
            .and_then(|values| values.first())
            .cloned(),
        None => (format == Some(EMAIL_FORMAT)).then(|| name_id.value.clone()),
    };
    let within = |part: &Option<String>| part.clone().unwrap_or_default();
    let attributes = assertion.attributes.iter();
    let claims: Map<String, Value> = attributes
        .map(|(name, values)| (name.clone(), Value::from(values.clone())))
        .collect();
    Ok(Facts {
        method: "saml".to_owned(),
        // Two are one person when all agree; the separator is in no URI.
        subject: format!(
            "{}\n{}\n{}\n{}",
            name_id.value,
            within(&name_id.format),
            within(&name_id.name_qualifier),
            within(&name_id.sp_name_qualifier)
        ),
        // SAML has no word for it: the provider is believed within the domains that the model states, and nowhere else.
        email_verified: email.is_some() && def.provider.domains.is_some(),
        email: email.map(|email| email.trim().to_owned()),
        strong: assertion
            .authn_context
            .as_ref()
            .is_some_and(|context| def.factor_contexts.contains(context)),
        session: assertion.session_index,
        claims: Value::Object(claims),
    })
}

fn not_set_up(name: &str, error: &SamlError) -> Refusal {
    tracing::error!("the identity provider `{name}`: {error}");
    Refusal::new(
        Code::Unavailable,
        format!("the identity provider `{name}` is not set up here"),
    )
}
