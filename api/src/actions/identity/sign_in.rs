//! Signing in: a method proves who somebody is, then a second factor is asked for where there is one, then a session begins.

use crate::actions::audit;
use crate::actions::identity::addresses;
use crate::actions::identity::limits::{self, Door};
use crate::actions::identity::sessions;
use crate::actions::identity::visitor::Visitor;
use crate::bundle::Bundle;
use crate::environments::Environment;
use crate::error::Refusal;
use crate::post::Kind;
use freehold_auth::{
    Attempt, AuthError, FactorKind, NewSession, Proven, RefusalCause, SessionView, Terms, TicketKind, Token,
    begin_session, check_password, count_recovery, end_session, find_session, forgive, issue_ticket, list_factors,
    rehash,
};
use freehold_base::{Code, RowId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// How long a second factor is waited for.
const SECOND_FACTOR_WITHIN: Duration = Duration::from_mins(10);

/// By what somebody was proved to be who they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Method {
    /// For the audit log: `password`, `passkey`, `oidc`, `saml` …
    pub(crate) name: String,
    /// The identity provider, and what it calls its own session.
    pub(crate) provider: Option<(String, Option<String>)>,
    /// A second factor was part of it.
    pub(crate) strong: bool,
    /// The only tenant in which the session will count, by id.
    #[serde(default)]
    pub(crate) tenant: Option<String>,
}

impl Method {
    /// A method of our own.
    pub(crate) fn own(name: &str, strong: bool) -> Self {
        Self {
            name: name.to_owned(),
            provider: None,
            strong,
            tenant: None,
        }
    }
}

/// How a sign-in goes on.
pub(crate) enum Step {
    /// A session has begun.
    In(Box<SignedIn>),
    /// A second factor is to be shown, with this ticket.
    SecondFactor(Waiting),
}

/// A session has begun.
pub(crate) struct SignedIn {
    /// What the client must show from now on.
    pub(crate) token: Token,
    /// Who it is for.
    pub(crate) view: SessionView,
}

/// What is waited for.
pub(crate) struct Waiting {
    /// What the client must show along with the factor.
    pub(crate) ticket: Token,
    /// What is accepted.
    pub(crate) accepts: Accepts,
}

/// Which second factors somebody can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Accepts {
    pub(crate) totp: bool,
    pub(crate) passkey: bool,
    pub(crate) recovery: bool,
}

impl Accepts {
    /// None at all.
    pub(crate) fn is_nothing(self) -> bool {
        !self.totp && !self.passkey
    }

    /// For clients: `["totp", "passkey", "recovery_code"]`.
    pub(crate) fn names(self) -> Vec<&'static str> {
        let all = [
            (self.totp, "totp"),
            (self.passkey, "passkey"),
            (self.recovery, "recovery_code"),
        ];
        all.into_iter().filter(|(is, _)| *is).map(|(_, name)| name).collect()
    }
}

/// What a ticket for a second factor knows.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Pending {
    pub(crate) method: Method,
}

/// Signs in with a password.
///
/// # Errors
/// `UNAUTHENTICATED`, the same for whatever is wrong, and for everybody where passwords are off; `RATE_LIMITED`; `UNAVAILABLE` when too
/// many wait, without a sound model, or if it cannot be recorded.
pub(crate) async fn by_password(
    environment: &Environment,
    email: &str,
    password: &str,
    visitor: Visitor<'_>,
) -> Result<Step, Refusal> {
    let (bundle, proven) = prove_password(environment, email, password, visitor).await?;
    if bundle.directory.verify_email && !proven.verified {
        addresses::send_verification(environment, &bundle, proven.user, &proven.email, visitor.site).await?;
        return Err(
            Refusal::new(Code::Unauthenticated, "this e-mail address is not verified yet")
                .with_hint("a letter with a link was sent to it"),
        );
    }
    admit(
        environment,
        &bundle,
        proven.user,
        Method::own("password", false),
        visitor,
    )
    .await
}

