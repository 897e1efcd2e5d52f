//! Setting up an authenticator that shows codes, codes for its loss, and taking factors off.

use crate::actions::audit;
use crate::actions::identity::limits::{self, Door};
use crate::actions::identity::second_factor::trust;
use crate::actions::identity::sign_in::{accepts, tell};
use crate::actions::identity::visitor::{Person, Visitor};
use crate::environments::Environment;
use crate::error::Refusal;
use crate::post::Kind;
use freehold_auth::{
    FACTORS_MAX, Factor, FactorKind, TicketKind, Token, add_factor, find_ticket, issue_ticket, list_factors,
    remove_factor, replace_recovery, take_ticket, void_tickets,
};
use freehold_base::{CellPlace, Code, ColumnCipher, EntityTag, FieldPlace, RowId};
use freehold_factors::{RecoveryCode, TotpSecret, totp};
use freehold_vault::KeyUse;
use std::time::Duration;
use uuid::Uuid;

/// How long an authenticator may take to be set up.
const SET_UP_WITHIN: Duration = Duration::from_mins(15);
/// The key of the environment that seals secrets of identity. No model can name it: its keys have no dots.
const KEY: &str = "freehold.identity";

/// What is shown once, to be put into an authenticator. Not `Debug`.
pub(crate) struct SetUp {
    /// Names what is being set up, for its second half.
    pub(crate) ticket: Token,
    /// In base 32, for people who type.
    pub(crate) secret: String,
    /// `otpauth://totp/…`
    pub(crate) uri: String,
    /// The same as a picture.
    pub(crate) qr_svg: String,
}

/// Begins to set up an authenticator. Nothing changes before it has shown that it works.
///
/// # Errors
/// `NOT_FOUND` where the app has none, `CONFLICT` when there is one, `FORBIDDEN` without the second factor that there is.
pub(crate) async fn begin_totp(environment: &Environment, person: &Person) -> Result<SetUp, Refusal> {
    let bundle = &person.bundle;
    if !bundle.catalog.identity.factors.totp {
        return Err(Refusal::new(Code::NotFound, "this app has no authenticator codes"));
    }
    limits::about(environment, Door::Account, &person.id.to_string()).await?;
    let factors = list_factors(&environment.platform, person.id).await?;
    person.shown(factors.len())?;
    if factors.iter().any(|factor| factor.kind == FactorKind::Totp) {
        return Err(Refusal::new(
            Code::Conflict,
            "there is an authenticator already; remove it first",
        ));
    }
    let secret = TotpSecret::random(&mut rand::rng());
    let ticket = Token::random(&mut rand::rng());
    let id = Uuid::from_u128(rand::random());
    // Sealed for what it will be, so that it need not be open in between.
    let sealed = seal(environment, id, secret.bytes()).await?;
    let now = environment.clock.now();
    void_tickets(&environment.platform, TicketKind::TotpSetUp, person.id).await?;
    issue_ticket(
        &environment.platform,
        TicketKind::TotpSetUp,
        &ticket,
        Some(person.id),
        &(id, sealed),
        now,
        SET_UP_WITHIN,
    )
    .await?;
    set_up(ticket, &secret, person)
}

/// What was begun, shown once more.
///
/// # Errors
/// `NOT_FOUND` when it is over.
pub(crate) async fn pending_totp(environment: &Environment, person: &Person, ticket: &Token) -> Result<SetUp, Refusal> {
    let now = environment.clock.now();
    let found = find_ticket::<(Uuid, Vec<u8>)>(&environment.platform, TicketKind::TotpSetUp, ticket, now).await?;
    let found = found.filter(|found| found.user == Some(person.id)).ok_or_else(over)?;
    let (id, sealed) = found.data;
    let secret = open(environment, id, &sealed).await?;
    let secret = TotpSecret::from_bytes(&secret).ok_or_else(|| Refusal::internal("a secret is damaged"))?;
    set_up(ticket.clone(), &secret, person)
}

fn set_up(ticket: Token, secret: &TotpSecret, person: &Person) -> Result<SetUp, Refusal> {
    let (app, account) = (&person.bundle.catalog.app, &person.view.user.email);
    Ok(SetUp {
        ticket,
        secret: secret.base32().to_string(),
        uri: secret.uri(app, account).to_string(),
        qr_svg: secret.qr_svg(app, account).map_err(Refusal::internal)?.to_string(),
    })
}

/// What a factor that was set up gives its owner: codes for its loss, and another token for the session, which is trusted with more.
pub(crate) struct Confirmed {
    pub(crate) recovery_codes: Vec<String>,
    pub(crate) token: Token,
}

/// Ends the set-up with a code that the authenticator shows.
///
/// # Errors
/// `NOT_FOUND` when it is over, `BAD_USER_INPUT` for a wrong code, of which some may be tried.
pub(crate) async fn confirm_totp(
    environment: &Environment,
    person: &Person,
    ticket: &Token,
    code: &str,
    visitor: Visitor<'_>,
) -> Result<Confirmed, Refusal> {
    limits::about(environment, Door::Proof, &person.id.to_string()).await?;
    let (platform, now) = (&environment.platform, environment.clock.now());
    let found = find_ticket::<(Uuid, Vec<u8>)>(platform, TicketKind::TotpSetUp, ticket, now).await?;
    let found = found.filter(|found| found.user == Some(person.id)).ok_or_else(over)?;
    let (id, sealed) = found.data;
    let secret = open(environment, id, &sealed).await?;
    let secret = TotpSecret::from_bytes(&secret).ok_or_else(|| Refusal::internal("a secret is damaged"))?;
    let step = totp::check(&secret, code, now.0 / 1_000_000, None).ok_or_else(|| {
        Refusal::new(Code::BadUserInput, "this is not the code of now").with_hint("is the clock of your device right?")
    })?;
    if take_ticket::<(Uuid, Vec<u8>)>(platform, TicketKind::TotpSetUp, ticket, now)
        .await?
        .is_none()
    {
        return Err(over());
    }
    let factor = Factor {
        id,
        user: person.id,
        kind: FactorKind::Totp,
        label: "Authenticator".to_owned(),
        handle: None,
        secret: sealed,
        used_step: Some(step),
        created_at: now.0,
        last_used_at: Some(now.0),
    };
    add(environment, person, &factor, visitor).await
}

