//! Argon2id, with bounded concurrency.

use crate::AuthError;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use rand::CryptoRng;
use std::sync::Arc;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Longest password heard, so that hashing one is no attack.
pub const PASSWORD_BYTES_MAX: usize = 1024;

/// Sign-ins that may be under way; more are turned away at once.
const WAITING_MAX: usize = 128;

/// How dear a hash is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// 19 MiB, two passes: the least that OWASP recommends for Argon2id.
    Production,
    /// Next to nothing: for demo passwords, which are public, and for tests.
    Demo,
}

/// What became of a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// It is the one.
    pub right: bool,
    /// Its hash is of another kind than new ones are.
    pub outdated: bool,
}

/// Hashes and verifies passwords on blocking threads, as many at a time as there are processors.
#[derive(Clone, Debug)]
pub struct Passwords {
    params: Params,
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// The hash of nobody's password, verified when there is no account, so that it takes as long.
    nobody: Arc<str>,
}

impl Passwords {
    /// # Errors
    /// [`AuthError::Hash`], if the parameters are refused.
    pub fn new(cost: Cost, parallel: usize, rng: &mut dyn CryptoRng) -> Result<Self, AuthError> {
        let (memory_kib, passes) = match cost {
            Cost::Production => (19 * 1024, 2),
            Cost::Demo => (64, 1),
        };
        let params = Params::new(memory_kib, passes, 1, None).map_err(|error| AuthError::Hash(error.to_string()))?;
        let nobody = hash(&params, "nobody has this password", rng)?.into();
        Ok(Self {
            params,
            running: Arc::new(Semaphore::new(parallel.max(1))),
            waiting: Arc::new(Semaphore::new(WAITING_MAX)),
            nobody,
        })
    }

    /// The PHC string of a new password. Blocks the thread while it works.
    ///
    /// # Errors
    /// [`AuthError::PasswordLength`], [`AuthError::Hash`].
    pub fn hash(&self, password: &str, rng: &mut dyn CryptoRng) -> Result<String, AuthError> {
        if password.is_empty() || password.len() > PASSWORD_BYTES_MAX {
            return Err(AuthError::PasswordLength);
        }
        hash(&self.params, password, rng)
    }

    /// The PHC string of a new password, made on a blocking thread.
    ///
    /// # Errors
    /// [`AuthError::PasswordLength`], [`AuthError::Busy`], [`AuthError::Hash`].
    pub async fn hash_queued(&self, password: &str) -> Result<String, AuthError> {
        let _place = self.queue()?;
        let _slot = self.running.acquire().await.map_err(|_| AuthError::Busy)?;
        let (passwords, password) = (self.clone(), password.to_owned());
        let hashed = tokio::task::spawn_blocking(move || passwords.hash(&password, &mut rand::rng()));
        hashed.await.map_err(|error| AuthError::Hash(error.to_string()))?
    }

    /// A place in the queue, to be held for the whole of a sign-in.
    pub(crate) fn queue(&self) -> Result<SemaphorePermit<'_>, AuthError> {
        self.waiting.try_acquire().map_err(|_| AuthError::Busy)
    }

    /// Whether the password is the one of that PHC string. Without one it is wrong, after as much work.
    ///
    /// # Errors
    /// [`AuthError::Busy`].
    pub async fn verify(&self, password: &str, phc: Option<&str>) -> Result<Verdict, AuthError> {
        let _slot = self.running.acquire().await.map_err(|_| AuthError::Busy)?;
        // A password that an administrator has reset is no PHC string; it takes as long as any.
        let phc = phc.filter(|phc| PasswordHash::new(phc).is_ok());
        let known = phc.is_some() && !password.is_empty() && password.len() <= PASSWORD_BYTES_MAX;
        let phc = phc.unwrap_or(&self.nobody).to_owned();
        let password = password.get(..PASSWORD_BYTES_MAX).unwrap_or(password).to_owned();
        let matches = tokio::task::spawn_blocking(move || {
            let verify = |hash: &PasswordHash| Argon2::default().verify_password(password.as_bytes(), hash).is_ok();
            PasswordHash::new(&phc).is_ok_and(|hash| verify(&hash))
        });
        let matches = matches.await.map_err(|error| AuthError::Hash(error.to_string()))?;
        Ok(Verdict {
            right: matches && known,
            outdated: false,
        })
    }
}

fn hash(params: &Params, password: &str, rng: &mut dyn CryptoRng) -> Result<String, AuthError> {
    let mut salt = [0; 16];
    rng.fill_bytes(&mut salt);
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    let hash = argon2
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map_err(|error| AuthError::Hash(error.to_string()))?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn passwords_match_their_own_hash_alone() {
        let passwords = Passwords::new(Cost::Demo, 2, &mut rand::rng()).unwrap();
        let phc = passwords.hash("violet-harbour-47", &mut rand::rng()).unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{phc}");
        assert_ne!(phc, passwords.hash("violet-harbour-47", &mut rand::rng()).unwrap());
        for (password, hash, expected) in [
            ("violet-harbour-47", Some(phc.as_str()), true),
            ("violet-harbour-48", Some(&phc), false),
            ("", Some(&phc), false),
            ("nobody has this password", None, false),
            ("violet-harbour-47", Some("damaged"), false),
        ] {
            assert_eq!(
                passwords.verify(password, hash).await.unwrap().right,
                expected,
                "{password} {hash:?}"
            );
        }
        let long = "é".repeat(PASSWORD_BYTES_MAX);
        assert!(!passwords.verify(&long, Some(&phc)).await.unwrap().right);
        assert!(matches!(
            passwords.hash(&long, &mut rand::rng()),
            Err(AuthError::PasswordLength)
        ));
    }
}
