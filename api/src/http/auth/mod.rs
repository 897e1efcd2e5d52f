//! `/auth/…`: who somebody is. Each path takes JSON from programs, and forms from pages that work without a script; `GET` of most of them
//! is the page.

mod account;
mod apps;
mod cookies;
mod door;
mod email;
mod factors;
mod input;
mod keys;
mod oidc;
mod page;
mod passkeys;
mod passwords;
mod saml;
mod sessions;
mod sign_in;
mod sign_up;

use crate::error::Refusal;
use crate::http::auth::door::Door;
use crate::http::auth::input::Style;
use crate::http::shell::{Call, only};
use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::http::header::{ACCEPT, HeaderMap};
use actix_web::web::Payload;
use freehold_base::Code;

/// Longest body.
const BODY_BYTES_MAX: usize = 16 << 10;

/// Answers a path under `/auth/`.
///
/// # Errors
/// What a client in JSON is told; whoever asked by a form, or for a page, has an answer in HTML instead.
pub(crate) async fn serve(call: &Call<'_>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let wants_page = *call.request.method() == Method::GET && takes_html(call.request.headers());
    let door = Door::new(call)?;
    let style = input::style_of(call.request.headers());
    match route(&door, payload).await {
        Err(refusal) if is_for_programs(call.request.path()) => Err(refusal),
        Err(refusal) if wants_page || style == Style::Form => page::refused(&door, &refusal),
        outcome => outcome,
    }
}

