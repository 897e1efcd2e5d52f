//! The address of a mail server, with the password that it asks for.

use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// The port of submission by TLS from the first byte (RFC 8314).
const TLS_PORT: u16 = 465;
/// The port of submission with STARTTLS (RFC 6409).
const SUBMISSION_PORT: u16 = 587;

/// `smtps://user:password@host:465`, or `smtp://user:password@host:587`. `Debug`, `Display` and `Serialize` show no password.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct SmtpUrl {
    /// The server's name, which its certificate must have.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    /// Name and password.
    pub(super) credentials: Option<(String, String)>,
}

/// How what is sent is kept from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    /// TLS from the first byte.
    Tls,
    /// TLS before anything is said; a server that does not offer it gets no letter.
    StartTls,
    /// In the clear, to a mail server on this machine.
    Clear,
}

impl SmtpUrl {
    /// Reads an address.
    ///
    /// # Errors
    /// In words, without the address.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let malformed = || {
            "a mail server is `smtps://user:password@host` or `smtp://user:password@host`, with `%` before what has a meaning in URLs"
                .to_owned()
        };
        let url = url::Url::parse(text).map_err(|_| malformed())?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(malformed)?;
        let (mut security, port) = match url.scheme() {
            "smtps" => (Security::Tls, TLS_PORT),
            "smtp" => (Security::StartTls, SUBMISSION_PORT),
            _ => return Err(malformed()),
        };
        for (name, value) in url.query_pairs() {
            security = match (&*name, &*value, security) {
                ("starttls", "required", Security::StartTls) => security,
                ("starttls", "off", Security::StartTls) => Security::Clear,
                _ => {
                    return Err(
                        "`smtp://…` takes `?starttls=required`, which it means anyway, or `?starttls=off`".to_owned(),
                    );
                }
            };
        }
        if url.fragment().is_some() || !matches!(url.path(), "" | "/") {
            return Err(malformed());
        }
        let credentials = match (url.username(), url.password()) {
            ("", None) => None,
            (_, None) => return Err("a mail server that asks for a name asks for a password".to_owned()),
            (name, Some(password)) => Some((
                decoded(name).ok_or_else(malformed)?,
                decoded(password).ok_or_else(malformed)?,
            )),
        };
        let url = Self {
            host: host.to_owned(),
            port: url.port().unwrap_or(port),
            security,
            credentials,
        };
        if url.security == Security::Clear && url.credentials.is_some() && !url.is_local() {
            return Err("a password is not sent in the clear to another machine".to_owned());
        }
        Ok(url)
    }

    fn is_local(&self) -> bool {
        let address = self.host.trim_start_matches('[').trim_end_matches(']').parse();
        self.host == "localhost" || address.is_ok_and(|address: std::net::IpAddr| address.is_loopback())
    }
}

/// A part of a URL without its `%`s.
fn decoded(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        if *first == b'%' {
            let digits = std::str::from_utf8(more.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = more.get(2..)?;
        } else {
            bytes.push(*first);
            rest = more;
        }
    }
    String::from_utf8(bytes).ok()
}

impl TryFrom<String> for SmtpUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl fmt::Display for SmtpUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, query) = match self.security {
            Security::Tls => ("smtps", ""),
            Security::StartTls => ("smtp", "?starttls=required"),
            Security::Clear => ("smtp", "?starttls=off"),
        };
        let user = if self.credentials.is_some() { "***:***@" } else { "" };
        write!(out, "{scheme}://{user}{}:{}{query}", self.host, self.port)
    }
}

impl fmt::Debug for SmtpUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl Serialize for SmtpUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_not_told() {
        for (text, shown) in [
            ("smtps://ann:s3cret@mail.test", "smtps://***:***@mail.test:465"),
            (
                "smtp://ann%40acme.test:s3%2Fcret@mail.test",
                "smtp://***:***@mail.test:587?starttls=required",
            ),
            (
                "smtp://mail.test:2525?starttls=required",
                "smtp://mail.test:2525?starttls=required",
            ),
            ("smtp://127.0.0.1:25?starttls=off", "smtp://127.0.0.1:25?starttls=off"),
            (
                "smtp://ann:s3cret@localhost?starttls=off",
                "smtp://***:***@localhost:587?starttls=off",
            ),
        ] {
            let url = SmtpUrl::parse(text).unwrap();
            assert_eq!((url.to_string().as_str(), format!("{url:?}").as_str()), (shown, shown));
            assert_eq!(serde_json::to_value(&url).unwrap(), shown);
            // What is printed can be read again.
            assert!(SmtpUrl::parse(shown).is_ok());
        }
        let url = SmtpUrl::parse("smtp://ann%40acme.test:s3%2Fcret@mail.test").unwrap();
        assert_eq!(
            url.credentials,
            Some(("ann@acme.test".to_owned(), "s3/cret".to_owned()))
        );
    }

    #[test]
    fn nothing_is_sent_in_the_clear_by_accident() {
        for bad in [
            "",
            "mail.test",
            "http://ann:s3cret@mail.test",
            "smtp://ann:s3cret@mail.test?starttls=off",
            "smtp://mail.test?starttls=optional",
            "smtp://mail.test?tls=none",
            "smtps://mail.test?starttls=off",
            "smtps://s3cret@mail.test",
            "smtps://ann:s3cret@mail.test/path",
            "smtps://ann:%zz@mail.test",
        ] {
            let error = SmtpUrl::parse(bad).unwrap_err();
            assert!(!error.contains("s3cret"), "{bad}: {error}");
        }
    }
}
