//! A request to `/auth/…`, with all that its handlers ask of it.

use crate::actions::identity::sign_in::{SignedIn, Step, Waiting};
use crate::actions::identity::visitor::{Person, Visitor, person};
use crate::error::Refusal;
use crate::http::auth::cookies::Small;
use crate::http::auth::input::Style;
use crate::http::credentials::{CookieKind, check_origin, credentials};
use crate::http::graphql::named_tenant;
use crate::http::host::{named, site_for_letters};
use crate::http::json;
use crate::http::shell::Call;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, LOCATION, SET_COOKIE, USER_AGENT};
use freehold_auth::Token;
use serde_json::json;

/// Where people go who say nothing else.
pub(crate) const HOME: &str = "/auth/account";

/// A request to `/auth/…`.
pub(crate) struct Door<'a> {
    pub(crate) call: &'a Call<'a>,
    pub(crate) kind: CookieKind,
    /// The session that a browser shows.
    pub(crate) cookie: Option<Token>,
    /// The session that any client shows.
    pub(crate) token: Option<Token>,
    site: String,
    page: String,
    tenant: Option<String>,
}

impl<'a> Door<'a> {
    /// # Errors
    /// `BAD_REQUEST` for a tenant that cannot be read; without a sound model.
    pub(crate) fn new(call: &'a Call<'a>) -> Result<Self, Refusal> {
        let headers = call.request.headers();
        let environment = call.environment;
        let kind = CookieKind::of(&call.host, environment.without_tls);
        // What cannot be read is as good as nothing: to sign in one need not be signed in.
        let found = credentials(headers, kind).unwrap_or_default();
        let bundle = environment.bundle()?;
        Ok(Self {
            call,
            kind,
            cookie: found.token.clone().filter(|_| found.by_cookie),
            token: found.token,
            site: site_for_letters(&bundle.catalog, &environment.hosts, &call.host, environment.without_tls),
            page: call.host.site(environment.without_tls),
            tenant: named(&bundle, &call.host, named_tenant(headers)?).map(str::to_owned),
        })
    }

    /// Who stands here.
    pub(crate) fn visitor(&self) -> Visitor<'_> {
        let agent = self.call.request.headers().get(USER_AGENT);
        Visitor {
            origin: self.call.origin(),
            user_agent: agent.and_then(|value| value.to_str().ok()),
            previous: self.cookie.as_ref(),
            tenant: self.tenant.as_deref(),
            site: &self.site,
        }
    }

    /// The address of this very page: what a browser calls the origin.
    pub(crate) fn page(&self) -> &str {
        &self.page
    }

    /// Who stands here, for whatever is bound to the origin of the page.
    pub(crate) fn visitor_at_page(&self) -> Visitor<'_> {
        Visitor {
            site: &self.page,
            ..self.visitor()
        }
    }

    /// Who is signed in, for something that only reads.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`; `FORBIDDEN` for what may come from another site's page.
    pub(crate) async fn reader(&self) -> Result<Person, Refusal> {
        if self.cookie.is_some() {
            check_origin(self.call.request.headers(), &self.call.host, true)?;
        }
        person(self.call.environment, self.token.clone()).await
    }

    /// Who is signed in, for something whose origin was checked with its body.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`.
    pub(crate) async fn person(&self) -> Result<Person, Refusal> {
        person(self.call.environment, self.token.clone()).await
    }

    /// Who is signed in, if anybody is.
    pub(crate) async fn anybody(&self) -> Option<Person> {
        self.person().await.ok()
    }

    /// A small cookie of this browser.
    pub(crate) fn small(&self, cookie: Small) -> Option<Token> {
        cookie.find(self.call.request.headers(), self.kind)
    }

    /// A value of the query string.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        let pairs = url::form_urlencoded::parse(self.call.request.query_string().as_bytes());
        let mut named = pairs.filter(|(found, _)| found == name);
        named.next().map(|(_, value)| value.into_owned())
    }

    /// The answer to a sign-in that has gone so far.
    ///
    /// # Errors
    /// Never: answers are our own text.
    pub(crate) fn step(&self, step: Step, style: Style, return_to: &str) -> Result<HttpResponse, Refusal> {
        match step {
            Step::In(signed_in) => self.signed_in(&signed_in, style, return_to),
            Step::SecondFactor(waiting) => self.waits(&waiting, style, return_to),
        }
    }

    /// The answer to a sign-in that is complete.
    ///
    /// # Errors
    /// Never: answers are our own text.
    pub(crate) fn signed_in(
        &self,
        signed_in: &SignedIn,
        style: Style,
        return_to: &str,
    ) -> Result<HttpResponse, Refusal> {
        let mut response = match style {
            Style::Json => json(200, &signed_in.view)?,
            Style::Form => redirect(local(return_to))?,
        };
        bake(&mut response, self.kind.set(&signed_in.token))?;
        if self.small(Small::Step).is_some() {
            bake(&mut response, Small::Step.clear(self.kind))?;
        }
        Ok(response)
    }

    fn waits(&self, waiting: &Waiting, style: Style, return_to: &str) -> Result<HttpResponse, Refusal> {
        let mut response = match style {
            Style::Json => {
                let ticket = waiting.ticket.text();
                json(
                    200,
                    &json!({"secondFactorRequired": {"ticket": ticket, "accepts": waiting.accepts.names()}}),
                )?
            }
            Style::Form => redirect(&with_return("/auth/mfa", return_to))?,
        };
        bake(&mut response, Small::Step.set(self.kind, &waiting.ticket))?;
        Ok(response)
    }
}

