//! Letters: to those who have become members, and with a link by which somebody chooses a password.

use super::rows::{self, Member, Rows};
use crate::binder::Bound;
use crate::error::Result;
use crate::mutate::Writing;
use freehold_base::{RowId, Value, ValueType};
use sha2::{Digest, Sha256};
use std::fmt;
use std::time::Duration;

/// How long a link to choose a new password is good for.
const RESET_FOR: Duration = Duration::from_mins(30);
/// How long an invitation is.
const INVITATION_FOR: Duration = Duration::from_hours(7 * 24);

/// A letter to be sent once the operation is committed, and to be kept nowhere: the database knows its token by the hash alone.
pub struct Letter {
    /// The address.
    pub to: String,
    /// What it is about.
    pub kind: LetterKind,
}

/// What a letter is about.
pub enum LetterKind {
    /// Somebody was made a user and a member. The token of the link: 64 hexadecimal digits, good once.
    Invitation(String),
    /// Somebody who is known already, or who does not sign in with a password, was made a member.
    Membership,
    /// An administrator has reset somebody's password. The token of the link.
    PasswordReset(String),
}

impl fmt::Debug for Letter {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            LetterKind::Invitation(_) => "Invitation",
            LetterKind::Membership => "Membership",
            LetterKind::PasswordReset(_) => "PasswordReset",
        };
        out.debug_struct("Letter").field("kind", &kind).finish_non_exhaustive()
    }
}

/// Writes to somebody who has become a member: everybody learns where they are one.
pub(super) async fn invite(writing: &mut Writing<'_, '_>, member: &Member, is_new: bool) -> Result<()> {
    let kind = if is_new && writing.catalog.passwords.is_some() {
        LetterKind::Invitation(link(writing, member.user, INVITATION_FOR).await?)
    } else {
        LetterKind::Membership
    };
    send(writing, member, kind);
    Ok(())
}

/// Lets somebody choose a new password. Whoever has the old one, or a session, does not get in any more, and a lockout is over; but not
/// of somebody who belongs to other tenants too: no tenant shuts others' people out, or helps itself to more guesses at their
/// passwords. There all of that comes when the link is used.
pub(super) async fn reset(writing: &mut Writing<'_, '_>, rows: &Rows<'_>, member: &Member) -> Result<()> {
    if !rows.belongs_elsewhere(&mut writing.transaction, member.user).await? {
        rows::end_access(&mut writing.transaction, member.user).await?;
    }
    let token = link(writing, member.user, RESET_FOR).await?;
    send(writing, member, LetterKind::PasswordReset(token));
    Ok(())
}

fn send(writing: &mut Writing<'_, '_>, member: &Member, kind: LetterKind) {
    writing.request.letters.push(Letter {
        to: member.email.clone(),
        kind,
    });
}

/// Makes a link; gives its token.
async fn link(writing: &mut Writing<'_, '_>, user: RowId, good_for: Duration) -> Result<String> {
    let mut token = [0; 32];
    for half in token.chunks_exact_mut(16) {
        half.copy_from_slice(&(writing.request.entropy)().to_be_bytes());
    }
    let now = writing.request.binder.caller.now.0;
    let until = now.saturating_add(i64::try_from(good_for.as_micros()).unwrap_or(i64::MAX));
    let sql = "INSERT INTO fh_reset (token_hash, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)";
    let values = vec![
        Bound::new(Value::Bytes(Sha256::digest(token).to_vec()), ValueType::Bytes)?,
        Bound::new(Value::Uuid(user.uuid()), ValueType::Uuid)?,
        Bound::new(Value::Int(now), ValueType::BigInt)?,
        Bound::new(Value::Int(until), ValueType::BigInt)?,
    ];
    writing.transaction.execute(sql.to_owned(), values).await?;
    Ok(token.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = fmt::Write::write_fmt(&mut text, format_args!("{byte:02x}"));
        text
    }))
}
