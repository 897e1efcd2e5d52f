//! `/auth/saml/{provider}/…`: signing in at a SAML 2.0 provider.

use crate::actions::identity::saml;
use crate::error::Refusal;
use crate::http::auth::cookies::Small;
use crate::http::auth::door::{Door, bake, redirect};
use crate::http::auth::input::Style;
use crate::http::auth::oidc::outage;
use crate::http::{answer as answered, body};
use actix_web::HttpResponse;
use actix_web::web::Payload;
use freehold_base::Code;
use freehold_pages::Protocol;

/// Longest answer of a provider, in base64 and encoded for a form.
const ANSWER_BYTES_MAX: usize = 600 << 10;

/// `GET /auth/saml/{provider}/metadata`
pub(crate) fn metadata(door: &Door<'_>, name: &str) -> Result<HttpResponse, Refusal> {
    let xml = saml::metadata(door.call.environment, name, door.visitor_at_page())?;
    Ok(answered(200, "application/samlmetadata+xml", xml))
}

/// `GET /auth/saml/{provider}/login?return_to=…` → to the provider
pub(crate) async fn begin(door: &Door<'_>, name: &str) -> Result<HttpResponse, Refusal> {
    let return_to = door.query("return_to").unwrap_or_default();
    match saml::begin(door.call.environment, name, &return_to, door.visitor_at_page()).await {
        Ok(sent) => {
            let mut response = redirect(&sent.to)?;
            bake(&mut response, Small::Flow.set(door.kind, &sent.flow))?;
            Ok(response)
        }
        Err(refusal) => outage(door, Protocol::Saml, name, &return_to, refusal),
    }
}

/// `POST /auth/saml/{provider}/acs`, from the provider's page → to where the browser shows itself
pub(crate) async fn answer(door: &Door<'_>, name: &str, payload: Payload) -> Result<HttpResponse, Refusal> {
    // No cookie of ours comes along with another site's form, and none counts: what counts is signed.
    let bytes = body::read(door.call.request, payload, ANSWER_BYTES_MAX).await?;
    let field = |wanted: &str| {
        let mut pairs = url::form_urlencoded::parse(&bytes).filter(|(name, _)| name == wanted);
        match (pairs.next(), pairs.next()) {
            (Some((_, value)), None) => Ok(value.into_owned()),
            _ => Err(Refusal::new(
                Code::BadRequest,
                format!("`{wanted}` is to be there once"),
            )),
        }
    };
    let (response, relay) = (field("SAMLResponse")?, field("RelayState")?);
    let token = saml::answer(door.call.environment, name, &response, &relay, door.visitor_at_page()).await?;
    redirect(&format!("/auth/saml/{name}/done?t={}", token.text()))
}

/// `GET /auth/saml/{provider}/done?t=…` → back where they were
pub(crate) async fn come_back(door: &Door<'_>, name: &str) -> Result<HttpResponse, Refusal> {
    let flow = door.small(Small::Flow);
    let token = door.query("t").unwrap_or_default();
    let environment = door.call.environment;
    let (step, return_to) = saml::come_back(environment, name, &token, flow.as_ref(), door.visitor_at_page()).await?;
    let mut response = door.step(step, Style::Form, &return_to)?;
    bake(&mut response, Small::Flow.clear(door.kind))?;
    Ok(response)
}