/// Keeps a new factor, tells its owner, and trusts the session that has set it up.
pub(super) async fn add(
    environment: &Environment,
    person: &Person,
    factor: &Factor,
    visitor: Visitor<'_>,
) -> Result<Confirmed, Refusal> {
    let platform = &environment.platform;
    let others = list_factors(platform, person.id).await?;
    if others.len() >= FACTORS_MAX {
        return Err(Refusal::new(
            Code::LimitExceeded,
            format!("nobody has more than {FACTORS_MAX} second factors"),
        ));
    }
    add_factor(platform, factor).await?;
    let recovery_codes = if others.is_empty() {
        renew_recovery(environment, person.id).await?
    } else {
        Vec::new()
    };
    audit::own_account(environment, &person.bundle, person.id, "add_factor", visitor.origin).await;
    tell(environment, &person.bundle, person.id, Kind::MethodAdded, visitor.site).await;
    let token = trust(environment, &person.token).await?;
    Ok(Confirmed { recovery_codes, token })
}

/// Makes new codes for the loss of a factor; the old ones are good no more.
///
/// # Errors
/// `NOT_FOUND` for somebody without a second factor, `FORBIDDEN` for one who has not shown it.
pub(crate) async fn new_recovery_codes(
    environment: &Environment,
    person: &Person,
    visitor: Visitor<'_>,
) -> Result<Vec<String>, Refusal> {
    limits::about(environment, Door::Account, &person.id.to_string()).await?;
    let factors = list_factors(&environment.platform, person.id).await?;
    if factors.is_empty() {
        return Err(Refusal::new(
            Code::NotFound,
            "there is no second factor that could be lost",
        ));
    }
    person.shown(factors.len())?;
    let codes = renew_recovery(environment, person.id).await?;
    audit::own_account(
        environment,
        &person.bundle,
        person.id,
        "renew_recovery_codes",
        visitor.origin,
    )
    .await;
    Ok(codes)
}

async fn renew_recovery(environment: &Environment, user: RowId) -> Result<Vec<String>, Refusal> {
    let codes = RecoveryCode::set(&mut rand::rng());
    let codes: Vec<String> = codes.iter().map(|code| code.text().to_string()).collect();
    replace_recovery(&environment.platform, user, &codes).await?;
    Ok(codes)
}

/// Takes a factor off; without an id, the authenticator that shows codes.
///
/// # Errors
/// `NOT_FOUND`, and `FORBIDDEN` for somebody who has not shown a second factor.
pub(crate) async fn remove(
    environment: &Environment,
    person: &Person,
    kind: FactorKind,
    id: Option<&str>,
    visitor: Visitor<'_>,
) -> Result<(), Refusal> {
    let platform = &environment.platform;
    limits::about(environment, Door::Account, &person.id.to_string()).await?;
    let factors = list_factors(platform, person.id).await?;
    person.shown(factors.len())?;
    let mut mine = factors.iter().filter(|factor| factor.kind == kind);
    let factor = match id {
        None => mine.next(),
        Some(id) => mine.find(|factor| factor.id.to_string() == id),
    };
    let gone = || Refusal::new(Code::NotFound, "there is no such second factor");
    let factor = factor.ok_or_else(gone)?;
    if !remove_factor(platform, person.id, factor.id).await? {
        return Err(gone());
    }
    audit::own_account(environment, &person.bundle, person.id, "remove_factor", visitor.origin).await;
    Ok(())
}

/// What somebody has, for their account.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn list(environment: &Environment, user: RowId) -> Result<(Vec<Factor>, usize), Refusal> {
    let factors = list_factors(&environment.platform, user).await?;
    let left = if accepts(environment, user).await?.recovery {
        freehold_auth::count_recovery(&environment.platform, user).await?
    } else {
        0
    };
    Ok((factors, left))
}

/// Seals a secret of identity for one row.
///
/// # Errors
/// `UNAVAILABLE` when there is no key.
pub(crate) async fn seal(environment: &Environment, id: Uuid, clear: &[u8]) -> Result<Vec<u8>, Refusal> {
    let cipher = environment.sealing_cipher(&[key()]).await?;
    cipher.seal(&place(id), clear).map_err(Refusal::internal)
}

/// Opens what [`seal`] has sealed.
///
/// # Errors
/// `UNAVAILABLE` when the key is not there; `INTERNAL_SERVER_ERROR` for what was changed or moved.
pub(crate) async fn open(environment: &Environment, id: Uuid, sealed: &[u8]) -> Result<Vec<u8>, Refusal> {
    let cipher = environment.cipher(&[key()]).await?;
    cipher.open(&place(id), sealed).map_err(Refusal::internal)
}

fn key() -> KeyUse<'static> {
    KeyUse {
        name: KEY,
        tenant: None,
        rotate_after: None,
    }
}

fn place(id: Uuid) -> CellPlace<'static> {
    CellPlace {
        field: FieldPlace {
            tenant: None,
            // No entity of an app has this number.
            entity: EntityTag::IDENTITY,
            field: "secret",
            key: KEY,
        },
        row: id.into(),
    }
}

fn over() -> Refusal {
    Refusal::new(Code::NotFound, "this set-up has taken too long; begin again")
}
