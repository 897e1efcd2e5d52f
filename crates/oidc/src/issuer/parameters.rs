//! The parameters of a request: each once (RFC 6749 section 3.1), and an empty one is none (section 3.1 too).

use std::collections::HashMap;

use url::form_urlencoded;

use crate::issuer::{OauthError, OauthWord};

/// The longest request that is read, in bytes.
const BYTES_MAX: usize = 16 * 1024;

/// More parameters than this have no meaning.
const COUNT_MAX: usize = 64;

/// Parameters by name.
pub(crate) struct Parameters {
    found: HashMap<String, String>,
    /// The parameters that stand there twice.
    twice: Vec<String>,
}

impl Parameters {
    /// Of a query or a form.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, OauthError> {
        if text.len() > BYTES_MAX {
            return Err(OauthWord::InvalidRequest.because("the request is too long"));
        }
        let mut parameters = Self {
            found: HashMap::new(),
            twice: Vec::new(),
        };
        for (count, (name, value)) in form_urlencoded::parse(text).enumerate() {
            if count == COUNT_MAX {
                return Err(OauthWord::InvalidRequest.because("the request has too many parameters"));
            }
            let name = name.into_owned();
            if parameters.found.insert(name.clone(), value.into_owned()).is_some() {
                parameters.twice.push(name);
            }
        }
        Ok(parameters)
    }

    /// A parameter; an empty one is none.
    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        self.found
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Whether one of these stands there twice.
    pub(crate) fn is_twice(&self, name: &str) -> bool {
        self.twice.iter().any(|twice| twice == name)
    }

    /// Refuses a request that says anything twice.
    pub(crate) fn check_once(&self) -> Result<(), OauthError> {
        if self.twice.is_empty() {
            return Ok(());
        }
        Err(OauthWord::InvalidRequest.because("a parameter stands there twice"))
    }
}

/// Scopes (RFC 6749 section 3.3), each once, in the order they came.
pub(crate) fn scopes(text: Option<&str>) -> Result<Vec<String>, OauthError> {
    let mut scopes = Vec::new();
    for scope in text.unwrap_or_default().split(' ').filter(|scope| !scope.is_empty()) {
        if !scope
            .bytes()
            .all(|byte| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E))
        {
            return Err(OauthWord::InvalidScope.because("a scope has a character that scopes do not have"));
        }
        if !scopes.iter().any(|known| known == scope) {
            scopes.push(scope.to_owned());
        }
    }
    Ok(scopes)
}
