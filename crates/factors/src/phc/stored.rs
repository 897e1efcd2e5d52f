//! A stored hash, taken apart and within bounds.

use super::Recipe;
use ::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Version};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use sha2::{Sha256, Sha512};
use std::ops::RangeInclusive;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Longest text looked at.
const TEXT_BYTES_MAX: usize = 512;
/// Shorter hashes are guessed too easily to be believed.
const ARGON2_BYTES: RangeInclusive<usize> = 16..=64;
/// The first half of these is the hash of half the length, so a text that was cut would still be right; all known writers
/// take 32 at least.
const HASH_BYTES: RangeInclusive<usize> = 32..=64;
const SALT_BYTES: RangeInclusive<usize> = 1..=64;

// What checking one hash may cost: a quarter of a GiB, and one to three seconds of an ordinary processor. What OWASP recommends
// takes a tenth of that; the 2 GiB that RFC 9106 names first are above it.
const MEMORY_BYTES_MAX: u64 = 256 << 20;
/// Bytes filled, over all passes.
const ARGON2_BYTES_MAX: u64 = 1 << 30;
/// Bytes filled, over all lanes.
const SCRYPT_BYTES_MAX: u64 = 512 << 20;
const LANES_MAX: u32 = 16;
/// Eight is usual. It is bounded apart, because each lane needs its block even where N is small.
const SCRYPT_R_MAX: u32 = 64;
const BCRYPT_COST: RangeInclusive<u32> = 4..=14;
const PBKDF2_ROUNDS: RangeInclusive<u32> = 1..=3_000_000;

/// bcrypt's key is 72 bytes, and most of its writers end it at a NUL.
const BCRYPT_BYTES_MAX: usize = 72;

/// A stored hash that may be run.
pub(super) enum Stored {
    Argon2 {
        algorithm: Algorithm,
        version: Version,
        params: argon2::Params,
        salt: Vec<u8>,
        hash: Vec<u8>,
    },
    Scrypt {
        params: scrypt::Params,
        salt: Vec<u8>,
        hash: Vec<u8>,
    },
    Pbkdf2 {
        digest: Digest,
        rounds: u32,
        salt: Vec<u8>,
        hash: Vec<u8>,
    },
    Bcrypt {
        cost: u32,
        text: String,
    },
}

/// The hash under PBKDF2's HMAC.
#[derive(Clone, Copy)]
pub(super) enum Digest {
    Sha256,
    Sha512,
}

impl Stored {
    /// Reads a hash of a known kind whose cost is within bounds.
    pub(super) fn parse(text: &str) -> Option<Self> {
        (text.len() <= TEXT_BYTES_MAX).then_some(())?;
        let kind = text.strip_prefix('$').unwrap_or(text).split('$').next()?;
        let stored = match (text.starts_with('$'), kind) {
            (true, "2a" | "2b" | "2y") => bcrypt_of(text)?,
            (true, "argon2id" | "argon2i" | "argon2d") => argon2_of(kind, text)?,
            (true, "scrypt") => scrypt_of(text)?,
            (true, "pbkdf2-sha256") => pbkdf2_of(Digest::Sha256, text)?,
            (true, "pbkdf2-sha512") => pbkdf2_of(Digest::Sha512, text)?,
            (false, "pbkdf2_sha256") => django_of(text)?,
            _ => return None,
        };
        let fits = match &stored {
            Self::Argon2 { salt, hash, .. } => ARGON2_BYTES.contains(&hash.len()) && SALT_BYTES.contains(&salt.len()),
            Self::Scrypt { salt, hash, .. } | Self::Pbkdf2 { salt, hash, .. } => {
                HASH_BYTES.contains(&hash.len()) && SALT_BYTES.contains(&salt.len())
            }
            // Its text has one length.
            Self::Bcrypt { .. } => true,
        };
        fits.then_some(stored)
    }

