//! What a session is good for, where it is more or less than a browser's.

use serde::{Deserialize, Serialize};

/// What a session is good for. Most are a browser's without a second factor: those have none of this, and null in the database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Terms {
    /// A second factor was shown: roles with `mfa: required` count.
    #[serde(skip_serializing_if = "is_false")]
    pub strong: bool,
    /// It does not end when it is not used: keys and tokens.
    #[serde(skip_serializing_if = "is_false")]
    pub lasting: bool,
    /// It changes nothing.
    #[serde(skip_serializing_if = "is_false")]
    pub read_only: bool,
    /// Only these of its owner's roles count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
    /// Scopes of OpenID Connect: what the app that has it is told of its owner as such.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
}

// Serde wants a reference.
#[expect(clippy::trivially_copy_pass_by_ref)]
fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Terms {
    /// What the column says; `None` if it cannot be read: then the session is good for nothing.
    pub(crate) fn parse(text: Option<&str>) -> Option<Self> {
        match text {
            None => Some(Self::default()),
            // An array would do for a struct, and leave everything out.
            Some(text) if text.starts_with('{') => serde_json::from_str(text).ok(),
            Some(_) => None,
        }
    }

    /// For the column.
    pub(crate) fn text(&self) -> Option<String> {
        if *self == Self::default() {
            return None;
        }
        serde_json::to_string(self).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_survive_the_column_and_nothing_else_is_read() {
        let some = Terms {
            strong: true,
            lasting: true,
            read_only: true,
            roles: Some(vec!["agent".into()]),
            scopes: vec!["openid".into()],
        };
        for terms in [Terms::default(), some] {
            assert_eq!(Terms::parse(terms.text().as_deref()), Some(terms));
        }
        assert_eq!(Terms::default().text(), None);
        for damaged in ["", "{", "[]", "{\"superuser\":true}", "{\"roles\":\"agent\"}"] {
            assert_eq!(Terms::parse(Some(damaged)), None, "{damaged}");
        }
    }
}
