//! `/auth/password/reset`: the page behind the link of a letter, which works without a script, and what it posts to.

use crate::actions::choose_password::choose_password;
use crate::error::Refusal;
use crate::http::credentials::is_json;
use crate::http::shell::Call;
use crate::http::{answer, body};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::web::{Payload, Query};
use freehold_base::Code;

/// Longest body.
const BODY_BYTES_MAX: usize = 16 << 10;
/// The page has no script, and loads nothing.
const POLICY: &str =
    "default-src 'none'; style-src 'sha256-STYLE'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

#[derive(serde::Deserialize)]
struct Link {
    #[serde(default)]
    token: String,
}

/// Not `Debug`: it holds a password.
#[derive(serde::Deserialize)]
struct Choice {
    token: String,
    password: String,
}

/// `GET /auth/password/reset?token=…`
pub(crate) fn page(call: &Call<'_>) -> HttpResponse {
    let token = Query::<Link>::from_query(call.request.query_string())
        .map(|link| link.into_inner().token)
        .unwrap_or_default();
    html(200, &form(call, &token, None))
}

/// The form, with what was wrong with what was posted.
fn form(call: &Call<'_>, token: &str, wrong: Option<&str>) -> String {
    // Whatever it is, it goes back into the form it came from; only what a token consists of.
    let token: String = token.chars().filter(char::is_ascii_hexdigit).take(64).collect();
    let bundle = call.environment.bundle().ok();
    let fewest = bundle
        .and_then(|bundle| bundle.catalog.passwords)
        .map_or(1, |rules| rules.chars_min);
    let wrong = wrong.map_or_else(String::new, |wrong| format!("<p role=\"alert\">{}</p>", escaped(wrong)));
    format!(
        "<h1>Choose a password</h1>{wrong}<form method=\"post\" action=\"/auth/password/reset\">\
         <input type=\"hidden\" name=\"token\" value=\"{token}\">\
         <label for=\"password\">New password, at least {fewest} characters</label>\
         <input id=\"password\" name=\"password\" type=\"password\" minlength=\"{fewest}\" autocomplete=\"new-password\" required autofocus>\
         <button>Set password</button></form>"
    )
}

/// `POST /auth/password/reset {token, password}` → 204; as a form, a page that says how it went.
pub(crate) async fn reset(call: &Call<'_>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let headers = call.request.headers();
    // No cookie counts here: whoever has the token may choose, from whatever page. So there is no other site's request to fear.
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let by_form = kind.starts_with("application/x-www-form-urlencoded");
    if !by_form && !is_json(kind) {
        return Err(Refusal::new(Code::BadRequest, "the body must be JSON").with_status(415));
    }
    let bytes = body::read(call.request, payload, BODY_BYTES_MAX).await?;
    let malformed = || {
        Refusal::new(
            Code::BadRequest,
            "the body must be `{\"token\": \"…\", \"password\": \"…\"}`",
        )
    };
    let choice: Choice = if by_form {
        let text = std::str::from_utf8(&bytes).map_err(|_| malformed())?;
        Query::<Choice>::from_query(text).map_err(|_| malformed())?.into_inner()
    } else {
        serde_json::from_slice(&bytes).map_err(|_| malformed())?
    };
    let outcome = choose_password(call.environment, &choice.token, &choice.password, call.origin()).await;
    match outcome {
        Ok(()) if by_form => Ok(html(
            200,
            "<h1>Done</h1><p>Your password is set. You can sign in with it now.</p>",
        )),
        Ok(()) => Ok(HttpResponse::new(StatusCode::NO_CONTENT)),
        // What refuses is in our own words alone, so nothing of the request is in the page.
        Err(refusal) if by_form && refusal.code() == Code::BadUserInput => Ok(html(
            refusal.status(),
            &form(call, &choice.token, Some(&refusal.message())),
        )),
        Err(refusal) if by_form && refusal.status() < 500 => Ok(html(
            refusal.status(),
            &format!("<h1>That did not work</h1><p>{}</p>", escaped(&refusal.message())),
        )),
        Err(refusal) => Err(refusal),
    }
}

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:24rem;margin:15vh auto;padding:0 1rem;color:#1b1f24;background:#fff}\
label{display:block;margin:1rem 0 .25rem}input{font:inherit;width:100%;box-sizing:border-box;padding:.5rem;border:1px solid #57606a;border-radius:.25rem}\
button{font:inherit;margin-top:1rem;padding:.5rem 1rem;border:0;border-radius:.25rem;background:#0b5cad;color:#fff}\
@media(prefers-color-scheme:dark){body{color:#e6e9ec;background:#15191d}input{color:inherit;background:#20262c}}";

fn html(status: u16, content: &str) -> HttpResponse {
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Password</title><style>{STYLE}</style></head><body><main>{content}</main></body></html>"
    );
    let mut response = answer(status, "text/html; charset=utf-8", page);
    let headers = response.headers_mut();
    let policy = POLICY.replace("STYLE", &style_hash());
    if let Ok(policy) = HeaderValue::try_from(policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(
        HeaderName::from_static("x-frame-options"),
        HeaderValue::from_static("DENY"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What names the style in the policy (Content Security Policy, level 3, section 2.3.1).
fn style_hash() -> String {
    use base64::Engine;
    use sha2::Digest;
    base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(STYLE))
}

fn escaped(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '"' => "&quot;".to_owned(),
            other => other.to_string(),
        })
        .collect()
}
