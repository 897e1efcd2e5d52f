//! The keys that sign ID tokens: made here, sealed by the vault, and replaced in time.

use crate::actions::identity::factors::{open, seal};
use crate::environments::Environment;
use crate::error::Refusal;
use crate::settings::{find_setting, put_setting};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use freehold_base::Timestamp;
use freehold_oidc::issuer::{KeyKind, SigningKey};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use uuid::Uuid;

/// The setting with the keys, sealed.
const KEYS: &str = "oidc_keys";

/// A key as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    id: Uuid,
    made_at: i64,
    sealed: String,
}

/// A new key is made after so long; old ones are still shown until tokens that they signed are over.
const ROTATED: Duration = Duration::from_hours(24 * 90);
const KEPT: usize = 2;

/// The keys, the newest first; one is made if there is none, or if it is old.
///
/// # Errors
/// `UNAVAILABLE` when the vault's key is not there; when the database refuses.
pub(super) async fn keys(environment: &Environment) -> Result<Vec<SigningKey>, Refusal> {
    let now = environment.clock.now();
    let mut kept = read(environment).await?;
    let is_old = |kept: &Kept| {
        kept.made_at
            .saturating_add(i64::try_from(ROTATED.as_micros()).unwrap_or(i64::MAX))
            <= now.0
    };
    if kept.first().is_none_or(is_old) {
        kept = renew(environment, kept, now).await?;
    }
    let mut keys = Vec::new();
    for key in kept {
        let damaged = || Refusal::internal("a key that signs ID tokens is damaged");
        let sealed = STANDARD.decode(&key.sealed).map_err(|_| damaged())?;
        let bytes = open(environment, key.id, &sealed).await?;
        keys.push(SigningKey::from_bytes(&bytes).ok_or_else(damaged)?);
    }
    Ok(keys)
}

async fn read(environment: &Environment) -> Result<Vec<Kept>, Refusal> {
    let text = find_setting(&environment.platform, KEYS)
        .await
        .map_err(|error| Refusal::internal(crate::error::chain(&error)))?;
    match text {
        None => Ok(Vec::new()),
        Some(text) => serde_json::from_str(&text).map_err(Refusal::internal),
    }
}

async fn renew(environment: &Environment, mut kept: Vec<Kept>, now: Timestamp) -> Result<Vec<Kept>, Refusal> {
    let key = SigningKey::generate(KeyKind::Es256, &mut rand::rng());
    let id = Uuid::from_u128(rand::random());
    let sealed = seal(environment, id, &key.to_bytes()).await?;
    kept.insert(
        0,
        Kept {
            id,
            made_at: now.0,
            sealed: STANDARD.encode(sealed),
        },
    );
    kept.truncate(KEPT);
    let text = serde_json::to_string(&kept).map_err(Refusal::internal)?;
    put_setting(&environment.platform, KEYS, &text)
        .await
        .map_err(|error| Refusal::internal(crate::error::chain(&error)))?;
    // Of two servers that make one at once, the last one's is everybody's.
    read(environment).await
}
