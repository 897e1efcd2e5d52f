//! Who it is at GitHub, which has OAuth 2.0 and an API.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::get;
use crate::json::object;
use crate::rp::Metadata;
use crate::{Claims, Http, OidcError, Secret};

#[derive(Deserialize)]
struct Address {
    email: String,
    #[serde(default)]
    primary: bool,
    #[serde(default)]
    verified: bool,
}

/// The claims of whose access token it is. The subject is the account's number: names can change hands there.
pub(crate) async fn claims(http: &impl Http, metadata: &Metadata, access_token: &Secret) -> Result<Claims, OidcError> {
    let api = api_of(&metadata.issuer);
    let bad = |url: &str| OidcError::BadAnswer {
        url: url.to_owned(),
        problem: "something else than an account",
    };

    let url = format!("{api}/user");
    let response = get(http, &url, Some(access_token.expose())).await?;
    let mut raw = object(response.body()).ok_or_else(|| bad(&url))?;
    let number = raw.get("id").and_then(Value::as_u64).ok_or_else(|| bad(&url))?;

    let url = format!("{api}/user/emails");
    let addresses = match get(http, &url, Some(access_token.expose())).await {
        Ok(response) => serde_json::from_slice::<Vec<Address>>(response.body()).map_err(|_| bad(&url))?,
        // Without the scope `user:email` they are not told.
        Err(OidcError::Status { status: 403 | 404, .. }) => Vec::new(),
        Err(error) => return Err(error),
    };
    // The profile's own address is whatever they wrote there, and so is any other word that we would believe.
    for name in ["email", "email_verified", "xms_edov", "acr", "amr", "auth_time", "sid"] {
        raw.remove(name);
    }
    if let Some(address) = addresses.into_iter().find(|address| address.primary) {
        raw.insert("email".into(), json!(address.email));
        raw.insert("email_verified".into(), json!(address.verified));
    }
    if !raw.get("name").is_some_and(Value::is_string) {
        let login = raw.get("login").cloned().unwrap_or(Value::Null);
        raw.insert("name".into(), login);
    }
    raw.insert("iss".into(), json!(metadata.issuer));
    raw.insert("sub".into(), json!(number.to_string()));
    Ok(Claims::read(raw)?)
}

/// Where the API is: beside the site, or under it for GitHub Enterprise Server.
fn api_of(issuer: &str) -> String {
    if issuer == "https://github.com" {
        "https://api.github.com".to_owned()
    } else {
        format!("{issuer}/api/v3")
    }
}
