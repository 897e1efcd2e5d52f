//! Somebody at the door, and somebody who is in.

use crate::actions::audit::Origin;
use crate::bundle::Bundle;
use crate::environments::Environment;
use crate::error::Refusal;
use freehold_auth::{SessionKind, SessionView, Terms, Token, find_session};
use freehold_base::{Code, RowId};
use std::sync::Arc;

/// Somebody at the door.
#[derive(Clone, Copy)]
pub(crate) struct Visitor<'a> {
    /// Where they come from.
    pub(crate) origin: Origin<'a>,
    /// What the client calls itself.
    pub(crate) user_agent: Option<&'a str>,
    /// The session they have already: tokens rotate at sign-in.
    pub(crate) previous: Option<&'a Token>,
    /// The tenant whose door it is, by slug or id: some may not use every method.
    pub(crate) tenant: Option<&'a str>,
    /// The address of a page here, for links in letters: `https://help.example.com`.
    pub(crate) site: &'a str,
}

/// Somebody who is in.
pub(crate) struct Person {
    /// What they have shown.
    pub(crate) token: Token,
    /// Who it is.
    pub(crate) id: RowId,
    /// What the session is good for.
    pub(crate) terms: Terms,
    /// For people to read.
    pub(crate) view: SessionView,
    /// The app as it is now.
    pub(crate) bundle: Arc<Bundle>,
}

/// Somebody in a browser, or in an app that speaks for them. Keys and what else stands for a person at machines changes nothing about
/// the person's account.
///
/// # Errors
/// `UNAUTHENTICATED` without a session, `FORBIDDEN` for what is none of a person.
pub(crate) async fn person(environment: &Environment, token: Option<Token>) -> Result<Person, Refusal> {
    let bundle = environment.bundle()?;
    let token = token.ok_or_else(|| Refusal::new(Code::Unauthenticated, "nobody is signed in"))?;
    let now = environment.clock.now();
    let view = find_session(&environment.platform, &bundle.directory, &token, now).await?;
    if view.kind != SessionKind::Browser.name() {
        return Err(Refusal::new(
            Code::Forbidden,
            "an account is changed by its owner, signed in; not with a key or a token",
        ));
    }
    Ok(Person {
        token,
        id: view.id,
        terms: view.terms.clone(),
        view,
        bundle,
    })
}

impl Person {
    /// The session is the person's own. One by a provider that speaks for some tenants alone changes nothing about them: whoever runs it
    /// could else take their account.
    ///
    /// # Errors
    /// `FORBIDDEN`, with what to do.
    pub(crate) fn whole(&self) -> Result<(), Refusal> {
        if self.view.tenant.is_none() {
            return Ok(());
        }
        Err(Refusal::new(
            Code::Forbidden,
            "this session counts in one tenant alone, and cannot change your account",
        )
        .with_hint("sign in by a way of your own"))
    }

    /// Somebody who has a second factor has shown it: without that, whoever found a session open could take the factor off.
    ///
    /// # Errors
    /// `FORBIDDEN`, with what to do.
    pub(crate) fn shown(&self, factors: usize) -> Result<(), Refusal> {
        self.whole()?;
        if factors == 0 || self.terms.strong {
            return Ok(());
        }
        Err(Refusal::new(Code::Forbidden, "show your second factor first")
            .with_hint("POST /auth/mfa {\"code\": \"…\"}"))
    }
}
