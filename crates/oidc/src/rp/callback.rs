//! What somebody comes back with.

use url::form_urlencoded;

use crate::rp::{Attempt, IssuerRule, Metadata, Provider};
use crate::secret::same;
use crate::{OidcError, Secret};

/// The query of a callback (RFC 6749 section 4.1.2), read and not believed.
pub struct Callback {
    state: String,
    issuer: Option<String>,
    answer: Answer,
}

enum Answer {
    Code(Secret),
    Error(String),
}

impl Callback {
    /// Reads a callback's query, without its question mark.
    ///
    /// # Errors
    /// `BadCallback` if it is no answer, or says something twice (RFC 6749 section 3.1).
    pub fn parse(query: &str) -> Result<Self, OidcError> {
        let bad = |problem| OidcError::BadCallback { problem };
        let [mut state, mut issuer, mut code, mut error] = [const { None }; 4];
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let place = match name.as_ref() {
                "state" => &mut state,
                "iss" => &mut issuer,
                "code" => &mut code,
                "error" => &mut error,
                _ => continue,
            };
            if place.replace(value.into_owned()).is_some() {
                return Err(bad("says something twice"));
            }
        }
        let answer = match (code, error) {
            (Some(code), None) if !code.is_empty() => Answer::Code(Secret::new(code)),
            (None, Some(error)) => Answer::Error(error),
            _ => return Err(bad("holds neither a code nor an error")),
        };
        let state = state
            .filter(|state| !state.is_empty())
            .ok_or_else(|| bad("holds no state"))?;
        Ok(Self { state, issuer, answer })
    }

    /// The state, to find the attempt by; [`crate::rp::finish`] compares it.
    pub fn state(&self) -> &str {
        &self.state
    }

    /// The code, if it answers this attempt and comes from this provider (RFC 9207); and the issuer it states.
    pub(crate) fn open(
        self,
        provider: &Provider,
        metadata: &Metadata,
        attempt: &Attempt,
    ) -> Result<(Secret, Option<String>), OidcError> {
        let bad = |problem| OidcError::BadCallback { problem };
        if attempt.state.is_empty() || !same(self.state.as_bytes(), attempt.state.as_bytes()) {
            return Err(bad("belongs to another sign-in"));
        }
        // Errors too: a wrong provider's word on a sign-in counts for nothing (RFC 9207 section 2.4).
        let issuer = match self.issuer {
            Some(issuer) => {
                let known = IssuerRule::of(provider).canonical(&issuer);
                Some(known.ok_or_else(|| bad("comes from another issuer"))?)
            }
            None if metadata.states_issuer => return Err(bad("does not say from which issuer it comes")),
            None => None,
        };
        match self.answer {
            Answer::Code(code) => Ok((code, issuer)),
            Answer::Error(error) => Err(OidcError::Refused {
                error: plain_word(&error),
            }),
        }
    }
}

/// An error's word (RFC 6749 section 5.2), fit for a log and a page: anybody can put any text there.
pub(crate) fn plain_word(error: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let plain = !error.is_empty() && error.len() <= 64 && error.bytes().all(is_plain);
    if plain { error.to_owned() } else { "unknown".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callbacks_say_everything_once() {
        let good = |query| Callback::parse(query).is_ok();
        assert!(good("code=a&state=b"));
        assert!(good("state=b&error=access_denied&error_description=x"));
        assert!(good("code=a&state=b&session_state=c&session_state=d"));
        for query in [
            "",
            "code=a",
            "state=b",
            "code=&state=b",
            "code=a&state=",
            "code=a&code=a&state=b",
            "code=a&state=b&state=b",
            "code=a&state=b&error=x",
            "code=a&state=b&iss=x&iss=x",
            "error=x",
            "code=a;state=b",
        ] {
            assert!(!good(query), "{query}");
        }
    }

    #[test]
    fn errors_are_plain_words() {
        assert_eq!(plain_word("access_denied"), "access_denied");
        for error in ["", "<script>", "a b", "a\nb", &"a".repeat(65), "é"] {
            assert_eq!(plain_word(error), "unknown");
        }
    }
}
