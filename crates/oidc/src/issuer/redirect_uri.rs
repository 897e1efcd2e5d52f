//! Where codes may be sent: exactly where an app said, when it was registered.

use url::{Host, Url};

/// A redirect URI of an app's registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectUri(String);

/// Why a redirect URI cannot be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedirectUriError {
    /// It is no absolute URI of printable ASCII, or too long.
    #[error("it is no absolute URI")]
    Unreadable,
    /// RFC 6749 section 3.1.2.
    #[error("it has a fragment")]
    Fragment,
    /// Codes would be sent in the clear.
    #[error("plain http is for 127.0.0.1, [::1] and localhost only")]
    Plain,
    /// Names before an `@` mislead those who read it.
    #[error("it holds a user name")]
    User,
    /// There are no patterns.
    #[error("it holds a `*`; every redirect URI is stated whole")]
    Wildcard,
    /// Browsers do something else with it than hand it to an app.
    #[error("an app's own scheme is meant here, such as `com.example.app`")]
    Scheme,
}

/// What browsers or systems keep for themselves. Other schemes without a dot are taken as they are registered, though RFC 8252
/// section 7.1 asks for a dot: [`RedirectUri::is_private_scheme_without_dot`] tells, so that a model can be warned.
const RESERVED: [&str; 22] = [
    "about",
    "blob",
    "chrome",
    "content",
    "data",
    "file",
    "filesystem",
    "ftp",
    "intent",
    "javascript",
    "jar",
    "mailto",
    "ms-settings",
    "resource",
    "sms",
    "tel",
    "urn",
    "vbscript",
    "view-source",
    "ws",
    "wss",
    "x-apple.systempreferences",
];

impl RedirectUri {
    /// Checks one that is to be registered.
    ///
    /// # Errors
    /// By variant.
    pub fn register(text: &str) -> Result<Self, RedirectUriError> {
        if text.len() > 2048 || !text.bytes().all(|byte| matches!(byte, 0x21..=0x7E)) || text.contains('\\') {
            return Err(RedirectUriError::Unreadable);
        }
        let url = Url::parse(text).map_err(|_| RedirectUriError::Unreadable)?;
        if text.contains('#') {
            return Err(RedirectUriError::Fragment);
        }
        if text.contains('*') {
            return Err(RedirectUriError::Wildcard);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(RedirectUriError::User);
        }
        match url.scheme() {
            // A parser may forgive `https:/x`; whoever gets the code may not.
            "https" | "http" if url.host().is_none() || !starts_with_authority(text) => {
                return Err(RedirectUriError::Unreadable);
            }
            "https" => {}
            "http" => {
                let local = match url.host() {
                    Some(Host::Domain(name)) => name == "localhost",
                    Some(Host::Ipv4(address)) => address.is_loopback(),
                    Some(Host::Ipv6(address)) => address.is_loopback(),
                    None => false,
                };
                if !local {
                    return Err(RedirectUriError::Plain);
                }
            }
            scheme if RESERVED.contains(&scheme) => return Err(RedirectUriError::Scheme),
            _ => {}
        }
        Ok(Self(text.to_owned()))
    }

    /// As it was registered.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is of an app's own scheme that another app could have chosen too (RFC 8252 section 7.1).
    pub fn is_private_scheme_without_dot(&self) -> bool {
        let scheme = self.0.split(':').next().unwrap_or_default();
        !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") && !scheme.contains('.')
    }

    /// Whether a request may ask for `asked`: the same, letter for letter. Only the port of a loopback address is free, since
    /// programs listen where they can (RFC 8252 section 7.3); `localhost` is no address (section 8.3).
    pub fn allows(&self, asked: &str) -> bool {
        if self.0 == asked {
            return true;
        }
        match (without_port(&self.0), without_port(asked)) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => false,
        }
    }
}

fn starts_with_authority(text: &str) -> bool {
    text.split_once("://").is_some_and(|(_, rest)| !rest.starts_with('/'))
}

