//! The session's token: in a cookie for browsers, in `Authorization: Bearer` for tools. And the guard that a cookie needs: another
//! site's page can make a browser send it along (CSRF).

use crate::actions::identity::exchange::{Presented, session_for};
use crate::error::Refusal;
use crate::http::client_certificate::ClientCertificate;
use crate::http::graphql::named_tenant;
use crate::http::host::{Host, named};
use crate::http::shell::Call;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap, ORIGIN};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use freehold_auth::Token;
use freehold_base::Code;
use freehold_factors::ApiKeyText;

/// The header that another site's page cannot send without being asked.
const CSRF_HEADER: &str = "x-freehold-csrf";

/// Where a request's token came from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Credentials {
    /// The token, if there is one.
    pub(crate) token: Option<Token>,
    /// A browser sent it by itself.
    pub(crate) by_cookie: bool,
}

/// How the cookie is called and guarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CookieKind {
    /// `__Host-freehold`: over TLS only, for this very host.
    Secure,
    /// `freehold`: on a loopback name, where there is no TLS.
    Plain,
}

impl CookieKind {
    /// For requests to that host. Without TLS (`dev`), a browser would not keep a secure cookie.
    pub(crate) fn of(host: &Host, without_tls: bool) -> Self {
        if without_tls || host.is_loopback() {
            Self::Plain
        } else {
            Self::Secure
        }
    }

    /// The cookie's name; others' names begin with it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Secure => "__Host-freehold",
            Self::Plain => "freehold",
        }
    }

    /// `Set-Cookie` of a session that begins.
    pub(crate) fn set(self, token: &Token) -> String {
        format!(
            "{}={}; Path=/; HttpOnly; SameSite=Lax{}",
            self.name(),
            token.text(),
            self.secure()
        )
    }

    /// `Set-Cookie` of a session that is over.
    pub(crate) fn clear(self) -> String {
        format!(
            "{}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax{}",
            self.name(),
            self.secure()
        )
    }

    /// The attribute that keeps it to TLS.
    pub(crate) fn secure(self) -> &'static str {
        match self {
            Self::Secure => "; Secure",
            Self::Plain => "",
        }
    }
}

/// The credentials of a request. `Authorization` comes before the cookie.
///
/// # Errors
/// `UNAUTHENTICATED` for a header or cookie that holds no token.
pub(crate) fn credentials(headers: &HeaderMap, kind: CookieKind) -> Result<Credentials, Refusal> {
    if let Some(header) = headers.get(AUTHORIZATION) {
        return Ok(Credentials {
            token: Some(bearer(header.to_str().map_err(|_| unreadable())?)?),
            by_cookie: false,
        });
    }
    let cookies = headers
        .get_all(COOKIE)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'));
    let mine = cookies
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == kind.name());
    match mine {
        None | Some((_, "")) => Ok(Credentials::default()),
        Some((_, text)) => {
            let token = Token::parse(text.trim_matches('"'))
                .ok_or_else(|| Refusal::from(freehold_auth::AuthError::BadSession))?;
            Ok(Credentials {
                token: Some(token),
                by_cookie: true,
            })
        }
    }
}

/// The credentials of a request, with a session for what is none: a password, a certificate, a token of another issuer.
///
/// # Errors
/// `UNAUTHENTICATED` for what cannot be read or proves nothing.
pub(crate) async fn shown(call: &Call<'_>, kind: CookieKind) -> Result<Credentials, Refusal> {
    let headers = call.request.headers();
    let found = match headers.get(AUTHORIZATION) {
        Some(header) => presented(header.to_str().map_err(|_| unreadable())?, call.is_secure())?,
        None => None,
    };
    if let Some(presented) = found {
        return stands_for(call, &presented).await;
    }
    let credentials = credentials(headers, kind)?;
    match call.request.conn_data::<ClientCertificate>() {
        Some(certificate) if credentials.token.is_none() => {
            let presented = Presented::Certificate {
                fingerprint: certificate.fingerprint,
                emails: certificate.emails.clone(),
            };
            match stands_for(call, &presented).await {
                // A certificate that names nobody opens the connection, and no more.
                Err(refusal) if refusal.code() == Code::Unauthenticated => Ok(credentials),
                outcome => outcome,
            }
        }
        _ => Ok(credentials),
    }
}

async fn stands_for(call: &Call<'_>, presented: &Presented) -> Result<Credentials, Refusal> {
    let bundle = call.environment.bundle()?;
    let tenant = named(&bundle, &call.host, named_tenant(call.request.headers())?);
    let token = session_for(call.environment, presented, tenant, call.origin()).await?;
    Ok(Credentials {
        token: Some(token),
        by_cookie: false,
    })
}

/// What an `Authorization` header shows, if that is no token of ours.
///
/// # Errors
/// `UNAUTHENTICATED` for what cannot be read, and for a password that anybody on the way can read: before it is looked at.
fn presented(header: &str, secure: bool) -> Result<Option<Presented>, Refusal> {
    let (scheme, rest) = header.split_once(' ').ok_or_else(unreadable)?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        let is_jwt = rest.matches('.').count() == 2 && rest.starts_with("ey");
        return Ok(is_jwt.then(|| Presented::Jwt(rest.to_owned())));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Ok(None);
    }
    if !secure {
        return Err(unreadable().with_hint("HTTP Basic is for TLS alone"));
    }
    let text = STANDARD.decode(rest).map_err(|_| unreadable())?;
    let text = String::from_utf8(text).map_err(|_| unreadable())?;
    let (email, password) = text.split_once(':').ok_or_else(unreadable)?;
    Ok(Some(Presented::Basic {
        email: email.to_owned(),
        password: password.to_owned(),
    }))
}

