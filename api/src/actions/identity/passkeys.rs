//! Passkeys: set up while signed in; then instead of a password, or as a second factor.

use crate::actions::audit;
use crate::actions::identity::factors::{self, Confirmed, open, seal};
use crate::actions::identity::limits::{self, Door};
use crate::actions::identity::second_factor::{finish, trust, waiting};
use crate::actions::identity::sign_in::{Method, SignedIn, begin};
use crate::actions::identity::visitor::{Person, Visitor};
use crate::environments::Environment;
use crate::error::Refusal;
use freehold_auth::{
    Factor, FactorKind, RefusalCause, Refused, TicketKind, Token, find_passkey, find_person, issue_ticket,
    list_factors, take_ticket, use_passkey,
};
use freehold_base::{Code, RowId};
use freehold_factors::{Ask, FactorError, RelyingParty, StoredPasskey};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::time::Duration;
use uuid::Uuid;

/// How long a ceremony may take.
const WITHIN: Duration = Duration::from_mins(5);
/// Longest name of a passkey, in characters.
const LABEL_CHARS_MAX: usize = 64;

/// What a ticket of a sign-in knows.
#[derive(Serialize, Deserialize)]
struct Asked {
    state: String,
    /// The person whose second factor it is; `None`: the passkey says who it is.
    user: Option<String>,
    /// Where to go then.
    return_to: String,
}

/// The first half of a ceremony, for the client.
pub(crate) struct Begun {
    /// Names it in its second half.
    pub(crate) ticket: Token,
    /// `{"publicKey": …}`
    pub(crate) options: Box<RawValue>,
}

/// Begins to set up a passkey.
///
/// # Errors
/// `NOT_FOUND` where the app has none, `FORBIDDEN` without the second factor that there is.
pub(crate) async fn begin_set_up(
    environment: &Environment,
    person: &Person,
    label: &str,
    site: &str,
) -> Result<Begun, Refusal> {
    limits::about(environment, Door::Account, &person.id.to_string()).await?;
    let party = party(&person.bundle.catalog, site)?;
    let known = list_factors(&environment.platform, person.id).await?;
    person.shown(known.len())?;
    let stored = stored_of(environment, &known).await?;
    let user = &person.view.user;
    let name = user.name.as_deref().unwrap_or(&user.email);
    let begun = party
        .begin_registration(person.id.uuid(), &user.email, name, &stored)
        .map_err(refused)?;
    let ticket = Token::random(&mut rand::rng());
    let now = environment.clock.now();
    issue_ticket(
        &environment.platform,
        TicketKind::PasskeySetUp,
        &ticket,
        Some(person.id),
        &(begun.state, label),
        now,
        WITHIN,
    )
    .await?;
    Ok(Begun {
        ticket,
        options: raw(begun.options)?,
    })
}

/// Ends the set-up with what the browser says.
///
/// # Errors
/// `NOT_FOUND` when it is over, `BAD_USER_INPUT` for an answer that is not sound, `CONFLICT` for a passkey that is known.
pub(crate) async fn finish_set_up(
    environment: &Environment,
    person: &Person,
    ticket: &Token,
    answer: &str,
    visitor: Visitor<'_>,
) -> Result<Confirmed, Refusal> {
    limits::about(environment, Door::Proof, &person.id.to_string()).await?;
    let party = party(&person.bundle.catalog, visitor.site)?;
    let now = environment.clock.now();
    let taken = take_ticket::<(String, String)>(&environment.platform, TicketKind::PasskeySetUp, ticket, now).await?;
    let (state, label) = taken
        .filter(|taken| taken.user == Some(person.id))
        .ok_or_else(over)?
        .data;
    let passkey = party.finish_registration(&state, answer).map_err(refused)?;
    let handle = handle_of(passkey.credential_id());
    if find_passkey(&environment.platform, &handle).await?.is_some() {
        return Err(Refusal::new(Code::Conflict, "this passkey is known already"));
    }
    let id = Uuid::from_u128(rand::random());
    let text = serde_json::to_vec(&passkey).map_err(Refusal::internal)?;
    let label: String = label
        .trim()
        .chars()
        .filter(|it| !it.is_control())
        .take(LABEL_CHARS_MAX)
        .collect();
    let factor = Factor {
        id,
        user: person.id,
        kind: FactorKind::Passkey,
        label: if label.is_empty() { "Passkey".to_owned() } else { label },
        handle: Some(handle),
        secret: seal(environment, id, &text).await?,
        used_step: None,
        created_at: now.0,
        last_used_at: None,
    };
    factors::add(environment, person, &factor, visitor).await
}

