//! Signing in with a password.
//!
//! So many consecutive failures as the app says block the account for a while. An attempt is counted before its password is
//! looked at, in one conditional update, so that attempts made at the same time, on one node or on many, cannot outnumber them. One
//! that finds as many others still running waits for them: a person who signs in from several places at once is not an attacker.

use crate::error::{RefusalCause, Refused};
use crate::read::Sql;
use crate::session::{begin, later};
use crate::{AuthError, Directory, Lockout, Passwords, Token, end_session};
use freehold_base::{Clock, RowId, Timestamp};
use freehold_entities::{credential, session};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseConnection, EntityTrait, QueryFilter};
use std::fmt;
use std::time::Duration;

/// How often an attempt looks whether others have finished: five seconds in all.
const TURN_POLLS: u32 = 250;
const TURN_POLL: Duration = Duration::from_millis(20);

/// One attempt to sign in. `Debug` hides the password, so that it is in no log.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    /// E-mail address, as given.
    pub email: &'a str,
    /// Password, as given.
    pub password: &'a str,
    /// A session that the new one replaces: tokens rotate at sign-in.
    pub previous: Option<&'a Token>,
    /// What the client calls itself.
    pub user_agent: Option<&'a str>,
    /// Where it calls from.
    pub address: Option<&'a str>,
}

impl fmt::Debug for Attempt<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Attempt")
            .field("email", &self.email)
            .field("previous", &self.previous)
            .field("user_agent", &self.user_agent)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// A session has begun.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The user.
    pub user: RowId,
    /// What the client must show from now on.
    pub token: Token,
}

/// Checks a password and begins a session under `token`. Whatever is wrong, the answer is the same and takes as long.
///
/// # Errors
/// [`AuthError::PasswordsOff`], [`AuthError::SignInRefused`], [`AuthError::Busy`], [`AuthError::Database`].
pub async fn sign_in(
    database: &DatabaseConnection,
    directory: &Directory,
    passwords: &Passwords,
    attempt: Attempt<'_>,
    token: Token,
    clock: &dyn Clock,
) -> Result<SignedIn, AuthError> {
    let lockout = directory.lockout.ok_or(AuthError::PasswordsOff)?;
    let _place = passwords.queue()?;
    let account = find_account(database, directory, attempt.email).await?;
    // Nobody's id matches no credential: an unknown address costs the same statements.
    let user = account
        .as_ref()
        .map_or(RowId::from_bytes([0; 16]), |account| account.user);
    let heard = take_turn(database, lockout, user, account.as_ref(), clock).await?;
    let phc = account
        .as_ref()
        .filter(|_| heard)
        .map(|account| account.password_hash.as_str());
    let right = match passwords.verify(attempt.password, phc).await {
        Ok(right) => right,
        Err(error) => {
            // Nothing was tried: the turn is given back.
            give_back(database, user).await?;
            return Err(error);
        }
    };
    let now = clock.now();
    if !right {
        let locked_out = block(database, lockout, user, now).await?;
        return Err(AuthError::SignInRefused(refused(account.as_ref(), heard, locked_out)));
    }
    forgive(database, user).await?;
    if let Some(previous) = attempt.previous {
        end_session(database, previous).await?;
    }
    begin(database, &token, user, now, attempt.user_agent, attempt.address).await?;
    Ok(SignedIn { user, token })
}

/// Sets a user's password to the one of that PHC string, lifts a block, and ends the user's sessions.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn set_password(
    database: &DatabaseConnection,
    user: RowId,
    phc: String,
    now: Timestamp,
) -> Result<(), AuthError> {
    replace_password(database, user, phc, now).await
}

/// The same, perhaps as part of a transaction.
pub(crate) async fn replace_password(
    database: &impl ConnectionTrait,
    user: RowId,
    phc: String,
    now: Timestamp,
) -> Result<(), AuthError> {
    let row = credential::ActiveModel {
        user_id: Set(user.uuid()),
        password_hash: Set(phc),
        failures: Set(0),
        blocked_until: Set(None),
        changed_at: Set(now.0),
    };
    let replace = OnConflict::column(credential::Column::UserId)
        .update_columns([
            credential::Column::PasswordHash,
            credential::Column::Failures,
            credential::Column::BlockedUntil,
            credential::Column::ChangedAt,
        ])
        .to_owned();
    credential::Entity::insert(row)
        .on_conflict(replace)
        .exec_without_returning(database)
        .await?;
    session::Entity::delete_many()
        .filter(session::Column::UserId.eq(user.uuid()))
        .exec(database)
        .await?;
    Ok(())
}

/// Whether that is the user's password. Counts no attempt: for the server's own questions, never for a client's.
///
/// # Errors
/// [`AuthError::Busy`], [`AuthError::Database`].
pub async fn has_password(
    database: &DatabaseConnection,
    passwords: &Passwords,
    user: RowId,
    password: &str,
) -> Result<bool, AuthError> {
    let row = credential::Entity::find_by_id(user.uuid()).one(database).await?;
    match row {
        Some(row) => passwords.verify(password, Some(&row.password_hash)).await,
        None => Ok(false),
    }
}

/// The address as it is stored when somebody gives it by GraphQL: domains have no case.
pub(crate) fn lower_domain(email: &str) -> String {
    match email.rsplit_once('@') {
        Some((local, domain)) => format!("{local}@{}", domain.to_lowercase()),
        None => email.to_owned(),
    }
}

