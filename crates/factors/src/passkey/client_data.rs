//! What the browser says of the page that a ceremony took place on (WebAuthn, section 5.8.1). Read once more than the library
//! reads it, because we ask for more: an origin to the letter, and no frames.

use crate::{FactorError, Result};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    origin: String,
    #[serde(default)]
    cross_origin: Option<bool>,
    #[serde(default)]
    top_origin: Option<String>,
}

/// Refuses client data of any page but ours, opened by itself.
pub(super) fn check_page(client_data: &[u8], origins: &[String]) -> Result<()> {
    let data: ClientData = serde_json::from_slice(client_data).map_err(|_| FactorError::Unreadable)?;
    let ours = origins.contains(&data.origin);
    let framed = data.cross_origin == Some(true) || data.top_origin.is_some();
    (ours && !framed).then_some(()).ok_or(FactorError::Origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_pages_unframed() {
        let origins = [
            "https://example.com".to_owned(),
            "https://app.example.com:8443".to_owned(),
        ];
        let check = |json: &str| check_page(json.as_bytes(), &origins);
        for json in [
            r#"{"origin":"https://example.com"}"#,
            r#"{"origin":"https://app.example.com:8443","crossOrigin":false,"new":[1]}"#,
        ] {
            assert_eq!(check(json), Ok(()), "{json}");
        }
        for json in [
            r#"{"origin":"https://example.com/"}"#,
            r#"{"origin":"https://example.com:443"}"#,
            r#"{"origin":"HTTPS://EXAMPLE.COM"}"#,
            r#"{"origin":"http://example.com"}"#,
            r#"{"origin":"https://app.example.com"}"#,
            r#"{"origin":"https://example.com.evil.test"}"#,
            r#"{"origin":"https://example.com","crossOrigin":true}"#,
            r#"{"origin":"https://example.com","topOrigin":"https://evil.test"}"#,
        ] {
            assert_eq!(check(json), Err(FactorError::Origin), "{json}");
        }
        for json in [
            "",
            "{}",
            r#"{"origin":"https://example.com","origin":"https://evil.test"}"#,
        ] {
            assert_eq!(check(json), Err(FactorError::Unreadable), "{json}");
        }
    }
}
