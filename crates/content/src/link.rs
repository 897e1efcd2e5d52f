//! Where a link leads, read as suspiciously as any browser or renderer might.

/// Schemes that a link of rich text may have. A link without a scheme stays on the site and is fine.
pub(crate) const SCHEMES: [&str; 3] = ["http", "https", "mailto"];

/// Schemes that run something, or show what is not of the web.
const DANGEROUS: [&str; 11] = [
    "about",
    "blob",
    "data",
    "file",
    "filesystem",
    "jar",
    "javascript",
    "livescript",
    "mocha",
    "vbscript",
    "view-source",
];

/// Whether the address is relative or has one of [`SCHEMES`].
pub(crate) fn is_safe(address: &str) -> bool {
    scheme(address).is_none_or(|scheme| SCHEMES.contains(&scheme.as_str()))
}

/// Whether the text begins with an address that runs something.
pub(crate) fn is_dangerous(text: &str) -> bool {
    scheme(text).is_some_and(|scheme| DANGEROUS.contains(&scheme.as_str()))
}

/// The scheme at the beginning, in lower case, if there is one.
///
/// Character references are decoded, and whatever some reader ignores is ignored: spaces and controls (browsers drop tabs and
/// line ends anywhere), characters without width, and backslashes, which are escapes in Markdown.
fn scheme(text: &str) -> Option<String> {
    let mut scheme = String::new();
    for letter in decode(text) {
        match letter {
            ':' if !scheme.is_empty() => return Some(scheme),
            'a'..='z' | 'A'..='Z' => scheme.push(letter.to_ascii_lowercase()),
            '0'..='9' | '+' | '-' | '.' if !scheme.is_empty() => scheme.push(letter),
            '\\' => {}
            _ if is_ignored(letter) => {}
            _ => return None,
        }
    }
    None
}

fn is_ignored(letter: char) -> bool {
    letter.is_control()
        || letter.is_whitespace()
        || matches!(letter, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

/// The characters with character references decoded, as far as they matter before a colon. No named reference stands for a
/// letter of ASCII.
fn decode(text: &str) -> impl Iterator<Item = char> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let letter = rest.chars().next()?;
        let (letter, length) = match letter {
            '&' => reference(rest).unwrap_or(('&', 1)),
            _ => (letter, letter.len_utf8()),
        };
        rest = &rest[length..];
        Some(letter)
    })
}

/// The character reference at the beginning and its length. Browsers read numeric ones without `;` too.
fn reference(text: &str) -> Option<(char, usize)> {
    for (name, letter) in [
        ("&colon;", ':'),
        ("&Tab;", '\t'),
        ("&NewLine;", '\n'),
        ("&nbsp;", '\u{A0}'),
        ("&shy;", '\u{AD}'),
        ("&plus;", '+'),
        ("&period;", '.'),
        ("&hyphen;", '-'),
        ("&bsol;", '\\'),
    ] {
        if text.starts_with(name) {
            return Some((letter, name.len()));
        }
    }
    let body = text.strip_prefix("&#")?;
    let (digits, radix) = match body.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16),
        None => (body, 10),
    };
    let length = digits
        .find(|letter: char| !letter.is_digit(radix))
        .unwrap_or(digits.len());
    // Leading zeros may be many; more than seven digits beside them are no character.
    let significant = digits[..length].trim_start_matches('0');
    let number = match significant {
        "" if length == 0 => return None,
        "" => 0,
        digits if digits.len() > 7 => return None,
        digits => u32::from_str_radix(digits, radix).ok()?,
    };
    let letter = char::from_u32(number)?;
    let after = &digits[length..];
    let end = text.len() - after.len() + usize::from(after.starts_with(';'));
    Some((letter, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str, expected: Option<&str>) {
        assert_eq!(scheme(address).as_deref(), expected, "{address:?}");
    }

    #[test]
    fn schemes() {
        check("https://example.com", Some("https"));
        check("HTTP:x", Some("http"));
        check("mailto:ann@acme.test", Some("mailto"));
        check("git+ssh://x", Some("git+ssh"));
        check("a-1.b:c", Some("a-1.b"));
    }

    #[test]
    fn without_a_scheme() {
        for address in [
            "",
            "/",
            "/a:b",
            "a/b:c",
            "#a:b",
            "?a:b",
            "//example.com",
            "a b",
            "1:2",
            ":x",
            "é:x",
            "a&b:c",
            "a%3Ab",
            "(x):y",
        ] {
            check(address, None);
        }
    }

    #[test]
    fn disguises() {
        for address in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            " javascript:",
            "\u{1}javascript:",
            "java\tscript:",
            "java\nscript:",
            "j\na\nv\na\ns\nc\nr\ni\np\nt\n:",
            "javascript\t:",
            "\u{200B}javascript:",
            "java\u{AD}script:",
            "\u{FEFF}javascript:",
            "&#106;avascript:",
            "&#x6A;avascript:",
            "&#X6a;avascript:",
            "&#106avascript:",
            "&#0000106;avascript:",
            "&#00000000000000000106;avascript:",
            "javascript&colon;",
            "javascript&#58;",
            "javascript&#x3a;",
            "java&Tab;script:",
            "java&NewLine;script:",
            "&#1;javascript:",
            "&#32;javascript:",
            "&#0;javascript:",
            "javascript\\:",
            "\\javascript:",
            "java&#x0A;script:",
        ] {
            check(address, Some("javascript"));
            assert!(!is_safe(address) && is_dangerous(address), "{address:?}");
        }
    }

    #[test]
    fn safe_and_dangerous() {
        for (address, safe, dangerous) in [
            ("https://example.com", true, false),
            ("javascript", true, false),
            ("/javascript:x", true, false),
            ("tel:+123", false, false),
            ("data:text/html,x", false, true),
            ("VBScript:x", false, true),
            ("file:///etc/passwd", false, true),
            ("constructor:x", false, false),
        ] {
            assert_eq!(
                (is_safe(address), is_dangerous(address)),
                (safe, dangerous),
                "{address}"
            );
        }
    }
}
