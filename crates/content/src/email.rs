//! E-mail addresses: the profile that mail servers agree on.

use crate::fault::Fault;
use crate::text::{is_bidi_control, normalise, refused_control};
use url::Host;

/// Octets of a whole address that SMTP can carry (RFC 5321, 4.5.3.1.3, less the angle brackets).
const ADDRESS_BYTES_MAX: usize = 254;
/// Octets before the `@` (RFC 5321, 4.5.3.1.1).
const LOCAL_BYTES_MAX: usize = 64;
/// Octets of a label of a domain (RFC 1035, 2.3.4).
const LABEL_BYTES_MAX: usize = 63;

/// An address as it is stored: no spaces around it, the domain in lower case and, where it has other letters, in Punycode.
///
/// The part before the `@` is the receiver's own matter and keeps its case. Quoted local parts, comments, address literals and
/// domains of one label are valid by the RFCs, and practically always a mistake: they are refused.
pub(crate) fn clean(text: &str) -> Result<String, Fault> {
    let text = normalise(text.trim());
    if let Some(letter) = text.chars().find(|letter| letter.is_control()) {
        return Err(refused_control(letter));
    }
    if text.contains(is_bidi_control) {
        return Err(refuse("contains a character that changes the direction of text"));
    }
    let Some((local, domain)) = text.split_once('@') else {
        return Err(refuse("has no `@`; expected name@example.com"));
    };
    if domain.contains('@') {
        return Err(refuse("has more than one `@`"));
    }
    check_local(local)?;
    let domain = clean_domain(domain)?;
    let address = format!("{local}@{domain}");
    if address.len() > ADDRESS_BYTES_MAX {
        return Err(refuse(&format!("is longer than {ADDRESS_BYTES_MAX} bytes")));
    }
    Ok(address)
}

fn refuse(why: &str) -> Fault {
    Fault::new("email", format!("the e-mail address {why}"))
}

/// A dot-atom (RFC 5322, 3.2.3).
fn check_local(local: &str) -> Result<(), Fault> {
    if local.is_empty() {
        return Err(refuse("has nothing before the `@`"));
    }
    if local.len() > LOCAL_BYTES_MAX {
        return Err(refuse(&format!("has more than {LOCAL_BYTES_MAX} bytes before the `@`")));
    }
    let atom = |letter: char| letter.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(letter);
    if !local.chars().all(|letter| letter == '.' || atom(letter)) {
        return Err(refuse(
            "has a character before the `@` that mail servers do not agree on",
        ));
    }
    if local.split('.').any(str::is_empty) {
        return Err(refuse("has a dot too many before the `@`"));
    }
    Ok(())
}

fn clean_domain(domain: &str) -> Result<String, Fault> {
    let wrong = || refuse("has no valid domain after the `@`");
    // The parser of hosts decodes `%61` and takes addresses in brackets; a domain of a mail address has neither.
    if domain
        .chars()
        .any(|letter| letter.is_ascii() && !letter.is_ascii_alphanumeric() && !matches!(letter, '-' | '.'))
    {
        return Err(wrong());
    }
    let Ok(Host::Domain(domain)) = Host::parse(domain) else {
        return Err(wrong());
    };
    let labels: Vec<&str> = domain.split('.').collect();
    let sound = |label: &&str| {
        (1..=LABEL_BYTES_MAX).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let numeric = |label: &&str| label.bytes().all(|byte| byte.is_ascii_digit());
    if labels.len() < 2 || !labels.iter().all(sound) || labels.last().is_some_and(numeric) {
        return Err(wrong());
    }
    Ok(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, &str>) {
        let found = clean(text);
        assert_eq!(found.as_deref().map_err(|fault| fault.rule), expected, "{text:?}");
        if let Ok(stored) = &found {
            assert_eq!(clean(stored).as_ref(), Ok(stored), "a second time");
        }
    }

    #[test]
    fn addresses() {
        check("ann@acme.test", Ok("ann@acme.test"));
        check("Ann.O'Hara+news@ACME.Test", Ok("Ann.O'Hara+news@acme.test"));
        check(" ann@acme.test\n", Ok("ann@acme.test"));
        check("a@b.cd", Ok("a@b.cd"));
        check("!#$%&'*+-/=?^_`{|}~@x.test", Ok("!#$%&'*+-/=?^_`{|}~@x.test"));
        check("ann@3com.example", Ok("ann@3com.example"));
        check("ann@a-b.example", Ok("ann@a-b.example"));
        check("ann@bücher.example", Ok("ann@xn--bcher-kva.example"));
        check("ann@BU\u{308}CHER.example", Ok("ann@xn--bcher-kva.example"));
        check("ann@xn--bcher-kva.example", Ok("ann@xn--bcher-kva.example"));
    }

    #[test]
    fn no_addresses() {
        for text in [
            "",
            "ann",
            "@acme.test",
            "ann@",
            "ann@@acme.test",
            "a@b@acme.test",
            "ann acme@acme.test",
            ".ann@acme.test",
            "ann.@acme.test",
            "a..b@acme.test",
            "\"ann\"@acme.test",
            "ann(home)@acme.test",
            "Ann <ann@acme.test>",
            "ann@acme.test,bob@acme.test",
            "ann@acme.test;",
            "änn@acme.test",
            "ann@localhost",
            "ann@acme",
            "ann@acme..test",
            "ann@.acme.test",
            "ann@acme.test.",
            "ann@-acme.test",
            "ann@acme-.test",
            "ann@ac_me.test",
            "ann@ac%6de.test",
            "ann@[127.0.0.1]",
            "ann@127.0.0.1",
            "ann@1.2.3.456",
            "ann@acme.123",
            "ann@xn--a.test",
            "ann@ac\u{202E}me.test",
            "a\u{200F}nn@acme.test",
        ] {
            check(text, Err("email"));
        }
        check("ann@acme.test\nBcc: bob@acme.test", Err("control"));
        check("ann\0@acme.test", Err("nul"));
    }

    #[test]
    fn bounds() {
        let local = |length: usize| format!("{}@acme.test", "a".repeat(length));
        check(&local(64), Ok(&local(64)));
        check(&local(65), Err("email"));
        let label = |length: usize| format!("a@{}.test", "b".repeat(length));
        check(&label(63), Ok(&label(63)));
        check(&label(64), Err("email"));
        let b = "b".repeat(61);
        let whole = |last: usize| format!("{}@{b}.{b}.{b}.{}", "a".repeat(60), "c".repeat(last));
        assert_eq!(whole(7).len(), 254);
        check(&whole(7), Ok(&whole(7)));
        check(&whole(8), Err("email"));
    }
}
