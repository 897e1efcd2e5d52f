//! Addresses in the model: judged by their letters alone, so that two readers cannot take one for different things (RFC 3986).

/// Longest address that is read.
const CHARS_MAX: usize = 2_000;

/// What is wrong with an address, as the end of a sentence about it, and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) what: &'static str,
    pub(super) hint: Option<&'static str>,
}

const fn fault(what: &'static str) -> Fault {
    Fault { what, hint: None }
}

const LETTERS: Fault = fault("has letters that an address cannot have");
const NO_HOST: Fault = fault("names no host");
const NOT_HTTPS: Fault = Fault {
    what: "does not begin with https://",
    hint: Some("http:// is for loopback addresses: http://127.0.0.1:8080"),
};
const FRAGMENT: Fault = Fault {
    what: "has a fragment",
    hint: Some("remove it, and its #"),
};
const QUERY: Fault = Fault {
    what: "has a query",
    hint: Some("an issuer is an address without ? and #"),
};
const PATTERN: Fault = Fault {
    what: "is a pattern",
    hint: Some("addresses are compared whole: list each"),
};
const SHORT_SCHEME: Fault = Fault {
    what: "has a scheme that any app could take",
    hint: Some("begin with https://, or with a domain of yours turned round: com.example.app:/callback"),
};

/// An `https://` address without a fragment; `http://` on a loopback host.
pub(super) fn web(text: &str) -> Result<(), Fault> {
    letters(text)?;
    let (secure, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
        (Some(rest), _) => (true, rest),
        (None, Some(rest)) => (false, rest),
        (None, None) => return Err(NOT_HTTPS),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host(authority)?;
    if !secure && !is_loopback(host) {
        return Err(NOT_HTTPS);
    }
    if text.contains('#') {
        return Err(FRAGMENT);
    }
    Ok(())
}

/// What `iss` may be (OpenID Connect Core 1.0, 2): an address without query and fragment.
pub(super) fn issuer(text: &str) -> Result<(), Fault> {
    web(text)?;
    if text.contains('?') { Err(QUERY) } else { Ok(()) }
}

/// Where a code may be sent to: an address of the web or of a loopback host, or a private-use scheme (RFC 8252, 7).
pub(super) fn redirect(text: &str) -> Result<(), Fault> {
    letters(text)?;
    if text.contains('*') {
        return Err(PATTERN);
    }
    let (scheme, rest) = text.split_once(':').unwrap_or_default();
    if scheme.is_empty() || scheme.contains('/') {
        return Err(NOT_HTTPS);
    }
    if matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https") {
        return web(text);
    }
    let sound = scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || matches!(letter, '.' | '-' | '+'))
        && scheme.split('.').all(|part| !part.is_empty());
    if !sound || !scheme.contains('.') {
        return Err(SHORT_SCHEME);
    }
    if text.contains('#') {
        return Err(FRAGMENT);
    }
    if !rest.starts_with('/') {
        return Err(Fault {
            what: "has no path",
            hint: Some("write com.example.app:/callback"),
        });
    }
    Ok(())
}

/// `example.com`: labels of lower-case letters, digits and `-`.
pub(super) fn is_domain(text: &str) -> bool {
    text.len() <= 253 && text.contains('.') && text == text.to_ascii_lowercase() && is_host_name(text)
}

fn letters(text: &str) -> Result<(), Fault> {
    if text.chars().count() > CHARS_MAX {
        return Err(fault("is too long"));
    }
    let allowed = |letter: char| {
        letter.is_ascii_graphic() && !matches!(letter, '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}')
    };
    let escapes = text.split('%').skip(1).all(|rest| {
        let digits = rest.as_bytes().get(..2).unwrap_or_default();
        digits.len() == 2 && digits.iter().all(u8::is_ascii_hexdigit)
    });
    if text.is_empty() || !text.chars().all(allowed) || !escapes {
        return Err(LETTERS);
    }
    Ok(())
}

/// The host of `host:port`; names of people and passwords are refused.
fn host(authority: &str) -> Result<&str, Fault> {
    if authority.contains('@') {
        return Err(fault("has a user name in front of its host"));
    }
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest)) if address.parse::<std::net::Ipv6Addr>().is_ok() => {
            let host = &authority[..address.len() + 2];
            (
                host,
                if rest.is_empty() {
                    None
                } else {
                    Some(rest.strip_prefix(':').ok_or(NO_HOST)?)
                },
            )
        }
        Some(_) => return Err(NO_HOST),
        None => match authority.split_once(':') {
            Some((host, port)) if is_host_name(host) => (host, Some(port)),
            None if is_host_name(authority) => (authority, None),
            Some(_) | None => return Err(NO_HOST),
        },
    };
    let sound = |port: &str| {
        port.bytes().all(|digit| digit.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|number| number > 0)
    };
    match port {
        Some(port) if !sound(port) => Err(fault("has a port that is none")),
        Some(_) | None => Ok(host),
    }
}