/// Begins to sign in: with a ticket, to show the second factor that it waits for; in a session, to show it once more; else with the
/// passkey alone.
///
/// # Errors
/// `NOT_FOUND` where the app has no passkeys, `UNAUTHENTICATED` for a ticket that is over.
pub(crate) async fn begin_sign_in(
    environment: &Environment,
    waits: Option<&Token>,
    person: Option<&Person>,
    return_to: &str,
    visitor: Visitor<'_>,
) -> Result<Begun, Refusal> {
    limits::from_place(environment, Door::Proof, visitor.origin).await?;
    let bundle = environment.bundle()?;
    let party = party(&bundle.catalog, visitor.site)?;
    let user = match (waits, person) {
        (Some(ticket), _) => Some(waiting(environment, Some(ticket)).await?.0),
        (None, Some(person)) => Some(person.id),
        (None, None) => None,
    };
    let begun = match user {
        Some(user) => {
            let known = list_factors(&environment.platform, user).await?;
            let stored = stored_of(environment, &known).await?;
            party.begin_authentication(Ask::SecondFactor(&stored))
        }
        None => party.begin_authentication(Ask::Discoverable),
    };
    let begun = begun.map_err(refused)?;
    let asked = Asked {
        state: begun.state,
        user: user.map(|user| user.to_string()),
        return_to: return_to.to_owned(),
    };
    let ticket = Token::random(&mut rand::rng());
    let now = environment.clock.now();
    issue_ticket(
        &environment.platform,
        TicketKind::PasskeySignIn,
        &ticket,
        user,
        &asked,
        now,
        WITHIN,
    )
    .await?;
    Ok(Begun {
        ticket,
        options: raw(begun.options)?,
    })
}

/// What became of a sign-in by a passkey.
pub(crate) enum Entered {
    /// A session has begun.
    In(Box<SignedIn>),
    /// The session is trusted with more, and has another token.
    Trusted(Token),
}

/// Ends a sign-in with what the browser says.
///
/// # Errors
/// `UNAUTHENTICATED`, the same for whatever is wrong.
pub(crate) async fn finish_sign_in(
    environment: &Environment,
    ticket: &Token,
    waits: Option<&Token>,
    person: Option<&Person>,
    answer: &str,
    visitor: Visitor<'_>,
) -> Result<(Entered, String), Refusal> {
    limits::from_place(environment, Door::Proof, visitor.origin).await?;
    let bundle = environment.bundle()?;
    let (platform, now) = (&environment.platform, environment.clock.now());
    let taken = take_ticket::<Asked>(platform, TicketKind::PasskeySignIn, ticket, now).await?;
    let asked = taken.ok_or_else(unknown)?.data;
    let proven = prove(environment, &bundle.catalog, &asked.state, answer, visitor.site).await;
    let (user, verified) = match proven {
        Ok(proven) => proven,
        Err(refusal) => {
            let refused = Refused {
                user: None,
                cause: RefusalCause::WrongPassword,
            };
            audit::sign_in_failed(environment, bundle.clone(), refused, "passkey", "", visitor.origin).await;
            return Err(refusal);
        }
    };
    let entered = match asked.user {
        // It is the second factor of somebody whose password was right, or who is signed in.
        Some(expected) if expected == user.to_string() => match (waits, person) {
            (Some(_), _) => finish(environment, &bundle, waits, user, visitor)
                .await
                .map(|signed_in| Entered::In(Box::new(signed_in))),
            (None, Some(person)) if person.id == user => trust(environment, &person.token).await.map(Entered::Trusted),
            (None, _) => Err(unknown()),
        },
        Some(_) => Err(unknown()),
        None => {
            if !verified || find_person(platform, &bundle.directory, user).await?.is_none() {
                return Err(unknown());
            }
            let method = Method::own("passkey", true);
            let signed_in = begin(environment, &bundle, user, &method, visitor).await?;
            Ok(Entered::In(Box::new(signed_in)))
        }
    };
    entered.map(|entered| (entered, asked.return_to))
}