    /// Whether the password is this hash's. `None`, if the hash cannot be run after all.
    pub(super) fn matches(&self, password: &str) -> Option<bool> {
        let bytes = password.as_bytes();
        match self {
            Self::Argon2 {
                algorithm,
                version,
                params,
                salt,
                hash,
            } => {
                let mut out = Zeroizing::new(vec![0; hash.len()]);
                Argon2::new(*algorithm, *version, params.clone())
                    .hash_password_into(bytes, salt, &mut out)
                    .ok()?;
                Some(out.ct_eq(hash).into())
            }
            Self::Scrypt { params, salt, hash } => {
                let mut out = Zeroizing::new(vec![0; hash.len()]);
                scrypt::scrypt(bytes, salt, params, &mut out).ok()?;
                Some(out.ct_eq(hash).into())
            }
            Self::Pbkdf2 {
                digest,
                rounds,
                salt,
                hash,
            } => {
                let mut out = Zeroizing::new(vec![0; hash.len()]);
                match digest {
                    Digest::Sha256 => pbkdf2::pbkdf2_hmac::<Sha256>(bytes, salt, *rounds, &mut out),
                    Digest::Sha512 => pbkdf2::pbkdf2_hmac::<Sha512>(bytes, salt, *rounds, &mut out),
                }
                Some(out.ct_eq(hash).into())
            }
            Self::Bcrypt { text, .. } => {
                // Run in any case, so that it takes as long.
                let right = bcrypt::verify(password, text).ok()?;
                Some(right && bcrypt_reads_whole(password))
            }
        }
    }

    /// Whether it is what `recipe` makes, salt and length included.
    pub(super) fn is_made_by(&self, recipe: Recipe) -> bool {
        match (self, recipe) {
            (
                Self::Argon2 {
                    algorithm,
                    version,
                    params,
                    salt,
                    hash,
                },
                Recipe::Argon2id {
                    memory_kib,
                    passes,
                    lanes,
                },
            ) => {
                (*algorithm, *version) == (Algorithm::Argon2id, Version::V0x13)
                    && (params.m_cost(), params.t_cost(), params.p_cost()) == (memory_kib, passes, lanes)
                    && salt.len() >= 16
                    && hash.len() >= 32
            }
            (Self::Scrypt { params, salt, hash }, Recipe::Scrypt { log_n, r, p }) => {
                (params.log_n(), params.r(), params.p()) == (log_n, r, p) && salt.len() >= 16 && hash.len() >= 32
            }
            (Self::Bcrypt { cost, .. }, Recipe::Bcrypt { cost: wanted }) => *cost == wanted,
            (
                Self::Argon2 { .. } | Self::Scrypt { .. } | Self::Pbkdf2 { .. } | Self::Bcrypt { .. },
                Recipe::Argon2id { .. } | Recipe::Scrypt { .. } | Recipe::Bcrypt { .. },
            ) => false,
        }
    }
}

/// Argon2's parameters, if they are within bounds.
pub(super) fn argon2_params(memory_kib: u32, passes: u32, lanes: u32, out_bytes: usize) -> Option<argon2::Params> {
    let memory = u64::from(memory_kib) << 10;
    let fits = memory <= MEMORY_BYTES_MAX
        && memory.checked_mul(u64::from(passes))? <= ARGON2_BYTES_MAX
        && (1..=LANES_MAX).contains(&lanes);
    fits.then(|| argon2::Params::new(memory_kib, passes, lanes, Some(out_bytes)).ok())?
}

/// scrypt's parameters, if they are within bounds.
pub(super) fn scrypt_params(log_n: u8, r: u32, p: u32) -> Option<scrypt::Params> {
    let memory = 1_u64
        .checked_shl(u32::from(log_n))?
        .checked_mul(128)?
        .checked_mul(u64::from(r))?;
    let fits = memory <= MEMORY_BYTES_MAX
        && memory.checked_mul(u64::from(p))? <= SCRYPT_BYTES_MAX
        && (1..=LANES_MAX).contains(&p)
        && (1..=SCRYPT_R_MAX).contains(&r)
        && log_n > 0;
    fits.then(|| scrypt::Params::new(log_n, r, p).ok())?
}

/// Whether this cost of bcrypt may be run.
pub(super) fn bcrypt_allows(cost: u32) -> bool {
    BCRYPT_COST.contains(&cost)
}

/// Whether every byte of the password counts for bcrypt.
pub(super) fn bcrypt_reads_whole(password: &str) -> bool {
    password.len() <= BCRYPT_BYTES_MAX && !password.contains('\0')
}

fn bcrypt_of(text: &str) -> Option<Stored> {
    let cost = decimal(text.get(4..6)?)?;
    // It is parsed here, so that it can only be wrong later.
    text.parse::<bcrypt::HashParts>().ok()?;
    bcrypt_allows(cost).then(|| Stored::Bcrypt {
        cost,
        text: text.to_owned(),
    })
}

