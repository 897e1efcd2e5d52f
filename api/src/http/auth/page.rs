//! Pages as answers.

use crate::error::Refusal;
use crate::http::answer;
use crate::http::auth::cookies::Small;
use crate::http::auth::door::{Door, bake};
use crate::http::auth::input::csrf_of;
use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY};
use freehold_auth::Token;
use freehold_base::Code;
use freehold_pages::{ErrorPage, Frame, Page, Problem, Theme};

/// What is around a page, and the cookie that its forms are held against, if the browser has none yet.
pub(crate) struct Framed {
    pub(crate) frame: Frame,
    cookie: Option<Token>,
}

/// # Errors
/// Without a sound model.
pub(crate) fn frame(door: &Door<'_>) -> Result<Framed, Refusal> {
    let bundle = door.call.environment.bundle()?;
    let found = door.small(Small::Form);
    let token = found.clone().unwrap_or_else(|| Token::random(&mut rand::rng()));
    let frame = Frame {
        theme: Theme {
            title: bundle.catalog.app.clone(),
            ..Theme::default()
        },
        csrf: csrf_of(&token),
        redirects: Vec::new(),
    };
    Ok(Framed {
        frame,
        cookie: found.is_none().then_some(token),
    })
}

/// The answer that a page is.
///
/// # Errors
/// Never: policies are our own text.
pub(crate) fn show(door: &Door<'_>, status: u16, cookie: Option<&Token>, page: Page) -> Result<HttpResponse, Refusal> {
    let mut response = answer(status, "text/html; charset=utf-8", page.html);
    let policy = HeaderValue::try_from(page.policy).map_err(Refusal::internal)?;
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    headers.insert(
        HeaderName::from_static("x-frame-options"),
        HeaderValue::from_static("DENY"),
    );
    // Under `no-referrer` a browser sends forms with `Origin: null`.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(token) = cookie {
        bake(&mut response, Small::Form.set(door.kind, token))?;
    }
    Ok(response)
}

impl Framed {
    /// The answer that a page in this frame is.
    ///
    /// # Errors
    /// Never: policies are our own text.
    pub(crate) fn show(&self, door: &Door<'_>, status: u16, page: Page) -> Result<HttpResponse, Refusal> {
        show(door, status, self.cookie.as_ref(), page)
    }
}

/// What was wrong, for a form. A refusal that is ours to mend is no form's.
pub(crate) fn problems(refusal: &Refusal) -> Vec<Problem> {
    let mut message = sentence(&refusal.message());
    if let Some(hint) = refusal.hint().filter(|hint| !hint.starts_with("POST ")) {
        message = format!("{message} {}", sentence(hint));
    }
    vec![Problem::new(message)]
}

/// Our messages begin small and end without a stop.
fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters.next().map(|it| it.to_uppercase().collect::<String>());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

/// Whether a form can say it. Who comes too often has a page that says when to come again, and none to send at once.
pub(crate) fn is_for_form(refusal: &Refusal) -> bool {
    matches!(
        refusal.code(),
        Code::BadUserInput | Code::Unauthenticated | Code::Conflict | Code::LimitExceeded
    )
}

/// A refusal as a page.
///
/// # Errors
/// The refusal itself, if there is no page to show it on.
pub(crate) fn refused(door: &Door<'_>, refusal: &Refusal) -> Result<HttpResponse, Refusal> {
    crate::http::shell::log(refusal, &door.call.id);
    let framed = frame(door)?;
    let mut message = sentence(&refusal.message());
    if let Some(hint) = refusal.hint().filter(|hint| !hint.starts_with("POST ")) {
        message = format!("{message} {}", sentence(hint));
    }
    let view = ErrorPage {
        frame: framed.frame.clone(),
        code: refusal.code().name().to_owned(),
        message,
        request_id: door.call.id.clone(),
        back: Some("/auth/sign-in".to_owned()),
    };
    let mut response = framed.show(door, refusal.status(), freehold_pages::error_page(&view))?;
    crate::http::shell::retry_after(refusal, &mut response);
    Ok(response)
}

/// A file that pages ask for.
///
/// # Errors
/// `NOT_FOUND`.
pub(crate) fn asset(path: &str) -> Result<HttpResponse, Refusal> {
    let asset = freehold_pages::asset(path)
        .ok_or_else(|| Refusal::new(Code::NotFound, format!("there is nothing at `{path}`")))?;
    let mut response = answer(200, asset.content_type, asset.bytes);
    let immutable = HeaderValue::from_static("public, max-age=31536000, immutable");
    response.headers_mut().insert(CACHE_CONTROL, immutable);
    Ok(response)
}