/// A loopback address and what follows its port; `None` for anything else. Text, not a parsed URL: two spellings of one URL are
/// two redirect URIs.
fn without_port(text: &str) -> Option<(&'static str, &str)> {
    let (host, rest) = ["http://127.0.0.1", "http://[::1]"]
        .into_iter()
        .find_map(|host| Some((host, text.strip_prefix(host)?)))?;
    let rest = match rest.strip_prefix(':') {
        Some(after) => {
            let digits = after.bytes().take_while(u8::is_ascii_digit).count();
            after[..digits].parse::<u16>().ok().filter(|port| *port != 0)?;
            &after[digits..]
        }
        None => rest,
    };
    // Else `http://127.0.0.1.evil.example` or `http://127.0.0.1:1@evil.example` would do.
    (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((host, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registration_is_strict() {
        use RedirectUriError::{Fragment, Plain, Scheme, Unreadable, User, Wildcard};
        let check = |text: &str, expected| assert_eq!(RedirectUri::register(text).err(), expected, "{text}");
        for text in [
            "https://app.acme.example/callback",
            "https://app.acme.example:8443/callback?tenant=1",
            "http://127.0.0.1/callback",
            "http://[::1]:80/callback",
            "http://localhost:3000/callback",
            "com.acme.app:/callback",
            "com.acme.app://callback",
            "acme://callback",
        ] {
            check(text, None);
        }
        for text in [
            "",
            "/callback",
            "callback",
            "//acme.example",
            "https:/acme.example",
            "https:acme.example",
            "https://",
            "https:///acme.example",
            "https://acme.example\\@evil.example",
            "https://acme.example/ x",
            "https://acme.example/\n",
            "https://bücher.example/",
            "https://acme.example:99999/",
            " https://acme.example",
        ] {
            check(text, Some(Unreadable));
        }
        check("https://acme.example/#", Some(Fragment));
        check("com.acme.app:/callback#x", Some(Fragment));
        check("http://acme.example/callback", Some(Plain));
        check("http://localhost.evil.example/", Some(Plain));
        check("http://10.0.0.1/", Some(Plain));
        check("https://acme.example@evil.example/", Some(User));
        check("https://*.acme.example/", Some(Wildcard));
        for text in [
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "data:text/html,x",
            "file:///x",
            "vbscript:x",
            "blob:x",
            "intent:x",
            "urn:x:y",
        ] {
            check(text, Some(Scheme));
        }
        assert!(
            RedirectUri::register("acme://x")
                .unwrap()
                .is_private_scheme_without_dot()
        );
        assert!(
            !RedirectUri::register("com.acme://x")
                .unwrap()
                .is_private_scheme_without_dot()
        );
        assert!(
            !RedirectUri::register("https://x.example")
                .unwrap()
                .is_private_scheme_without_dot()
        );
    }

    #[test]
    fn requests_match_letter_for_letter() {
        let check = |registered: &str, asked: &str, expected| {
            assert_eq!(
                RedirectUri::register(registered).unwrap().allows(asked),
                expected,
                "{registered} {asked}"
            );
        };
        let site = "https://app.acme.example/callback";
        check(site, site, true);
        for asked in [
            "https://app.acme.example/callback/",
            "https://app.acme.example/callback?x=1",
            "https://app.acme.example/callback#x",
            "https://app.acme.example/Callback",
            "https://APP.acme.example/callback",
            "https://app.acme.example:443/callback",
            "https://app.acme.example:8443/callback",
            "https://app.acme.example/x/../callback",
            "https://app.acme.example/%63allback",
            "https://app.acme.example.evil.example/callback",
            "https://evil.example/?https://app.acme.example/callback",
            "http://app.acme.example/callback",
            "https://app.acme.example@evil.example/callback",
            "",
        ] {
            check(site, asked, false);
        }
        let program = "http://127.0.0.1/callback";
        for (asked, expected) in [
            ("http://127.0.0.1:49152/callback", true),
            ("http://127.0.0.1:1/callback", true),
            ("http://127.0.0.1:0/callback", false),
            ("http://127.0.0.1:65536/callback", false),
            ("http://127.0.0.1:/callback", false),
            ("http://127.0.0.1:80a/callback", false),
            ("http://127.0.0.1:80@evil.example/callback", false),
            ("http://127.0.0.1.evil.example/callback", false),
            ("http://127.0.0.1@evil.example/callback", false),
            ("http://127.0.0.1:80/other", false),
            ("http://127.0.0.1:80/callback?x=1", false),
            ("http://127.0.0.1:80/callback#x", false),
            ("http://127.0.0.2:80/callback", false),
            ("http://[::1]:80/callback", false),
            ("http://localhost:80/callback", false),
            ("https://127.0.0.1:80/callback", false),
            ("HTTP://127.0.0.1:80/callback", false),
        ] {
            check(program, asked, expected);
        }
        check("http://[::1]:9/x", "http://[::1]:10/x", true);
        check("http://localhost:3000/x", "http://localhost:3001/x", false);
        check("com.acme.app:/x", "com.acme.app:/x", true);
        check("com.acme.app:/x", "com.acme.app:/x/y", false);
    }

    #[test]
    fn a_port_ends_where_a_path_begins() {
        let rest = |text| without_port(text).map(|(_, rest)| rest);
        assert_eq!(rest("http://127.0.0.1"), Some(""));
        assert_eq!(rest("http://127.0.0.1:8080?x"), Some("?x"));
        assert_eq!(rest("http://[::1]:8080/x"), Some("/x"));
        for text in [
            "http://127.0.0.1.evil.example",
            "http://127.0.0.1@evil.example",
            "http://127.0.0.1:80@evil.example",
            "http://127.0.0.11",
        ] {
            assert_eq!(rest(text), None, "{text}");
        }
    }
}