/// The token in `Bearer <token>`: a session's, or an API key's, which is written in another way.
///
/// # Errors
/// `UNAUTHENTICATED` for anything else.
pub(crate) fn bearer(text: &str) -> Result<Token, Refusal> {
    let (scheme, token) = text.split_once(' ').ok_or_else(unreadable)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(unreadable().with_hint("`Authorization: Bearer <token>` is understood"));
    }
    let token = token.trim();
    let key = || ApiKeyText::parse(token).map(|key| Token::from_bytes(*key.bytes()));
    Token::parse(token).or_else(key).ok_or_else(unreadable)
}

fn unreadable() -> Refusal {
    Refusal::new(Code::Unauthenticated, "the credentials cannot be read")
}

/// Refuses a request that another site's page may have made a browser send.
///
/// # Errors
/// `FORBIDDEN`, with what is missing.
pub(crate) fn check_origin(headers: &HeaderMap, host: &Host, reads_only: bool) -> Result<(), Refusal> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if text(CSRF_HEADER).is_some_and(|value| value.trim() == "1") {
        return Ok(());
    }
    let origin = headers.get(ORIGIN).map(|value| value.to_str().unwrap_or("null"));
    let same_origin = origin.is_none_or(|origin| host.is_origin(origin));
    let same_site = text("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"));
    let is_json = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(is_json);
    if same_origin && same_site && (reads_only || is_json) {
        return Ok(());
    }
    Err(
        Refusal::new(Code::Forbidden, "the request may come from another site's page")
            .with_hint("send the header `X-Freehold-CSRF: 1`, or JSON from a page of this host"),
    )
}

/// Whether a `Content-Type` is JSON.
pub(crate) fn is_json(content_type: &str) -> bool {
    content_type
        .split(';')
        .next()
        .is_some_and(|name| name.trim().eq_ignore_ascii_case("application/json"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| {
            (
                HeaderName::try_from(*name).unwrap(),
                HeaderValue::try_from(*value).unwrap(),
            )
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn other_sites_are_kept_out() {
        let json = ("content-type", "application/json");
        let own = ("origin", "https://help.example.com");
        let other = ("origin", "https://evil.example");
        for (pairs, reads_only, expected) in [
            (vec![json], false, true),
            (vec![json, own], false, true),
            (vec![json, other], false, false),
            (vec![json, ("origin", "null")], false, false),
            (vec![json, ("sec-fetch-site", "same-site")], false, false),
            (vec![other, ("x-freehold-csrf", "1")], false, true),
            (vec![other, ("x-freehold-csrf", "0")], false, false),
            (vec![("content-type", "text/plain")], false, false),
            (vec![own], false, false),
            (vec![], true, true),
            (vec![("sec-fetch-site", "none")], true, true),
            (vec![("sec-fetch-site", "same-origin")], true, true),
            (vec![("sec-fetch-site", "cross-site")], true, false),
            (vec![other], true, false),
        ] {
            let host = Host::parse("help.example.com").unwrap();
            assert_eq!(
                check_origin(&headers(&pairs), &host, reads_only).is_ok(),
                expected,
                "{pairs:?} {reads_only}"
            );
        }
    }

    #[test]
    fn tokens_come_from_the_header_or_the_cookie() {
        let token = Token::random(&mut rand::rng());
        let text = token.text();
        let cookie = |name: &str| format!("theme=dark; {name}={text}");
        let found = |pairs: &[(&str, &str)], kind| {
            credentials(&headers(pairs), kind).map(|it| (it.token.map(|it| it.hash()), it.by_cookie))
        };
        let plain = cookie("freehold");
        let secure = cookie("__Host-freehold");
        assert_eq!(
            found(&[("cookie", &plain)], CookieKind::Plain).unwrap(),
            (Some(token.hash()), true)
        );
        assert_eq!(found(&[("cookie", &plain)], CookieKind::Secure).unwrap(), (None, false));
        assert_eq!(
            found(&[("cookie", &secure)], CookieKind::Secure).unwrap(),
            (Some(token.hash()), true)
        );
        let bearer = format!("Bearer {text}");
        assert_eq!(
            found(&[("authorization", &bearer), ("cookie", &plain)], CookieKind::Plain).unwrap(),
            (Some(token.hash()), false)
        );
        assert!(found(&[("authorization", "Basic YTpi")], CookieKind::Plain).is_err());
        let key = ApiKeyText::random(&mut rand::rng());
        let bearer = format!("Bearer {}", &*key.text());
        let hash = Token::from_bytes(*key.bytes()).hash();
        assert_eq!(
            found(&[("authorization", &bearer)], CookieKind::Plain).unwrap(),
            (Some(hash), false)
        );
        assert!(found(&[("authorization", &bearer[..bearer.len() - 1])], CookieKind::Plain).is_err());
        let cookie = format!("freehold={}", &*key.text());
        assert!(
            found(&[("cookie", &cookie)], CookieKind::Plain).is_err(),
            "a key is no session of a browser"
        );
        assert!(found(&[("cookie", "freehold=nonsense")], CookieKind::Plain).is_err());
        assert_eq!(
            found(&[("cookie", "freehold=")], CookieKind::Plain).unwrap(),
            (None, false)
        );
        assert!(CookieKind::Secure.set(&token).starts_with("__Host-freehold="));
        assert!(
            CookieKind::Secure
                .set(&token)
                .ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure")
        );
    }
}