struct Account {
    user: RowId,
    password_hash: String,
    blocked_until: Option<i64>,
}

impl Account {
    fn is_blocked(&self, now: Timestamp) -> bool {
        self.blocked_until.is_some_and(|until| until > now.0)
    }
}

/// An active user with a password and a profile. An address is found as it is written, or in lower case.
async fn find_account(
    database: &DatabaseConnection,
    directory: &Directory,
    email: &str,
) -> Result<Option<Account>, AuthError> {
    let email = email.trim();
    // PostgreSQL takes no text with this character.
    if email.contains('\0') {
        return Ok(None);
    }
    let mut sql = Sql::new(
        "SELECT u.id, c.password_hash, c.blocked_until FROM \"user\" u JOIN fh_credential c ON c.user_id = u.id WHERE u.status = 'active'",
    );
    if directory.default_profile.is_none() {
        sql.push(" AND u.profile IS NOT NULL");
    }
    sql.push(" AND u.email IN (")
        .bind(email)
        .push(", ")
        .bind(email.to_lowercase())
        .push(", ")
        .bind(lower_domain(email))
        .push(") ORDER BY u.email = ")
        .bind(email)
        .push(" DESC LIMIT 1");
    let Some(row) = database.query_one_raw(sql.finish(database)).await? else {
        return Ok(None);
    };
    let user = row.try_get_by::<uuid::Uuid, _>("id")?.into();
    Ok(Some(Account {
        user,
        password_hash: row.try_get_by("password_hash")?,
        blocked_until: row.try_get_by("blocked_until")?,
    }))
}

/// Counts the attempt. False: the account is blocked, or not there; that costs one statement, as the turn of any other does.
async fn take_turn(
    database: &DatabaseConnection,
    lockout: Lockout,
    user: RowId,
    account: Option<&Account>,
    clock: &dyn Clock,
) -> Result<bool, AuthError> {
    for _ in 0..TURN_POLLS {
        let now = clock.now();
        let mut sql = Sql::new(
            "UPDATE fh_credential SET failures = CASE WHEN blocked_until IS NULL THEN failures + 1 ELSE 1 END, ",
        );
        sql.push("blocked_until = NULL WHERE user_id = ")
            .bind(user.uuid())
            .push(" AND (blocked_until <= ")
            .bind(now.0);
        sql.push(" OR (blocked_until IS NULL AND failures < ")
            .bind(failures_max(lockout))
            .push("))");
        if database.execute_raw(sql.finish(database)).await?.rows_affected() == 1 {
            return Ok(true);
        }
        if account.is_none_or(|account| account.is_blocked(now)) {
            return Ok(false);
        }
        let row = credential::Entity::find_by_id(user.uuid()).one(database).await?;
        if row.is_none_or(|row| row.blocked_until.is_some_and(|until| until > now.0)) {
            return Ok(false);
        }
        tokio::time::sleep(TURN_POLL).await;
    }
    // As many attempts as may fail seem to be running still. Should their node have died, they count as failed.
    block(database, lockout, user, clock.now()).await?;
    Ok(false)
}

/// Blocks the account, if it has used up its attempts; says whether that was it.
async fn block(
    database: &DatabaseConnection,
    lockout: Lockout,
    user: RowId,
    now: Timestamp,
) -> Result<bool, AuthError> {
    let mut sql = Sql::new("UPDATE fh_credential SET blocked_until = ");
    sql.bind(later(now, lockout.block))
        .push(" WHERE blocked_until IS NULL AND failures >= ")
        .bind(failures_max(lockout));
    sql.push(" AND user_id = ").bind(user.uuid());
    Ok(database.execute_raw(sql.finish(database)).await?.rows_affected() == 1)
}

/// What a failure was, for the audit log.
fn refused(account: Option<&Account>, heard: bool, locked_out: bool) -> Refused {
    let cause = match account {
        None => RefusalCause::NoAccount,
        Some(_) if locked_out => RefusalCause::LockedOut,
        Some(_) if heard => RefusalCause::WrongPassword,
        Some(_) => RefusalCause::Blocked,
    };
    Refused {
        user: account.map(|account| account.user),
        cause,
    }
}

/// As the column counts them. A bound of 0 would let nobody in, ever.
fn failures_max(lockout: Lockout) -> i32 {
    i32::try_from(lockout.failures_max.max(1)).unwrap_or(i32::MAX)
}

/// Forgets the failures.
async fn forgive(database: &DatabaseConnection, user: RowId) -> Result<(), AuthError> {
    let mut sql = Sql::new("UPDATE fh_credential SET failures = 0, blocked_until = NULL WHERE user_id = ");
    sql.bind(user.uuid());
    database.execute_raw(sql.finish(database)).await?;
    Ok(())
}

async fn give_back(database: &DatabaseConnection, user: RowId) -> Result<(), AuthError> {
    let mut sql = Sql::new(
        "UPDATE fh_credential SET failures = failures - 1 WHERE failures > 0 AND blocked_until IS NULL AND user_id = ",
    );
    sql.bind(user.uuid());
    database.execute_raw(sql.finish(database)).await?;
    Ok(())
}

#[cfg(test)]
mod tests;
