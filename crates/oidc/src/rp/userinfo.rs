//! What the userinfo endpoint adds to an ID token (Core section 5.3).

use http::header::CONTENT_TYPE;
use serde_json::Value;

use crate::http::get;
use crate::json::{Object, object};
use crate::{Http, OidcError, Secret};

/// What only the signed token may say.
const SIGNED_ONLY: [&str; 15] = [
    "iss",
    "sub",
    "aud",
    "azp",
    "exp",
    "iat",
    "nbf",
    "jti",
    "nonce",
    "acr",
    "amr",
    "auth_time",
    "sid",
    "at_hash",
    "tid",
];

/// Adds what the endpoint says of the same subject; what the ID token says already stays.
pub(crate) async fn merge(
    http: &impl Http,
    url: &str,
    access_token: &Secret,
    claims: &mut Object,
) -> Result<(), OidcError> {
    let response = get(http, url, Some(access_token.expose())).await?;
    let bad = |problem| OidcError::BadAnswer {
        url: url.to_owned(),
        problem,
    };
    let kind = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    if kind.to_ascii_lowercase().starts_with("application/jwt") {
        return Err(bad("a signed or encrypted document, which is not read here"));
    }
    let told = object(response.body()).ok_or_else(|| bad("something else than claims"))?;
    // Section 5.3.2: a token that was swapped for another's would tell of another.
    if told.get("sub").and_then(Value::as_str).is_none() || told.get("sub") != claims.get("sub") {
        return Err(OidcError::UserinfoSubject);
    }
    // Whether an address is verified is said of that address, and of no other.
    let other_address = claims
        .get("email")
        .is_some_and(|email| told.get("email") != Some(email));
    for (name, value) in told {
        let skip = SIGNED_ONLY.contains(&name.as_str())
            || other_address && matches!(name.as_str(), "email" | "email_verified" | "xms_edov");
        if !skip {
            claims.entry(name).or_insert(value);
        }
    }
    Ok(())
}
