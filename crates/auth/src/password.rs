//! Hashing and verifying passwords, with bounded concurrency.

use crate::AuthError;
use freehold_factors::{Recipe, phc};
use rand::CryptoRng;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::{Semaphore, SemaphorePermit};

pub use freehold_factors::PASSWORD_BYTES_MAX;

/// Sign-ins that may be under way; more are turned away at once.
const WAITING_MAX: usize = 128;

/// How dear a hash is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// What is recommended: for Argon2id 19 MiB and two passes, the least that OWASP names.
    Production,
    /// Next to nothing: for demo passwords, which are public, and for tests.
    Demo,
}

/// How new passwords are hashed. Others are verified as they are, and replaced at the next sign-in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// Argon2id (RFC 9106).
    #[default]
    Argon2id,
    /// scrypt (RFC 7914).
    Scrypt,
    /// bcrypt.
    Bcrypt,
}

impl Algorithm {
    fn recipe(self, cost: Cost) -> Recipe {
        match (self, cost) {
            (Self::Argon2id, Cost::Production) => Recipe::DEFAULT,
            (Self::Argon2id, Cost::Demo) => Recipe::Argon2id {
                memory_kib: 64,
                passes: 1,
                lanes: 1,
            },
            (Self::Scrypt, Cost::Production) => Recipe::Scrypt { log_n: 17, r: 8, p: 1 },
            (Self::Scrypt, Cost::Demo) => Recipe::Scrypt { log_n: 10, r: 8, p: 1 },
            (Self::Bcrypt, Cost::Production) => Recipe::Bcrypt { cost: 12 },
            (Self::Bcrypt, Cost::Demo) => Recipe::Bcrypt { cost: 4 },
        }
    }
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
    cost: Cost,
    recipe: Arc<RwLock<Recipe>>,
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// The hash of nobody's password, verified when there is no account, so that it takes as long.
    nobody: Arc<RwLock<Arc<str>>>,
}

impl Passwords {
    /// With Argon2id; an app that wants another algorithm says so with [`Self::use_algorithm`].
    ///
    /// # Errors
    /// [`AuthError::Hash`], if the parameters are refused.
    pub fn new(cost: Cost, parallel: usize, rng: &mut dyn CryptoRng) -> Result<Self, AuthError> {
        let recipe = Algorithm::default().recipe(cost);
        Ok(Self {
            cost,
            recipe: Arc::new(RwLock::new(recipe)),
            running: Arc::new(Semaphore::new(parallel.max(1))),
            waiting: Arc::new(Semaphore::new(WAITING_MAX)),
            nobody: Arc::new(RwLock::new(nobody(recipe, rng)?)),
        })
    }

    /// Hashes new passwords in that way from now on.
    ///
    /// # Errors
    /// [`AuthError::Hash`], if the parameters are refused.
    pub fn use_algorithm(&self, algorithm: Algorithm, rng: &mut dyn CryptoRng) -> Result<(), AuthError> {
        let recipe = algorithm.recipe(self.cost);
        if recipe == self.recipe() {
            return Ok(());
        }
        let nobody = nobody(recipe, rng)?;
        *self.nobody.write().unwrap_or_else(PoisonError::into_inner) = nobody;
        *self.recipe.write().unwrap_or_else(PoisonError::into_inner) = recipe;
        Ok(())
    }