/// Whose password it is. Every failure is counted and recorded.
///
/// # Errors
/// As [`by_password`].
pub(crate) async fn prove_password(
    environment: &Environment,
    email: &str,
    password: &str,
    visitor: Visitor<'_>,
) -> Result<(Arc<Bundle>, Proven), Refusal> {
    let origin = visitor.origin;
    if email.len() > 320 {
        return Err(Refusal::new(
            Code::BadRequest,
            "`email` is longer than any e-mail address",
        ));
    }
    let bundle = environment.bundle()?;
    limits::from_place(environment, Door::Password, origin).await?;
    limits::about(environment, Door::Password, email).await?;
    let attempt = Attempt { email, password };
    let clock = environment.clock.as_ref();
    let (platform, directory) = (&environment.platform, &bundle.directory);
    let outcome = check_password(platform, directory, &environment.passwords, attempt, clock).await;
    if let Err(AuthError::SignInRefused(refused)) = &outcome {
        audit::sign_in_failed(environment, bundle.clone(), *refused, "password", email, origin).await;
        if let (RefusalCause::LockedOut, Some(user)) = (refused.cause, refused.user) {
            tell(environment, &bundle, user, Kind::AccountLocked, visitor.site).await;
        }
    }
    let proven = outcome?;
    limits::succeeded(environment, Door::Password, email).await?;
    if let Some(before) = &proven.outdated {
        // The password is at hand just now. If it does not work out, it will be tried at the next sign-in.
        if let Ok(phc) = environment.passwords.hash_queued(password).await {
            rehash(platform, proven.user, before, phc).await?;
        }
    }
    Ok((bundle, proven))
}

/// Lets somebody in who was proved to be who they are, or asks for their second factor.
///
/// # Errors
/// `UNAUTHENTICATED` for somebody who has no profile or is blocked; if it cannot be recorded.
pub(crate) async fn admit(
    environment: &Environment,
    bundle: &Bundle,
    user: RowId,
    method: Method,
    visitor: Visitor<'_>,
) -> Result<Step, Refusal> {
    let accepts = accepts(environment, user).await?;
    if method.strong || accepts.is_nothing() {
        return begin(environment, bundle, user, &method, visitor)
            .await
            .map(|signed_in| Step::In(Box::new(signed_in)));
    }
    let ticket = Token::random(&mut rand::rng());
    let now = environment.clock.now();
    let pending = Pending { method };
    issue_ticket(
        &environment.platform,
        TicketKind::SecondFactor,
        &ticket,
        Some(user),
        &pending,
        now,
        SECOND_FACTOR_WITHIN,
    )
    .await?;
    Ok(Step::SecondFactor(Waiting { ticket, accepts }))
}

/// Which second factors somebody can show.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn accepts(environment: &Environment, user: RowId) -> Result<Accepts, Refusal> {
    let factors = list_factors(&environment.platform, user).await?;
    if factors.is_empty() {
        return Ok(Accepts::default());
    }
    let has = |kind: FactorKind| factors.iter().any(|factor| factor.kind == kind);
    Ok(Accepts {
        totp: has(FactorKind::Totp),
        passkey: has(FactorKind::Passkey),
        recovery: count_recovery(&environment.platform, user).await? > 0,
    })
}

/// Begins the session of somebody who has shown all that is asked.
///
/// # Errors
/// As [`admit`].
pub(crate) async fn begin(
    environment: &Environment,
    bundle: &Bundle,
    user: RowId,
    method: &Method,
    visitor: Visitor<'_>,
) -> Result<SignedIn, Refusal> {
    let (platform, directory) = (&environment.platform, &bundle.directory);
    forgive(platform, user).await?;
    if let Some(previous) = visitor.previous {
        sessions::tell(environment, &end_session(platform, previous).await?);
    }
    let token = Token::random(&mut rand::rng());
    let address = visitor.origin.address.map(|address| address.to_string());
    let provider = method.provider.as_ref();
    let new = NewSession {
        terms: Terms {
            strong: method.strong,
            ..Terms::default()
        },
        tenant: method.tenant.as_deref().and_then(RowId::parse),
        user_agent: visitor.user_agent,
        address: address.as_deref(),
        provider: provider.map(|(name, session)| (name.as_str(), session.as_deref())),
        ..NewSession::browser(directory, user)
    };
    let now = environment.clock.now();
    begin_session(platform, &token, &new, now).await?;
    let seen = async {
        let view = find_session(platform, directory, &token, now).await?;
        let tenants = view.memberships.iter().filter_map(|it| RowId::parse(&it.tenant.id));
        audit::signed_in(environment, user, tenants, &method.name, visitor.origin).await?;
        Ok(view)
    };
    match seen.await {
        Ok(view) => Ok(SignedIn { token, view }),
        Err(refusal) => {
            // Nobody is let in unseen.
            end_session(platform, &token).await?;
            Err(refusal)
        }
    }
}

/// Writes to somebody what has happened to their account. It has happened already; a letter that cannot be sent changes nothing.
pub(crate) async fn tell(environment: &Environment, bundle: &Bundle, user: RowId, kind: Kind, site: &str) {
    if !environment.post.is_open() {
        return;
    }
    match freehold_auth::find_person(&environment.platform, &bundle.directory, user).await {
        Ok(Some(person)) => {
            let app = &bundle.catalog.app;
            environment
                .post
                .send_kind(kind, &person.user.email, site, app, site)
                .await;
        }
        Ok(None) => {}
        Err(error) => tracing::error!("a letter could not be written: {}", crate::error::chain(&error)),
    }
}