/// Adds a cookie to an answer.
///
/// # Errors
/// Never: cookies are our own text.
pub(crate) fn bake(response: &mut HttpResponse, cookie: String) -> Result<(), Refusal> {
    let value = HeaderValue::try_from(cookie).map_err(Refusal::internal)?;
    response.headers_mut().append(SET_COOKIE, value);
    Ok(())
}

/// The answer to something that is done: nothing in JSON, the way back to a page for a form.
///
/// # Errors
/// Never: answers are our own text.
pub(crate) fn done(style: Style, to: &str) -> Result<HttpResponse, Refusal> {
    match style {
        Style::Json => Ok(HttpResponse::new(StatusCode::NO_CONTENT)),
        Style::Form => redirect(to),
    }
}

/// `303 See Other`.
///
/// # Errors
/// Never: where to is our own text, or a local path.
pub(crate) fn redirect(to: &str) -> Result<HttpResponse, Refusal> {
    let mut response = HttpResponse::new(StatusCode::SEE_OTHER);
    let to = HeaderValue::try_from(to).map_err(Refusal::internal)?;
    response.headers_mut().insert(LOCATION, to);
    Ok(response)
}

/// A path of this host, or the page of the account: never somewhere else, whatever a link says.
pub(crate) fn local(path: &str) -> &str {
    let is_local = path.starts_with('/')
        && !path.starts_with("//")
        && path.len() <= 2048
        && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_local { path } else { HOME }
}

/// A path of our own, with where to go then.
pub(crate) fn with_return(path: &str, return_to: &str) -> String {
    match local(return_to) {
        HOME => path.to_owned(),
        to => {
            let to: String = url::form_urlencoded::byte_serialize(to.as_bytes()).collect();
            format!("{path}?return_to={to}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere() {
        for path in ["/", "/a?b=c#d", "/auth/oauth/authorize?client_id=a&x=%0A"] {
            assert_eq!(local(path), path);
        }
        for bad in [
            "",
            "a",
            "//evil.example",
            "/\\evil.example",
            "/a\\b",
            "https://evil.example",
            "/a\r\nSet-Cookie: b",
            "/ä",
            "/a b",
        ] {
            assert_eq!(local(bad), HOME, "{bad}");
        }
        assert_eq!(with_return("/auth/mfa", ""), "/auth/mfa");
        assert_eq!(with_return("/auth/mfa", "/a?b=c"), "/auth/mfa?return_to=%2Fa%3Fb%3Dc");
    }
}
