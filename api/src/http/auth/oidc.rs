//! `/auth/oidc/{provider}`: signing in at an OpenID Connect provider.

use crate::actions::identity::oidc;
use crate::error::Refusal;
use crate::http::auth::BODY_BYTES_MAX;
use crate::http::auth::cookies::Small;
use crate::http::auth::door::{Door, bake, redirect};
use crate::http::auth::input::Style;
use crate::http::auth::page::frame;
use crate::http::body;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Payload;
use freehold_base::Code;
use freehold_pages::{Protocol, Provider, ProviderOutage};

/// `GET /auth/oidc/{provider}?return_to=…` → to the provider
pub(crate) async fn begin(door: &Door<'_>, name: &str) -> Result<HttpResponse, Refusal> {
    let return_to = door.query("return_to").unwrap_or_default();
    match oidc::begin(door.call.environment, name, &return_to, door.visitor_at_page()).await {
        Ok(sent) => {
            let mut response = redirect(&sent.to)?;
            bake(&mut response, Small::Flow.set(door.kind, &sent.flow))?;
            Ok(response)
        }
        Err(refusal) => outage(door, Protocol::Oidc, name, &return_to, refusal),
    }
}

/// `GET /auth/oidc/{provider}/callback?code=…&state=…` → back where they were
pub(crate) async fn come_back(door: &Door<'_>, name: &str) -> Result<HttpResponse, Refusal> {
    let flow = door.small(Small::Flow);
    let query = door.call.request.query_string();
    let outcome = oidc::come_back(
        door.call.environment,
        name,
        query,
        flow.as_ref(),
        door.visitor_at_page(),
    )
    .await;
    match outcome {
        Ok((step, return_to)) => {
            let mut response = door.step(step, Style::Form, &return_to)?;
            bake(&mut response, Small::Flow.clear(door.kind))?;
            Ok(response)
        }
        Err(refusal) => outage(door, Protocol::Oidc, name, "", refusal),
    }
}

/// The page of a provider that does not answer; whatever else is wrong stays what it is.
pub(super) fn outage(
    door: &Door<'_>,
    protocol: Protocol,
    name: &str,
    return_to: &str,
    refusal: Refusal,
) -> Result<HttpResponse, Refusal> {
    let bundle = door.call.environment.bundle()?;
    let def = bundle.catalog.identity.providers().find(|it| it.name == name);
    let Some(def) = def.filter(|_| refusal.code() == Code::Unavailable) else {
        return Err(refusal);
    };
    crate::http::shell::log(&refusal, &door.call.id);
    let framed = frame(door)?;
    let view = ProviderOutage {
        frame: framed.frame.clone(),
        provider: Provider {
            protocol,
            name: name.to_owned(),
            label: def.label.clone(),
        },
        return_to: return_to.to_owned(),
        request_id: door.call.id.clone(),
    };
    framed.show(door, 503, freehold_pages::provider_outage(&view))
}

/// `POST /auth/oidc/{provider}/logout`, from the provider itself: sessions have ended there.
pub(crate) async fn back_channel_logout(
    door: &Door<'_>,
    name: &str,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    // Nobody's cookie counts here: the token is signed.
    let bytes = body::read(door.call.request, payload, BODY_BYTES_MAX).await?;
    let token = url::form_urlencoded::parse(&bytes)
        .find(|(name, _)| name == "logout_token")
        .map(|(_, value)| value.into_owned())
        .ok_or_else(|| Refusal::new(Code::BadRequest, "`logout_token` is missing"))?;
    oidc::back_channel_logout(door.call.environment, name, &token, door.visitor_at_page()).await?;
    Ok(HttpResponse::new(StatusCode::OK))
}
