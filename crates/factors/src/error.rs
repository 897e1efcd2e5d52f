//! Why a factor is not made or not believed, and why a password is not taken.

/// The result of this room's functions.
pub type Result<T> = std::result::Result<T, FactorError>;

/// Why a factor is not made or not believed. Holds no secret, and nothing that a client sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FactorError {
    /// An issuer and an account too long for a QR code.
    #[error("the issuer and the account are too long for a QR code")]
    QrTooLong,

    /// Empty, or longer than [`crate::PASSWORD_BYTES_MAX`].
    #[error("a password has 1 to 1024 bytes")]
    PasswordLength,
    /// bcrypt reads 72 bytes and stops at a NUL; what it would not read is not hashed.
    #[error("bcrypt takes passwords of at most 72 bytes without NUL; choose another kind of hash for longer ones")]
    NotForBcrypt,
    /// A recipe that costs too much or too little to be used.
    #[error("the cost of the password hash is out of bounds")]
    Cost,

    /// The id, the origins or the name of the relying party do not fit each other.
    #[error("passkeys are set up wrongly: {0}")]
    RelyingParty(&'static str),
    /// A user's name or display name that WebAuthn cannot use.
    #[error("a passkey needs a name and a display name for its user")]
    UserName,
    /// What the caller kept is not what `begin_…` gave, or is of another ceremony.
    #[error("the kept state is not of this ceremony")]
    State,
    /// The browser's answer is too long or cannot be read.
    #[error("the browser's answer cannot be read")]
    Unreadable,
    /// An answer to another challenge: replayed, or too late.
    #[error("the answer is to another challenge")]
    Challenge,
    /// The ceremony took place on a page that is not ours, or inside a frame of one.
    #[error("the answer comes from another origin")]
    Origin,
    /// The authenticator signed for another relying party.
    #[error("the answer is for another site")]
    OtherRelyingParty,
    /// A passkey that was not asked for, that is not ours, or that is someone else's.
    #[error("the passkey is not known here")]
    UnknownPasskey,
    /// The passkey is registered already.
    #[error("the passkey is registered already")]
    Registered,
    /// A key of an algorithm that was not offered.
    #[error("the passkey's algorithm was not offered")]
    Algorithm,
    /// Nobody touched the authenticator.
    #[error("the authenticator reports no presence of a user")]
    NotPresent,
    /// The authenticator asked for neither PIN nor finger nor face, where one is needed.
    #[error("the authenticator has not verified its user")]
    NotVerified,
    /// The signature is not the passkey's.
    #[error("the signature is wrong")]
    Signature,
    /// The signature counter went back or stood still: there may be a copy of the authenticator.
    #[error("the passkey's counter went back; it may have been copied")]
    Counter,
    /// Anything else that the specification refuses.
    #[error("the browser's answer breaks the rules of WebAuthn")]
    Refused,
}

/// Why a password is not taken. The words are for the person who chose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFault {
    /// Fewer characters than asked for.
    #[error(
        "the password is too short: use at least {min_chars} characters; a few words in a row are easy to remember"
    )]
    Short {
        /// How many there must be.
        min_chars: usize,
    },
    /// More bytes than are heard.
    #[error("the password is too long: use at most {max_bytes} bytes")]
    Long {
        /// How many there may be.
        max_bytes: usize,
    },
    /// A control character, which no one can type again.
    #[error("the password has a control character, such as a tab or a line break")]
    Control,
    /// Among the common passwords, with or without digits on its end.
    #[error(
        "the password is among the first that are tried, even with digits at its end; use words that have nothing to do with each other"
    )]
    Common,
    /// Made of the e-mail address, the name or the app's name.
    #[error(
        "the password is made of your e-mail address, your name or the name of this app; use something that others cannot look up"
    )]
    Personal,
    /// One character, or a few, over and over.
    #[error("the password repeats itself; use something longer without a pattern")]
    Repeated,
    /// A row of the alphabet or of the keyboard.
    #[error("the password follows the alphabet, the digits or the keyboard; use something without a pattern")]
    Sequence,
}
