//! How often a door may be tried: by address, by account, and by whatever else is guessed. Counted in the database, so on all servers
//! together. A lockout keeps one account safe from guesses; this keeps all of them safe from somebody who tries each once, and people's
//! mailboxes from letters.

use crate::actions::audit::Origin;
use crate::environments::Environment;
use crate::error::Refusal;
use freehold_auth::{Rate, admit, take_back};
use freehold_base::Code;
use std::time::Duration;

/// What is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// A password.
    Password,
    /// A code, a passkey, a token, an answer of a provider.
    Proof,
    /// Something that sends a letter.
    Letter,
    /// Something of one's own account.
    Account,
}

impl Door {
    fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Proof => "proof",
            Self::Letter => "letter",
            Self::Account => "account",
        }
    }

    /// From one place on the network: an office may be behind it.
    fn of_place(self) -> Rate {
        let (burst, every) = match self {
            Self::Password => (60, 2),
            Self::Proof | Self::Account => (120, 1),
            Self::Letter => (20, 30),
        };
        Rate {
            burst,
            every: Duration::from_secs(every),
        }
    }

    /// About one account, whoever tries.
    fn of_account(self) -> Rate {
        let (burst, every) = match self {
            Self::Password => (30, 10),
            Self::Proof => (10, 30),
            Self::Letter => (3, 300),
            Self::Account => (60, 2),
        };
        Rate {
            burst,
            every: Duration::from_secs(every),
        }
    }
}

/// Counts an attempt from a place.
///
/// # Errors
/// `RATE_LIMITED`, when another may be made.
pub(crate) async fn from_place(environment: &Environment, door: Door, origin: Origin<'_>) -> Result<(), Refusal> {
    // This machine itself, or a proxy on it that is not said to be trusted: then everybody would be one place.
    let Some(address) = origin.address.filter(|address| !address.is_loopback()) else {
        return Ok(());
    };
    let place = environment.pseudonyms.place(address);
    count(environment, &format!("{}:place:{place}", door.name()), door.of_place()).await
}

/// Counts an attempt about an account: an address, a person's id, a key.
///
/// # Errors
/// As [`from_place`].
pub(crate) async fn about(environment: &Environment, door: Door, account: &str) -> Result<(), Refusal> {
    count(environment, &subject(environment, door, account), door.of_account()).await
}

/// Takes an attempt about an account back, because it has succeeded: somebody who signs in often guesses nothing.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn succeeded(environment: &Environment, door: Door, account: &str) -> Result<(), Refusal> {
    let subject = subject(environment, door, account);
    Ok(take_back(&environment.platform, &subject, door.of_account()).await?)
}

fn subject(environment: &Environment, door: Door, account: &str) -> String {
    format!("{}:account:{}", door.name(), environment.pseudonyms.email(account))
}

async fn count(environment: &Environment, subject: &str, rate: Rate) -> Result<(), Refusal> {
    match admit(&environment.platform, subject, rate, environment.clock.now()).await? {
        None => Ok(()),
        Some(wait) => {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            Err(Refusal::new(Code::RateLimited, "too many attempts; wait a little").retry_after(seconds))
        }
    }
}