fn is_host_name(text: &str) -> bool {
    text.split('.').all(|label| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}

fn is_loopback(host: &str) -> bool {
    let address = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(host);
    host == "localhost"
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_web() {
        for sound in [
            "https://login.example.com",
            "https://login.example.com/realms/a%20b/",
            "https://login.example.com:8443/a?b=c",
            "http://localhost:8080",
            "http://127.0.0.1/x",
            "http://[::1]:3000/x",
            "https://[2001:db8::1]/",
        ] {
            assert_eq!(web(sound), Ok(()), "{sound}");
        }
        for (bad, what) in [
            ("", LETTERS),
            ("https://", NO_HOST),
            ("https:///x", NO_HOST),
            ("https://a..example.com", NO_HOST),
            ("https://*.example.com", NO_HOST),
            ("https://-a.example.com", NO_HOST),
            ("https://[::1", NO_HOST),
            ("https://[::1]x", NO_HOST),
            ("login.example.com", NOT_HTTPS),
            ("ftp://example.com", NOT_HTTPS),
            ("HTTPS://example.com", NOT_HTTPS),
            ("http://example.com", NOT_HTTPS),
            ("http://localhost.example.com", NOT_HTTPS),
            ("http://127.0.0.1.example.com", NOT_HTTPS),
            ("http://10.0.0.1", NOT_HTTPS),
            ("https://example.com/a b", LETTERS),
            ("https://example.com/\u{e9}", LETTERS),
            ("https://example.com\\@evil.test", LETTERS),
            ("https://example.com/%zz", LETTERS),
            ("https://example.com/%4", LETTERS),
            ("https://example.com/#", FRAGMENT),
        ] {
            assert_eq!(web(bad), Err(what), "{bad}");
        }
        for bad in [
            "https://a@example.com",
            "https://a:b@example.com",
            "http://127.0.0.1@evil.test",
        ] {
            assert!(web(bad).is_err_and(|fault| fault.what.contains("user name")), "{bad}");
        }
        for bad in [
            "https://a.test:",
            "https://a.test:0",
            "https://a.test:65536",
            "https://a.test:+1",
        ] {
            assert!(web(bad).is_err_and(|fault| fault.what.contains("port")), "{bad}");
        }
        assert_eq!(issuer("https://example.com/a?b"), Err(QUERY));
        assert_eq!(issuer("https://example.com/a"), Ok(()));
        assert!(web(&format!("https://a.test/{}", "x".repeat(2_000))).is_err());
    }

    #[test]
    fn where_codes_go() {
        for sound in [
            "https://app.example.com/callback?x=1",
            "http://127.0.0.1/callback",
            "http://[::1]/callback",
            "com.example.desk:/callback",
            "com.example.desk-app://callback",
        ] {
            assert_eq!(redirect(sound), Ok(()), "{sound}");
        }
        for (bad, what) in [
            ("https://app.example.com/callback#x", FRAGMENT),
            ("com.example.desk:/callback#", FRAGMENT),
            ("https://*.example.com/callback", PATTERN),
            ("https://app.example.com/*", PATTERN),
            ("http://app.example.com/callback", NOT_HTTPS),
            ("HTTPS://app.example.com/callback", NOT_HTTPS),
            ("/callback", NOT_HTTPS),
            ("//app.example.com/a:b", NOT_HTTPS),
            ("desk:/callback", SHORT_SCHEME),
            ("javascript:alert(1)", SHORT_SCHEME),
            ("data:text/html,x", SHORT_SCHEME),
            ("Com.Example.Desk:/callback", SHORT_SCHEME),
            ("com.:/callback", SHORT_SCHEME),
            (".:/callback", SHORT_SCHEME),
        ] {
            assert_eq!(redirect(bad), Err(what), "{bad}");
        }
        assert!(redirect("com.example.desk:callback").is_err());
    }

    #[test]
    fn domains() {
        for (text, expected) in [
            ("example.com", true),
            ("a-b.example.co.uk", true),
            ("Example.com", false),
            ("@example.com", false),
            ("*.example.com", false),
            ("example", false),
            ("example.com.", false),
            ("", false),
        ] {
            assert_eq!(is_domain(text), expected, "{text}");
        }
    }
}
