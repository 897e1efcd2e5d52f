//! Password hashes as they are stored: Argon2, scrypt and PBKDF2 in PHC strings, bcrypt's own, and Django's PBKDF2.
//!
//! A hash that comes with imported accounts is foreign text, so what it may cost to check is bounded before anything is
//! run. Passwords are taken as they are; normalising them is the caller's, and must not change once hashes exist.

mod stored;

use crate::{FactorError, PASSWORD_BYTES_MAX, Result};
use argon2::{Algorithm, Argon2, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rand::CryptoRng;
use stored::Stored;
use zeroize::Zeroizing;

/// How new passwords are hashed: the kind and what it costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipe {
    /// Argon2id, version 1.3 (RFC 9106).
    Argon2id {
        /// Memory, in KiB.
        memory_kib: u32,
        /// Passes over it.
        passes: u32,
        /// Lanes.
        lanes: u32,
    },
    /// scrypt (RFC 7914). Needs 128 × r × 2^log_n bytes.
    Scrypt {
        /// Logarithm of N to the base of 2.
        log_n: u8,
        /// Block size.
        r: u32,
        /// Parallelism.
        p: u32,
    },
    /// bcrypt. It reads 72 bytes at most, so it refuses passwords that are longer.
    Bcrypt {
        /// Logarithm of the rounds to the base of 2.
        cost: u32,
    },
}

impl Recipe {
    /// The least that OWASP recommends for Argon2id: 19 MiB, two passes.
    pub const DEFAULT: Self = Self::Argon2id {
        memory_kib: 19 * 1024,
        passes: 2,
        lanes: 1,
    };
}

/// What a stored hash says of a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the password.
    Right {
        /// The hash is not of the recipe asked for: hash the password anew, now that it is known.
        outdated: bool,
    },
    /// It is not the password.
    Wrong,
    /// Not a hash of a kind known here, damaged, or one that costs more than is allowed. Nothing was run, so it took less
    /// time than another; whoever must not show that verifies a hash of nobody's password instead.
    Unreadable,
}

/// Whether the password is the one of the stored hash, and whether that was made as `recipe` would.
///
/// Blocks the thread while it works. A password that is empty or longer than [`PASSWORD_BYTES_MAX`] is wrong, and so is one
/// that bcrypt would not read whole, where the hash is bcrypt's: by 72 bytes of it, another one with the same beginning
/// would be right too.
pub fn verify(password: &str, stored: &str, recipe: Recipe) -> Verdict {
    let Some(hash) = Stored::parse(stored) else {
        return Verdict::Unreadable;
    };
    if password.is_empty() || password.len() > PASSWORD_BYTES_MAX {
        return Verdict::Wrong;
    }
    match hash.matches(password) {
        Some(true) => Verdict::Right {
            outdated: !hash.is_made_by(recipe),
        },
        Some(false) => Verdict::Wrong,
        None => Verdict::Unreadable,
    }
}

/// The text of a new password's hash. Blocks the thread while it works.
///
/// bcrypt refuses passwords above 72 bytes or with a NUL rather than to hash them first: a hash of a hash looks like
/// bcrypt's and is not, so no other program could check it.
///
/// # Errors
/// [`FactorError::PasswordLength`], [`FactorError::NotForBcrypt`], [`FactorError::Cost`] for a recipe whose hashes
/// [`verify`] would not run.
pub fn hash(recipe: Recipe, password: &str, rng: &mut dyn CryptoRng) -> Result<String> {
    if password.is_empty() || password.len() > PASSWORD_BYTES_MAX {
        return Err(FactorError::PasswordLength);
    }
    let mut salt = [0; 16];
    rng.fill_bytes(&mut salt);
    let mut out = Zeroizing::new([0; 32]);
    match recipe {
        Recipe::Argon2id {
            memory_kib,
            passes,
            lanes,
        } => {
            let params = stored::argon2_params(memory_kib, passes, lanes, out.len()).ok_or(FactorError::Cost)?;
            Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
                .hash_password_into(password.as_bytes(), &salt, out.as_mut_slice())
                .map_err(|_| FactorError::Cost)?;
            let (salt, out) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(out.as_slice()));
            Ok(format!(
                "$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${out}"
            ))
        }
        Recipe::Scrypt { log_n, r, p } => {
            let params = stored::scrypt_params(log_n, r, p).ok_or(FactorError::Cost)?;
            scrypt::scrypt(password.as_bytes(), &salt, &params, out.as_mut_slice()).map_err(|_| FactorError::Cost)?;
            let (salt, out) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(out.as_slice()));
            Ok(format!("$scrypt$ln={log_n},r={r},p={p}${salt}${out}"))
        }
        Recipe::Bcrypt { cost } => {
            if !stored::bcrypt_reads_whole(password) {
                return Err(FactorError::NotForBcrypt);
            }
            stored::bcrypt_allows(cost).then_some(()).ok_or(FactorError::Cost)?;
            let parts = bcrypt::hash_with_salt(password, cost, salt).map_err(|_| FactorError::Cost)?;
            Ok(parts.format_for_version(bcrypt::Version::TwoB))
        }
    }
}

#[cfg(test)]
mod tests;