    fn recipe(&self) -> Recipe {
        *self.recipe.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The text of a new password's hash. Blocks the thread while it works.
    ///
    /// # Errors
    /// [`AuthError::PasswordLength`], [`AuthError::Hash`].
    pub fn hash(&self, password: &str, rng: &mut dyn CryptoRng) -> Result<String, AuthError> {
        hash(self.recipe(), password, rng)
    }

    /// The text of a new password's hash, made on a blocking thread.
    ///
    /// # Errors
    /// [`AuthError::PasswordLength`], [`AuthError::Busy`], [`AuthError::Hash`].
    pub async fn hash_queued(&self, password: &str) -> Result<String, AuthError> {
        let _place = self.queue()?;
        let _slot = self.running.acquire().await.map_err(|_| AuthError::Busy)?;
        let (recipe, password) = (self.recipe(), password.to_owned());
        let hashed = tokio::task::spawn_blocking(move || hash(recipe, &password, &mut rand::rng()));
        hashed.await.map_err(|error| AuthError::Hash(error.to_string()))?
    }

    /// A place in the queue, to be held for the whole of a sign-in.
    pub(crate) fn queue(&self) -> Result<SemaphorePermit<'_>, AuthError> {
        self.waiting.try_acquire().map_err(|_| AuthError::Busy)
    }

    /// Whether the password is the one of that hash. Without one it is wrong, after as much work.
    ///
    /// # Errors
    /// [`AuthError::Busy`].
    pub async fn verify(&self, password: &str, stored: Option<&str>) -> Result<Verdict, AuthError> {
        let _slot = self.running.acquire().await.map_err(|_| AuthError::Busy)?;
        let nobody = self.nobody.read().unwrap_or_else(PoisonError::into_inner).clone();
        let (recipe, stored) = (self.recipe(), stored.map(str::to_owned));
        // What is longer is wrong, and takes as long as any.
        let known = !password.is_empty() && password.len() <= PASSWORD_BYTES_MAX;
        let mut end = password.len().min(PASSWORD_BYTES_MAX);
        while !password.is_char_boundary(end) {
            end -= 1;
        }
        let password = match &password[..end] {
            "" => "nothing".to_owned(),
            text => text.to_owned(),
        };
        let verdict = tokio::task::spawn_blocking(move || {
            let verdict = stored.map(|stored| phc::verify(&password, &stored, recipe));
            match verdict {
                Some(phc::Verdict::Right { outdated }) => Some(outdated),
                Some(phc::Verdict::Wrong) => None,
                // One that an administrator has reset is no hash; it takes as long as any.
                Some(phc::Verdict::Unreadable) | None => {
                    phc::verify(&password, &nobody, recipe);
                    None
                }
            }
        });
        let verdict = verdict.await.map_err(|error| AuthError::Hash(error.to_string()))?;
        Ok(Verdict {
            right: verdict.is_some() && known,
            outdated: verdict == Some(true),
        })
    }
}

fn nobody(recipe: Recipe, rng: &mut dyn CryptoRng) -> Result<Arc<str>, AuthError> {
    Ok(hash(recipe, "nobody has this password", rng)?.into())
}

fn hash(recipe: Recipe, password: &str, rng: &mut dyn CryptoRng) -> Result<String, AuthError> {
    if password.is_empty() || password.len() > PASSWORD_BYTES_MAX {
        return Err(AuthError::PasswordLength);
    }
    phc::hash(recipe, password, rng).map_err(|error| match error {
        freehold_factors::FactorError::NotForBcrypt => AuthError::PasswordForBcrypt,
        error => AuthError::Hash(error.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn hashes_of_other_kinds_are_verified_and_outdated() {
        let passwords = Passwords::new(Cost::Demo, 2, &mut rand::rng()).unwrap();
        let mut hashes = Vec::new();
        for algorithm in [Algorithm::Bcrypt, Algorithm::Scrypt, Algorithm::Argon2id] {
            passwords.use_algorithm(algorithm, &mut rand::rng()).unwrap();
            hashes.push(passwords.hash("violet-harbour-47", &mut rand::rng()).unwrap());
        }
        for (hash, outdated) in hashes.iter().zip([true, true, false]) {
            let verdict = passwords.verify("violet-harbour-47", Some(hash)).await.unwrap();
            assert_eq!((verdict.right, verdict.outdated), (true, outdated), "{hash}");
            assert!(!passwords.verify("violet-harbour-48", Some(hash)).await.unwrap().right);
        }
    }

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