/// The paths, on one screen.
async fn route(door: &Door<'_>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let method = door.call.request.method();
    let path = door.call.request.path();
    let path = path.strip_prefix("/auth/").unwrap_or(path);
    let (get, post) = (&[Method::GET][..], &[Method::POST][..]);
    let both = &[Method::GET, Method::POST][..];
    let is_get = *method == Method::GET;
    match path {
        "sign-in" => {
            only(method, both)?;
            if is_get {
                sign_in::page(door).await
            } else {
                sign_in::sign_in(door, payload).await
            }
        }
        "sign-out" => {
            only(method, post)?;
            sign_in::sign_out(door, payload).await
        }
        "session" => {
            only(method, get)?;
            sessions::current(door).await
        }
        "sessions" => {
            only(method, get)?;
            sessions::list(door).await
        }
        "sessions/revoke" => {
            only(method, post)?;
            sessions::revoke(door, payload).await
        }
        "sessions/revoke-all" => {
            only(method, post)?;
            sessions::revoke_all(door, payload).await
        }
        "mfa" => {
            only(method, both)?;
            if is_get {
                factors::page(door).await
            } else {
                factors::show(door, payload).await
            }
        }
        "totp/begin" => {
            only(method, post)?;
            factors::begin_totp(door, payload).await
        }
        "totp/confirm" => {
            only(method, post)?;
            factors::confirm_totp(door, payload).await
        }
        "totp/remove" => {
            only(method, post)?;
            factors::remove_totp(door, payload).await
        }
        "recovery-codes" => {
            only(method, post)?;
            factors::recovery_codes(door, payload).await
        }
        "passkey/register/begin" => {
            only(method, post)?;
            passkeys::begin_set_up(door, payload).await
        }
        "passkey/register/finish" => {
            only(method, post)?;
            passkeys::finish_set_up(door, payload).await
        }
        "passkey/sign-in/begin" => {
            only(method, post)?;
            passkeys::begin_sign_in(door, payload).await
        }
        "passkey/sign-in/finish" => {
            only(method, post)?;
            passkeys::finish_sign_in(door, payload).await
        }
        "passkey/remove" => {
            only(method, post)?;
            passkeys::remove(door, payload).await
        }
        "password/forgot" => {
            only(method, both)?;
            if is_get {
                passwords::forgot_page(door)
            } else {
                passwords::forgot(door, payload).await
            }
        }
        "password/reset" => {
            only(method, both)?;
            if is_get {
                passwords::reset_page(door)
            } else {
                passwords::reset(door, payload).await
            }
        }
        "password/change" => {
            only(method, both)?;
            if is_get {
                passwords::change_page(door).await
            } else {
                passwords::change(door, payload).await
            }
        }
        "sign-up" => {
            only(method, both)?;
            if is_get {
                sign_up::page(door)
            } else {
                sign_up::ask(door, payload).await
            }
        }
        "sign-up/finish" => {
            only(method, both)?;
            if is_get {
                sign_up::finish_page(door).await
            } else {
                sign_up::finish(door, payload).await
            }
        }
        "email/change" => {
            only(method, both)?;
            if is_get {
                email::change_page(door).await
            } else {
                email::change(door, payload).await
            }
        }
        "email/verify" => {
            only(method, both)?;
            if is_get {
                email::verify_page(door)
            } else {
                email::verify(door, payload).await
            }
        }
        "account" => {
            only(method, get)?;
            account::page(door).await
        }
        "keys" => {
            only(method, both)?;
            if is_get {
                keys::list(door).await
            } else {
                keys::create(door, payload).await
            }
        }
        "keys/revoke" => {
            only(method, post)?;
            keys::revoke(door, payload).await
        }
        "token" => {
            only(method, post)?;
            apps::token(door, payload).await
        }
        "oauth/authorize" => {
            only(method, both)?;
            if is_get {
                apps::authorize(door).await
            } else {
                apps::decide(door, payload).await
            }
        }
        "oauth/jwks" => {
            only(method, get)?;
            apps::jwks(door).await
        }
        "oauth/userinfo" => {
            only(method, both)?;
            apps::user_info(door).await
        }
        "oauth/revoke" => {
            only(method, post)?;
            apps::revoke(door, payload).await
        }
        _ if path.starts_with("oidc/") => match path.split('/').collect::<Vec<_>>()[..] {
            ["oidc", name] => {
                only(method, get)?;
                oidc::begin(door, name).await
            }
            ["oidc", name, "callback"] => {
                only(method, get)?;
                oidc::come_back(door, name).await
            }
            ["oidc", name, "logout"] => {
                only(method, post)?;
                oidc::back_channel_logout(door, name, payload).await
            }
            _ => Err(nothing_at(path)),
        },
        _ if path.starts_with("saml/") => match path.split('/').collect::<Vec<_>>()[..] {
            ["saml", name, "metadata"] => {
                only(method, get)?;
                saml::metadata(door, name)
            }
            ["saml", name, "login"] => {
                only(method, get)?;
                saml::begin(door, name).await
            }
            ["saml", name, "acs"] => {
                only(method, post)?;
                saml::answer(door, name, payload).await
            }
            ["saml", name, "done"] => {
                only(method, get)?;
                saml::come_back(door, name).await
            }
            _ => Err(nothing_at(path)),
        },
        _ if path.starts_with("assets/") => {
            only(method, get)?;
            page::asset(door.call.request.path())
        }
        _ => Err(nothing_at(path)),
    }
}

/// Programs send forms there, and read JSON.
fn is_for_programs(path: &str) -> bool {
    matches!(
        path,
        "/auth/token" | "/auth/oauth/revoke" | "/auth/oauth/userinfo" | "/auth/oauth/jwks"
    ) || (path.starts_with("/auth/oidc/") && path.ends_with("/logout"))
}

fn nothing_at(path: &str) -> Refusal {
    Refusal::new(Code::NotFound, format!("there is nothing at `/auth/{path}`"))
}

/// `GET /.well-known/openid-configuration`
///
/// # Errors
/// When the keys that sign ID tokens cannot be had.
pub(crate) async fn discovery(call: &Call<'_>) -> Result<HttpResponse, Refusal> {
    only(call.request.method(), &[Method::GET])?;
    apps::discovery(&Door::new(call)?).await
}

fn takes_html(headers: &HeaderMap) -> bool {
    headers
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}
