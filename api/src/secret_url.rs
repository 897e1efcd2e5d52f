//! An address that is a secret, as those of webhooks are: whoever knows it may use it.

use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// An `http` or `https` address that no log shows: `Debug`, `Display` and `Serialize` tell its host alone.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct SecretUrl(String);

impl SecretUrl {
    /// Reads an address.
    ///
    /// # Errors
    /// In words, without the address.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let url = Self(text.to_owned());
        let (scheme, host) = url.parts();
        let sound = matches!(scheme, "http" | "https")
            && !host.is_empty()
            && text.is_ascii()
            && !text.chars().any(|c| c.is_whitespace() || c.is_control());
        if sound {
            Ok(url)
        } else {
            Err("an address begins with `https://` or `http://`, and has a host".to_owned())
        }
    }

    /// The address itself, for the one who calls it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Scheme and host with port.
    fn parts(&self) -> (&str, &str) {
        let (scheme, rest) = self.0.split_once("://").unwrap_or_default();
        let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
        (scheme, authority.rsplit('@').next().unwrap_or_default())
    }
}

impl TryFrom<String> for SecretUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl fmt::Display for SecretUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, host) = self.parts();
        write!(out, "{scheme}://{host}/***")
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl Serialize for SecretUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_host_is_told() {
        for (text, shown) in [
            (
                "https://hooks.example.com/T0/secret?x=1",
                "https://hooks.example.com/***",
            ),
            (
                "https://ann:secret@hooks.example.com:8443/",
                "https://hooks.example.com:8443/***",
            ),
            ("http://127.0.0.1:9/secret#secret", "http://127.0.0.1:9/***"),
            (
                "https://hooks.example.com?token=secret",
                "https://hooks.example.com/***",
            ),
        ] {
            let url = SecretUrl::parse(text).unwrap();
            assert_eq!((url.to_string().as_str(), url.expose()), (shown, text));
            assert_eq!(format!("{url:?}"), shown);
            assert_eq!(serde_json::to_value(&url).unwrap(), shown);
        }
        for bad in [
            "",
            "hooks.example.com",
            "ftp://h/secret",
            "https://",
            "https:///secret",
            "https://h/a secret",
        ] {
            let error = SecretUrl::parse(bad).unwrap_err();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
