//! `/auth/sign-in`, `/auth/sign-out`.

use crate::actions::identity::sessions;
use crate::actions::identity::sign_in::by_password;
use crate::bundle::Bundle;
use crate::error::Refusal;
use crate::http::auth::cookies::Small;
use crate::http::auth::door::{Door, HOME, bake, local, redirect, with_return};
use crate::http::auth::input::{Style, read};
use crate::http::auth::page::{frame, is_for_form};
use crate::http::credentials::{check_origin, credentials};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Payload;
use freehold_auth::end_session;
use freehold_base::Code;
use freehold_pages::{Problem, Protocol, Provider, SIGN_IN_REFUSED, SignIn};
use freehold_schema::catalog::SignUp;

const SHAPE: &str = "{\"email\": \"…\", \"password\": \"…\"}";

/// Not `Debug`: it holds a password.
#[derive(serde::Deserialize)]
struct Given {
    email: String,
    password: String,
    #[serde(default)]
    return_to: String,
}

/// `GET /auth/sign-in?return_to=…`
pub(crate) async fn page(door: &Door<'_>) -> Result<HttpResponse, Refusal> {
    let return_to = door.query("return_to").unwrap_or_default();
    if door.cookie.is_some() && door.anybody().await.is_some() {
        return redirect(local(&return_to));
    }
    form(door, 200, "", &return_to, Vec::new())
}

/// The page, with what was typed and what was wrong.
pub(super) fn form(
    door: &Door<'_>,
    status: u16,
    email: &str,
    return_to: &str,
    problems: Vec<Problem>,
) -> Result<HttpResponse, Refusal> {
    let bundle = door.call.environment.bundle()?;
    let identity = &bundle.catalog.identity;
    let framed = frame(door)?;
    let password = bundle.catalog.passwords.is_some();
    let view = SignIn {
        frame: framed.frame.clone(),
        email: email.to_owned(),
        return_to: return_to.to_owned(),
        password,
        forgot: password && door.call.environment.post.is_open(),
        sign_up: password && identity.sign_up != SignUp::Closed,
        passkey: identity.factors.passkeys,
        providers: providers(&bundle, door.visitor().tenant),
        notice: None,
        problems,
    };
    framed.show(door, status, freehold_pages::sign_in(&view))
}

/// The identity providers of the app, as buttons: of a tenant's door, those that its people may use.
pub(super) fn providers(bundle: &Bundle, tenant: Option<&str>) -> Vec<Provider> {
    let identity = &bundle.catalog.identity;
    let all = identity.providers().filter(|provider| {
        let tenants = provider.tenants.as_ref();
        tenants.is_none_or(|tenants| tenant.is_none_or(|tenant| tenants.iter().any(|it| it == tenant)))
    });
    all.map(|provider| Provider {
        protocol: if identity.oidc.contains_key(&provider.name) {
            Protocol::Oidc
        } else {
            Protocol::Saml
        },
        name: provider.name.clone(),
        label: provider.label.clone(),
    })
    .collect()
}

/// `POST /auth/sign-in {email, password}` → the session's cookie, who it is for, and their memberships; or that a second factor is waited
/// for.
pub(crate) async fn sign_in(door: &Door<'_>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let input = read(door, payload).await?;
    let given: Given = input.as_shape(SHAPE)?;
    let outcome = by_password(door.call.environment, &given.email, &given.password, door.visitor()).await;
    match outcome {
        Ok(step) => door.step(step, input.style, &given.return_to),
        Err(refusal) if input.style == Style::Form && is_for_form(&refusal) => {
            let problems = match refusal.code() {
                Code::Unauthenticated if refusal.hint().is_none() => vec![Problem::new(SIGN_IN_REFUSED)],
                _ => super::page::problems(&refusal),
            };
            form(door, refusal.status(), &given.email, &given.return_to, problems)
        }
        Err(refusal) => Err(refusal),
    }
}

/// `POST /auth/sign-out` → 204, signed in or not.
pub(crate) async fn sign_out(door: &Door<'_>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let headers = door.call.request.headers();
    let style = super::input::style_of(headers);
    match style {
        Style::Form => {
            read(door, payload).await?;
        }
        Style::Json => check_origin(headers, &door.call.host, false)?,
    }
    if let Ok(found) = credentials(headers, door.kind)
        && let Some(token) = found.token
    {
        let environment = door.call.environment;
        sessions::tell(environment, &end_session(&environment.platform, &token).await?);
    }
    let mut response = match style {
        Style::Json => HttpResponse::new(StatusCode::NO_CONTENT),
        Style::Form => redirect("/auth/sign-in")?,
    };
    bake(&mut response, door.kind.clear())?;
    if door.small(Small::Step).is_some() {
        bake(&mut response, Small::Step.clear(door.kind))?;
    }
    Ok(response)
}

/// Where somebody goes who has to sign in first.
pub(super) fn sign_in_first(door: &Door<'_>) -> Result<HttpResponse, Refusal> {
    let here = door.call.request.uri().path_and_query().map_or(HOME, |it| it.as_str());
    let to = match local(here) {
        HOME => format!(
            "/auth/sign-in?return_to={}",
            url::form_urlencoded::byte_serialize(HOME.as_bytes()).collect::<String>()
        ),
        here => with_return("/auth/sign-in", here),
    };
    redirect(&to)
}