fn argon2_of(kind: &str, text: &str) -> Option<Stored> {
    let parsed = PasswordHash::new(text).ok()?;
    let version = match parsed.version {
        // Before versions were written there was 1.0 alone.
        None | Some(0x10) => Version::V0x10,
        Some(0x13) => Version::V0x13,
        Some(_) => return None,
    };
    let algorithm = match kind {
        "argon2id" => Algorithm::Argon2id,
        "argon2i" => Algorithm::Argon2i,
        "argon2d" => Algorithm::Argon2d,
        _ => return None,
    };
    let [memory_kib, passes, lanes] = numbers(&parsed, ["m", "t", "p"])?;
    let (salt, hash) = ends(&parsed)?;
    let params = argon2_params(memory_kib, passes, lanes, hash.len())?;
    Some(Stored::Argon2 {
        algorithm,
        version,
        params,
        salt,
        hash,
    })
}

fn scrypt_of(text: &str) -> Option<Stored> {
    let parsed = PasswordHash::new(text).ok()?;
    parsed.version.is_none().then_some(())?;
    let [log_n, r, p] = numbers(&parsed, ["ln", "r", "p"])?;
    let (salt, hash) = ends(&parsed)?;
    let params = scrypt_params(u8::try_from(log_n).ok()?, r, p)?;
    Some(Stored::Scrypt { params, salt, hash })
}

/// `$pbkdf2-sha256$i=600000,l=32$salt$hash`; and what passlib writes, which is no PHC string: `$pbkdf2-sha256$29000$salt$hash`
/// with a dot for the plus sign.
fn pbkdf2_of(digest: Digest, text: &str) -> Option<Stored> {
    let fields: Vec<&str> = text.split('$').collect();
    let (rounds, salt, hash) = if let ["", _, rounds, salt, hash] = fields.as_slice()
        && !rounds.contains('=')
    {
        let bytes = |field: &str| STANDARD_NO_PAD.decode(field.replace('.', "+")).ok();
        (decimal(rounds)?, bytes(salt)?, bytes(hash)?)
    } else {
        let parsed = PasswordHash::new(text).ok()?;
        parsed.version.is_none().then_some(())?;
        let (salt, hash) = ends(&parsed)?;
        let rounds = if parsed.params.iter().count() == 1 {
            let [rounds] = numbers(&parsed, ["i"])?;
            rounds
        } else {
            let [rounds, length] = numbers(&parsed, ["i", "l"])?;
            (usize::try_from(length).ok()? == hash.len()).then_some(rounds)?
        };
        (rounds, salt, hash)
    };
    pbkdf2(digest, rounds, salt, hash)
}

/// `pbkdf2_sha256$600000$salt$hash`: the salt is text, the hash is padded.
fn django_of(text: &str) -> Option<Stored> {
    let fields: Vec<&str> = text.split('$').collect();
    let [_, rounds, salt, hash] = fields.as_slice() else {
        return None;
    };
    let hash = STANDARD.decode(hash).ok()?;
    pbkdf2(Digest::Sha256, decimal(rounds)?, salt.as_bytes().to_vec(), hash)
}

fn pbkdf2(digest: Digest, rounds: u32, salt: Vec<u8>, hash: Vec<u8>) -> Option<Stored> {
    PBKDF2_ROUNDS.contains(&rounds).then_some(Stored::Pbkdf2 {
        digest,
        rounds,
        salt,
        hash,
    })
}

/// The parameters of these names, if there are no others.
fn numbers<const N: usize>(parsed: &PasswordHash, names: [&str; N]) -> Option<[u32; N]> {
    let mut numbers = [None; N];
    for (name, value) in parsed.params.iter() {
        let at = names.iter().position(|known| *known == name.as_str())?;
        let before = numbers[at].replace(value.decimal().ok()?);
        before.is_none().then_some(())?;
    }
    numbers
        .iter()
        .all(Option::is_some)
        .then(|| numbers.map(Option::unwrap_or_default))
}

fn ends(parsed: &PasswordHash) -> Option<(Vec<u8>, Vec<u8>)> {
    Some((
        parsed.salt.as_ref()?.as_ref().to_vec(),
        parsed.hash.as_ref()?.as_bytes().to_vec(),
    ))
}

/// Digits alone; `u32`'s own reader takes a sign.
fn decimal(text: &str) -> Option<u32> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}
