//! Letters with a link by which somebody chooses a password.

use super::rows::Member;
use crate::binder::Bound;
use crate::error::Result;
use crate::mutate::Writing;
use freehold_base::{Value, ValueType};
use sha2::{Digest, Sha256};
use std::fmt;
use std::time::Duration;

/// How long a link to choose a new password is good for.
const RESET_FOR: Duration = Duration::from_secs(30 * 60);
/// How long an invitation is.
const INVITATION_FOR: Duration = Duration::from_secs(7 * 24 * 3600);

/// A letter to be sent once the operation is committed, and to be kept nowhere: the database knows its token by the hash alone.
pub struct Letter {
    /// The address.
    pub to: String,
    /// What it is about.
    pub kind: LetterKind,
    /// The token in its link: 64 hexadecimal digits, good once.
    pub token: String,
}

/// What a letter is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterKind {
    /// Somebody was made a user.
    Invitation,
    /// An administrator has reset somebody's password.
    PasswordReset,
}

impl fmt::Debug for Letter {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Letter")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// Makes a link, and the letter with it.
pub(super) async fn write(writing: &mut Writing<'_, '_>, member: &Member, kind: LetterKind) -> Result<Letter> {
    let mut token = [0; 32];
    for half in token.chunks_exact_mut(16) {
        half.copy_from_slice(&(writing.request.entropy)().to_be_bytes());
    }
    let good_for = match kind {
        LetterKind::Invitation => INVITATION_FOR,
        LetterKind::PasswordReset => RESET_FOR,
    };
    let now = writing.request.binder.caller.now.0;
    let until = now.saturating_add(i64::try_from(good_for.as_micros()).unwrap_or(i64::MAX));
    let sql = "INSERT INTO fh_reset (token_hash, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)";
    let values = vec![
        Bound::new(Value::Bytes(Sha256::digest(token).to_vec()), ValueType::Bytes)?,
        Bound::new(Value::Uuid(member.user.uuid()), ValueType::Uuid)?,
        Bound::new(Value::Int(now), ValueType::BigInt)?,
        Bound::new(Value::Int(until), ValueType::BigInt)?,
    ];
    writing.transaction.execute(sql.to_owned(), values).await?;
    let token = token.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = fmt::Write::write_fmt(&mut text, format_args!("{byte:02x}"));
        text
    });
    Ok(Letter {
        to: member.email.clone(),
        kind,
        token,
    })
}
