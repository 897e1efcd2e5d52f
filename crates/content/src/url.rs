//! URLs of the web, in the form in which a browser would send them.

use crate::fault::Fault;
use crate::text::{is_bidi_control, normalise, refused_control};
use url::Url;

/// Characters of a stored URL.
pub const URL_CHARACTERS_MAX: usize = 2_048;

/// A URL as it is stored: as parsed, so that no two programs read it differently.
///
/// Refused besides other schemes: names and passwords in it. They would be shown to every reader of the row, and
/// `https://bank.example@other.example` is a disguise.
pub(crate) fn clean(text: &str) -> Result<String, Fault> {
    let text = normalise(text.trim());
    if let Some(letter) = text.chars().find(|letter| letter.is_control()) {
        return Err(refused_control(letter));
    }
    if text.contains(is_bidi_control) {
        return Err(refuse("contains a character that changes the direction of text"));
    }
    if text.contains(char::is_whitespace) {
        return Err(refuse("contains a space; write `%20`"));
    }
    let (scheme, rest) = text.split_once(':').unwrap_or(("", &text));
    if !(scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")) {
        return Err(Fault::new(
            "scheme",
            "the URL has to begin with `https://` or `http://`",
        ));
    }
    // Browsers would mend `https:example.com` and `https:\\example.com`, other programs read a path.
    if !rest.starts_with("//") || rest[2..].starts_with(['/', '\\']) {
        return Err(refuse("has no host; expected https://example.com/path"));
    }
    let url = Url::parse(&text).map_err(|fault| refuse(&format!("cannot be read: {fault}")))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse("contains a name or a password before an `@`; remove it"));
    }
    if !url.has_host() {
        return Err(refuse("has no host; expected https://example.com/path"));
    }
    let stored = String::from(url);
    let length = stored.chars().count();
    if length > URL_CHARACTERS_MAX {
        return Err(Fault::new(
            "length_max",
            format!("a URL may have at most {URL_CHARACTERS_MAX} characters, found {length}"),
        ));
    }
    Ok(stored)
}

fn refuse(why: &str) -> Fault {
    Fault::new("url", format!("the URL {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, &str>) {
        let found = clean(text);
        assert_eq!(
            found.as_deref().map_err(|fault| fault.rule),
            expected,
            "{}",
            text.chars().take(80).collect::<String>()
        );
        if let Ok(stored) = &found {
            assert_eq!(clean(stored).as_ref(), Ok(stored), "a second time");
        }
    }

    #[test]
    fn urls() {
        check("https://example.com/a", Ok("https://example.com/a"));
        check("https://example.com", Ok("https://example.com/"));
        check(" HTTPS://Example.COM/A ", Ok("https://example.com/A"));
        check("http://example.com:80/", Ok("http://example.com/"));
        check(
            "http://example.com:8080/?q=1&r=ä#x",
            Ok("http://example.com:8080/?q=1&r=%C3%A4#x"),
        );
        check("https://bücher.example/", Ok("https://xn--bcher-kva.example/"));
        check("https://example.com/a/../b", Ok("https://example.com/b"));
        check("https://example.com/a\\b", Ok("https://example.com/a/b"));
        check("https://[::1]:8080/", Ok("https://[::1]:8080/"));
        check("http://localhost:3000/x", Ok("http://localhost:3000/x"));
        check("https://example.com/\"<>", Ok("https://example.com/%22%3C%3E"));
    }

    #[test]
    fn other_schemes() {
        for text in [
            "",
            "example.com",
            "//example.com",
            "javascript:alert(1)",
            "JavaScript://example.com/%0aalert(1)",
            "data:text/html,x",
            "vbscript:x",
            "ftp://example.com/",
            "file:///etc/passwd",
            "mailto:ann@acme.test",
            "blob:https://example.com/1",
            "view-source:https://example.com/",
        ] {
            check(text, Err("scheme"));
        }
        check("java\tscript:alert(1)", Err("control"));
        check("ht\ntps://example.com", Err("control"));
        check("https://example.com/\0", Err("nul"));
    }

    #[test]
    fn no_urls() {
        for text in [
            "https:example.com",
            "https:/example.com",
            "https:///example.com",
            "https:\\\\example.com",
            "https://",
            "https://ex ample.com/",
            "https://example.com/a b",
            "https://example.com:99999/",
            "https://exa<mple.com/",
            "https://ann@example.com/",
            "https://ann:secret@example.com/",
            "https://example.com@other.example/",
            "https://:secret@example.com/",
            "https://example.com/\u{202E}fdp.exe",
            "https://exam\u{2066}ple.com/",
        ] {
            check(text, Err("url"));
        }
    }

    #[test]
    fn bounds() {
        let url = |length: usize| format!("https://example.com/{}", "a".repeat(length - 20));
        check(&url(2_048), Ok(&url(2_048)));
        check(&url(2_049), Err("length_max"));
        // What counts is what is stored.
        check(&format!("https://example.com/{}", "ä".repeat(400)), Err("length_max"));
    }
}
