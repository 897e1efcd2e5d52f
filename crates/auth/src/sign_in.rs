//! Signing in with a password.
//!
//! So many consecutive failures as the app says block the account for a while. An attempt is counted before its password is
//! looked at, in one conditional update, so that attempts made at the same time, on one node or on many, cannot outnumber them. One
//! that finds as many others still running waits for them: a person who signs in from several places at once is not an attacker.
//!
//! A right password takes its own attempt back. What failed before it is forgotten when the sign-in is complete, with [`forgive`]:
//! where a second factor is still to come, whoever has the password alone gets no more attempts at the code.

use crate::error::{RefusalCause, Refused};
use crate::read::Sql;
use crate::session::later;
use crate::{AuthError, Directory, Lockout, Passwords};
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
}

impl fmt::Debug for Attempt<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Attempt")
            .field("email", &self.email)
            .finish_non_exhaustive()
    }
}

/// The password was right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// The user.
    pub user: RowId,
    /// The address, as it is stored.
    pub email: String,
    /// They have shown that the address is theirs.
    pub verified: bool,
    /// The hash, if it is of another kind than new ones are: to be replaced while the password is at hand.
    pub outdated: Option<String>,
}

/// Checks a password. Whatever is wrong, the answer is the same and takes as long.
///
/// # Errors
/// [`AuthError::PasswordsOff`], [`AuthError::SignInRefused`], [`AuthError::Busy`], [`AuthError::Database`].
pub async fn check_password(
    database: &DatabaseConnection,
    directory: &Directory,
    passwords: &Passwords,
    attempt: Attempt<'_>,
    clock: &dyn Clock,
) -> Result<Proven, AuthError> {
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
    let verdict = match passwords.verify(attempt.password, phc).await {
        Ok(verdict) => verdict,
        Err(error) => {
            // Nothing was tried: the turn is given back.
            give_back(database, user).await?;
            return Err(error);
        }
    };
    let now = clock.now();
    match account.as_ref().filter(|_| verdict.right) {
        Some(account) => {
            give_back(database, user).await?;
            Ok(Proven {
                user,
                email: account.email.clone(),
                verified: account.verified_email == ANY || account.verified_email == account.email,
                outdated: verdict.outdated.then(|| account.password_hash.clone()),
            })
        }
        None => {
            let locked_out = block(database, lockout, user, now).await?;
            Err(AuthError::SignInRefused(refused(account.as_ref(), heard, locked_out)))
        }
    }
}

/// Counts an attempt to show something else than a password, as [`check_password`] does; false: the account is blocked. Whoever has no
/// password is not blocked, and not counted: their attempts are bounded by rate alone.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn begin_attempt(
    database: &DatabaseConnection,
    directory: &Directory,
    user: RowId,
    clock: &dyn Clock,
) -> Result<bool, AuthError> {
    let Some(lockout) = directory.lockout else {
        return Ok(true);
    };
    let row = credential::Entity::find_by_id(user.uuid()).one(database).await?;
    let Some(row) = row else { return Ok(true) };
    let account = Account {
        user,
        email: String::new(),
        password_hash: row.password_hash,
        blocked_until: row.blocked_until,
        verified_email: row.verified_email,
    };
    take_turn(database, lockout, user, Some(&account), clock).await
}

/// What such an attempt has failed; says whether that has blocked the account.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn fail(
    database: &DatabaseConnection,
    directory: &Directory,
    user: RowId,
    now: Timestamp,
) -> Result<bool, AuthError> {
    match directory.lockout {
        Some(lockout) => block(database, lockout, user, now).await,
        None => Ok(false),
    }
}

/// What stands where an address is verified, whichever it is.
const ANY: &str = "*";

/// Whether who sets a password has shown that the person's address is theirs: by a letter, or because they run the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// They have.
    Shown,
    /// It stays as it was.
    AsItWas,
}

/// Sets a user's password to the one of that PHC string, lifts a block, and ends the user's sessions.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn set_password(
    database: &DatabaseConnection,
    user: RowId,
    phc: String,
    address: Address,
    now: Timestamp,
) -> Result<(), AuthError> {
    replace_password(database, user, phc, address, now).await
}

