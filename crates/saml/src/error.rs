//! Why somebody is not signed in by SAML, or why a configuration cannot be used.

/// What every function here gives.
pub type Result<T, E = SamlError> = std::result::Result<T, E>;

/// Why an answer was refused or a configuration cannot be used.
///
/// `Display` has words that may be shown to anyone: they hold nothing that came from outside. [`SamlError::detail`] is for the log.
#[derive(Debug, thiserror::Error)]
pub enum SamlError {
    /// Not base64, not UTF-8 or not well-formed XML.
    #[error("the identity provider's answer cannot be read")]
    Malformed {
        /// What is wrong with it.
        detail: String,
    },
    /// More bytes, elements, attributes or levels than a SAML document has.
    #[error("the identity provider's answer is too large")]
    TooLarge {
        /// The bound that was passed.
        what: &'static str,
    },
    /// XML that has no place in SAML and has carried attacks: document types, processing instructions, comments, CDATA.
    #[error("the identity provider's answer holds XML that SAML does not use")]
    Forbidden {
        /// The construct.
        what: &'static str,
    },
    /// Encrypted assertions, names or attributes: we have no decryption key.
    #[error(
        "the identity provider encrypts its answers; turn encryption off there, answers are signed and sent over TLS"
    )]
    Encrypted {
        /// The encrypted element.
        what: &'static str,
    },
    /// Elements missing, doubled or in a wrong place, among them all signature wrapping.
    #[error("the identity provider's answer is not built as SAML demands")]
    Structure {
        /// What is out of place.
        detail: String,
    },
    /// Two elements have one ID.
    #[error("the identity provider's answer is not built as SAML demands")]
    DuplicateId {
        /// The ID.
        id: String,
    },
    /// Neither the response nor the assertion is signed.
    #[error("the identity provider's answer is not signed")]
    Unsigned,
    /// A signature, digest, transform or canonicalization that is not on the list, such as SHA-1, HMAC or XPath.
    #[error("the identity provider signs in a way that is not accepted; use RSA or ECDSA with SHA-256")]
    Algorithm {
        /// Its identifier, as written.
        uri: String,
    },
    /// The signature covers something else than the element that it stands in.
    #[error("the identity provider's signature is not valid")]
    Reference {
        /// What is wrong with the reference.
        detail: String,
    },
    /// No certificate of the identity provider made this signature.
    #[error("the identity provider's signature is not valid")]
    BadSignature,
    /// The element was changed after it was signed.
    #[error("the identity provider's signature is not valid")]
    BadDigest,
    /// The identity provider did not let the user in.
    #[error("the identity provider refused to sign you in")]
    Status {
        /// Its status codes, outermost first, and its message.
        detail: String,
    },
    /// The response or assertion comes from somebody else, or does not say from whom.
    #[error("the answer comes from another identity provider")]
    Issuer {
        /// Where: `Response` or `Assertion`.
        of: &'static str,
        /// What it says.
        found: String,
    },
    /// The response was meant for another address.
    #[error("the answer was meant for another address")]
    Destination {
        /// What it says.
        found: String,
    },
    /// The assertion was meant for another address.
    #[error("the answer was meant for another address")]
    Recipient {
        /// What it says.
        found: String,
    },
    /// The assertion was meant for another application.
    #[error("the answer was meant for another application")]
    Audience {
        /// What it says.
        found: String,
    },
    /// It answers another request, or none.
    #[error("the answer does not belong to this sign-in; start again")]
    InResponseTo {
        /// Where: `Response` or `SubjectConfirmationData`.
        of: &'static str,
        /// What it says.
        found: String,
    },
    /// Its time has not come.
    #[error("the answer is not valid yet; check the clocks of both servers")]
    NotYetValid {
        /// Which time was judged.
        what: &'static str,
        /// That time, Unix seconds.
        time: i64,
    },
    /// Its time is over.
    #[error("the answer came too late; start again")]
    Expired {
        /// Which time was judged.
        what: &'static str,
        /// That time, Unix seconds.
        time: i64,
    },
    /// No bearer confirmation, or one that says too little.
    #[error("the answer does not confirm who brings it")]
    SubjectConfirmation {
        /// What is missing.
        detail: String,
    },
    /// A certificate of the configuration cannot be used.
    #[error("a certificate cannot be used: {why}")]
    Certificate {
        /// Why; holds nothing of the certificate.
        why: &'static str,
    },
    /// The signing key of the configuration cannot be used.
    #[error("the signing key cannot be used: {why}")]
    Key {
        /// Why; holds nothing of the key.
        why: &'static str,
    },
    /// The identity provider's metadata cannot be used.
    #[error("the identity provider's metadata cannot be used: {why}")]
    Metadata {
        /// Why.
        why: &'static str,
    },
    /// A value of the configuration or of a request cannot be used.
    #[error("`{name}` cannot be used: {why}")]
    Setting {
        /// Which value.
        name: &'static str,
        /// Why.
        why: &'static str,
    },
}

impl SamlError {
    /// One line for the log. What came from outside is quoted, escaped and cut, so that it cannot forge lines.
    pub fn detail(&self) -> String {
        match self {
            Self::Malformed { detail }
            | Self::Structure { detail }
            | Self::Reference { detail }
            | Self::Status { detail }
            | Self::SubjectConfirmation { detail } => format!("{self}: {}", quoted(detail)),
            Self::TooLarge { what } | Self::Forbidden { what } | Self::Encrypted { what } => format!("{self}: {what}"),
            Self::DuplicateId { id } => format!("{self}: two elements with the ID {}", quoted(id)),
            Self::Algorithm { uri } => format!("{self}: {}", quoted(uri)),
            Self::BadSignature => format!("{self}: made by no certificate that is known"),
            Self::BadDigest => format!("{self}: the signed element was changed"),
            Self::Issuer { of, found } | Self::InResponseTo { of, found } => {
                format!("{self}: the {of} says {}", quoted(found))
            }
            Self::Destination { found } | Self::Recipient { found } | Self::Audience { found } => {
                format!("{self}: it says {}", quoted(found))
            }
            Self::NotYetValid { what, time } | Self::Expired { what, time } => format!("{self}: {what} is {time}"),
            Self::Unsigned
            | Self::Certificate { .. }
            | Self::Key { .. }
            | Self::Metadata { .. }
            | Self::Setting { .. } => self.to_string(),
        }
    }

    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::Malformed { detail: detail.into() }
    }

    pub(crate) fn structure(detail: impl Into<String>) -> Self {
        Self::Structure { detail: detail.into() }
    }

    pub(crate) fn reference(detail: impl Into<String>) -> Self {
        Self::Reference { detail: detail.into() }
    }
}

/// Enough to recognise a value in a log.
const QUOTED_CHARS_MAX: usize = 200;

fn quoted(text: &str) -> String {
    let cut: String = text.chars().take(QUOTED_CHARS_MAX).collect();
    format!("{cut:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_to_show_hold_nothing_from_outside_and_the_log_has_one_line() {
        let error = SamlError::Audience {
            found: format!("evil\nforged line <script>{}", "x".repeat(1000)),
        };
        assert!(!error.to_string().contains("evil"));
        assert!(error.detail().contains("evil\\nforged"));
        assert!(!error.detail().contains('\n') && error.detail().len() < 300);
    }
}