/// Whose passkey has answered, and whether it verified its user.
async fn prove(
    environment: &Environment,
    catalog: &freehold_schema::catalog::Catalog,
    state: &str,
    answer: &str,
    site: &str,
) -> Result<(RowId, bool), Refusal> {
    let party = party(catalog, site)?;
    let id = RelyingParty::credential_id(answer).map_err(|_| unknown())?;
    let factor = find_passkey(&environment.platform, &handle_of(&id))
        .await?
        .ok_or_else(unknown)?;
    let stored = read(environment, &factor).await?;
    let outcome = party
        .finish_authentication(state, answer, &stored)
        .map_err(|error| match error {
            FactorError::RelyingParty(_) | FactorError::State => Refusal::internal(error),
            _ => unknown(),
        })?;
    let text = serde_json::to_vec(&outcome.updated).map_err(Refusal::internal)?;
    let sealed = seal(environment, factor.id, &text).await?;
    // Of two answers at once one counts: a copied device is found out by its counter.
    if !use_passkey(&environment.platform, &factor, sealed, environment.clock.now()).await? {
        return Err(unknown());
    }
    Ok((factor.user, outcome.user_verified))
}

async fn stored_of(environment: &Environment, factors: &[Factor]) -> Result<Vec<StoredPasskey>, Refusal> {
    let mut stored = Vec::new();
    for factor in factors.iter().filter(|factor| factor.kind == FactorKind::Passkey) {
        stored.push(read(environment, factor).await?);
    }
    Ok(stored)
}

async fn read(environment: &Environment, factor: &Factor) -> Result<StoredPasskey, Refusal> {
    let text = open(environment, factor.id, &factor.secret).await?;
    serde_json::from_slice(&text).map_err(|_| Refusal::internal("a passkey cannot be read"))
}

fn handle_of(credential_id: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(credential_id)
}

/// The app as browsers know it: passkeys are bound to the host of its page.
fn party(catalog: &freehold_schema::catalog::Catalog, site: &str) -> Result<RelyingParty, Refusal> {
    if !catalog.identity.factors.passkeys {
        return Err(Refusal::new(Code::NotFound, "this app has no passkeys"));
    }
    let host = site.split_once("://").map_or(site, |(_, authority)| authority);
    let host = host.rsplit_once(':').map_or(host, |(name, _)| name);
    RelyingParty::new(host, &[site], &catalog.app).map_err(|error| {
        Refusal::new(
            Code::BadRequest,
            format!("there are no passkeys at this address: {error}"),
        )
        .with_hint("passkeys need a host name over https, or `localhost`")
    })
}

fn refused(error: FactorError) -> Refusal {
    match error {
        FactorError::Registered => Refusal::new(Code::Conflict, error.to_string()),
        FactorError::UnknownPasskey => Refusal::new(Code::NotFound, "there is no passkey that could be shown"),
        FactorError::State | FactorError::RelyingParty(_) => Refusal::internal(error),
        _ => Refusal::new(Code::BadUserInput, error.to_string()),
    }
}

fn raw(json: String) -> Result<Box<RawValue>, Refusal> {
    RawValue::from_string(json).map_err(Refusal::internal)
}

fn over() -> Refusal {
    Refusal::new(Code::NotFound, "this set-up has taken too long; begin again")
}

fn unknown() -> Refusal {
    Refusal::new(Code::Unauthenticated, "the passkey is not accepted")
}

impl From<FactorError> for Refusal {
    fn from(error: FactorError) -> Self {
        refused(error)
    }
}