/// Replaces a user's password. Sessions stay: whoever changes their own ends the others beside it.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn change_password(
    database: &DatabaseConnection,
    user: RowId,
    phc: String,
    now: Timestamp,
) -> Result<(), AuthError> {
    credential::Entity::update_many()
        .col_expr(credential::Column::PasswordHash, sea_orm::sea_query::Expr::value(phc))
        .col_expr(credential::Column::ChangedAt, sea_orm::sea_query::Expr::value(now.0))
        .filter(credential::Column::UserId.eq(user.uuid()))
        .exec(database)
        .await?;
    Ok(())
}

/// Replaces the hash of the same password by one of another kind.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn rehash(database: &DatabaseConnection, user: RowId, before: &str, phc: String) -> Result<(), AuthError> {
    credential::Entity::update_many()
        .col_expr(credential::Column::PasswordHash, sea_orm::sea_query::Expr::value(phc))
        .filter(credential::Column::UserId.eq(user.uuid()))
        .filter(credential::Column::PasswordHash.eq(before))
        .exec(database)
        .await?;
    Ok(())
}

/// Whether a user signs in with a password, or did until an administrator has reset it.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn has_credential(database: &DatabaseConnection, user: RowId) -> Result<bool, AuthError> {
    let row = credential::Entity::find_by_id(user.uuid()).one(database).await?;
    Ok(row.is_some())
}

/// Whether nobody but the owner of a user's address can have come in by a password: they have shown that it is theirs, or nobody has
/// chosen a password at all.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn is_verified(database: &DatabaseConnection, user: RowId) -> Result<bool, AuthError> {
    let mut sql = Sql::new(
        "SELECT u.email, c.verified_email FROM \"user\" u LEFT JOIN fh_credential c ON c.user_id = u.id WHERE u.id = ",
    );
    sql.bind(user.uuid());
    let Some(row) = database.query_one_raw(sql.finish(database)).await? else {
        return Ok(false);
    };
    let (email, verified) = (
        row.try_get_by::<Option<String>, _>("email")?,
        row.try_get_by::<Option<String>, _>("verified_email")?,
    );
    Ok(verified.is_none_or(|verified| verified == ANY || Some(verified) == email))
}

/// Notes that a user's address is theirs, as it is stored now.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn verify_address(database: &impl ConnectionTrait, user: RowId) -> Result<(), AuthError> {
    let sql = "UPDATE fh_credential SET verified_email = COALESCE((SELECT u.email FROM \"user\" u WHERE u.id = fh_credential.user_id), '') \
               WHERE user_id = $1";
    let backend = database.get_database_backend();
    let statement = sea_orm::Statement::from_sql_and_values(backend, sql, [user.uuid().into()]);
    database.execute_raw(statement).await?;
    Ok(())
}

/// The same, perhaps as part of a transaction.
pub(crate) async fn replace_password(
    database: &impl ConnectionTrait,
    user: RowId,
    phc: String,
    address: Address,
    now: Timestamp,
) -> Result<(), AuthError> {
    let row = credential::ActiveModel {
        user_id: Set(user.uuid()),
        password_hash: Set(phc),
        failures: Set(0),
        blocked_until: Set(None),
        changed_at: Set(now.0),
        verified_email: Set(String::new()),
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
    match address {
        Address::Shown => verify_address(database, user).await?,
        Address::AsItWas => {}
    }
    crate::refresh::end_refreshes(database, user).await?;
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
        Some(row) => Ok(passwords.verify(password, Some(&row.password_hash)).await?.right),
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
    email: String,
    verified_email: String,
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
        "SELECT u.id, u.email, c.verified_email, c.password_hash, c.blocked_until FROM \"user\" u JOIN fh_credential c ON c.user_id = u.id WHERE u.status = 'active'",
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
        email: row.try_get_by("email")?,
        verified_email: row.try_get_by("verified_email")?,
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

/// Forgets the failures: the sign-in is complete.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn forgive(database: &DatabaseConnection, user: RowId) -> Result<(), AuthError> {
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
