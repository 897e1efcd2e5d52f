//! `/auth/session`, `/auth/sessions`.

use crate::actions::identity::sessions;
use crate::error::Refusal;
use crate::http::auth::door::{Door, HOME, bake, done, redirect};
use crate::http::auth::input::{Style, read};
use crate::http::graphql::forget_cookie;
use crate::http::json;
use crate::http::shell::refused;
use actix_web::HttpResponse;
use actix_web::web::Payload;
use freehold_auth::{AuthError, SessionInfo, find_session};
use freehold_base::{Code, write_datetime};
use serde_json::{Value, json};

/// `GET /auth/session` → who is signed in, or 401.
pub(crate) async fn current(door: &Door<'_>) -> Result<HttpResponse, Refusal> {
    let (call, headers) = (door.call, door.call.request.headers());
    let bundle = call.environment.bundle()?;
    let found = async {
        let credentials = crate::http::credentials::credentials(headers, door.kind)?;
        if credentials.by_cookie {
            crate::http::credentials::check_origin(headers, &call.host, true)?;
        }
        let token = credentials
            .token
            .ok_or_else(|| Refusal::new(Code::Unauthenticated, "nobody is signed in"))?;
        let now = call.environment.clock.now();
        find_session(&call.environment.platform, &bundle.directory, &token, now)
            .await
            .map_err(|error: AuthError| Refusal::from(error))
    };
    match found.await {
        Ok(session) => json(200, &session),
        Err(refusal) if refusal.code() == Code::Unauthenticated => {
            let mut response = refused(&refusal, &call.id);
            forget_cookie(call, &mut response);
            Ok(response)
        }
        Err(refusal) => Err(refusal),
    }
}

/// `GET /auth/sessions` → one's sessions, the last used first.
pub(crate) async fn list(door: &Door<'_>) -> Result<HttpResponse, Refusal> {
    let person = door.reader().await?;
    let sessions = sessions::list(door.call.environment, &person).await?;
    let told = sessions.iter().map(|it| told(it, it.token == person.token.hash()));
    json(200, &json!({"sessions": told.collect::<Vec<_>>()}))
}

fn told(session: &SessionInfo, current: bool) -> Value {
    json!({
        "id": session.id.to_string(),
        "kind": session.kind,
        "current": current,
        "device": device(session.user_agent.as_deref()),
        "userAgent": session.user_agent,
        "address": session.address,
        "provider": session.provider,
        "secondFactor": session.terms.strong,
        "createdAt": moment(session.created_at),
        "lastSeenAt": moment(session.last_seen_at),
        "expiresAt": moment(session.expires_at),
    })
}

/// RFC 3339.
pub(super) fn moment(micros: i64) -> String {
    let mut text = Vec::new();
    write_datetime(&mut text, micros);
    String::from_utf8(text).unwrap_or_default()
}

/// What a browser calls itself, in words: `Firefox on Linux`.
pub(super) fn device(user_agent: Option<&str>) -> String {
    let Some(agent) = user_agent else {
        return "An unknown device".to_owned();
    };
    let find = |names: &[(&str, &'static str)]| {
        names
            .iter()
            .find(|(mark, _)| agent.contains(mark))
            .map(|(_, name)| *name)
    };
    // The order matters: most call themselves by each other's names too.
    let browser = find(&[
        ("Edg", "Edge"),
        ("OPR", "Opera"),
        ("Firefox", "Firefox"),
        ("Chrom", "Chrome"),
        ("Safari", "Safari"),
        ("curl", "curl"),
    ]);
    let system = find(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => agent.chars().take(40).collect(),
    }
}

#[derive(serde::Deserialize)]
struct Which {
    id: String,
}

/// `POST /auth/sessions/revoke {id}` → 204
pub(crate) async fn revoke(door: &Door<'_>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let input = read(door, payload).await?;
    let which: Which = input.as_shape("{\"id\": \"…\"}")?;
    let person = door.person().await?;
    let own = sessions::revoke(door.call.environment, &person, &which.id, door.visitor()).await?;
    let mut response = done(input.style, if own { "/auth/sign-in" } else { HOME })?;
    if own {
        bake(&mut response, door.kind.clear())?;
    }
    Ok(response)
}

#[derive(serde::Deserialize)]
struct All {
    #[serde(default, rename = "includingThis")]
    including_this: super::input::Flag,
}

/// `POST /auth/sessions/revoke-all {includingThis}` → `{revoked}`: every session but this one, or with it.
pub(crate) async fn revoke_all(door: &Door<'_>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let input = read(door, payload).await?;
    let all: All = input.as_shape("{\"includingThis\": true|false}")?;
    let person = door.person().await?;
    let own = all.including_this.0;
    let revoked = sessions::revoke_all(door.call.environment, &person, own, door.visitor()).await?;
    let mut response = match input.style {
        Style::Json => json(200, &json!({"revoked": revoked}))?,
        Style::Form => redirect(if own { "/auth/sign-in" } else { HOME })?,
    };
    if own {
        bake(&mut response, door.kind.clear())?;
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_told_in_words() {
        for (agent, expected) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            ("curl/8.5.0", "curl"),
            ("something", "something"),
        ] {
            assert_eq!(device(Some(agent)), expected);
        }
        assert_eq!(device(None), "An unknown device");
        assert_eq!(moment(1_500_000), "1970-01-01T00:00:01.5Z");
    }
}
