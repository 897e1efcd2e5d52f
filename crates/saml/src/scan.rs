//! Bounds a document before it is parsed: one pass over its bytes, without memory that grows with it beyond `depth_max`.
//!
//! A parser must build what it reads before anybody can count it. Namespaces cost it most (every element that declares one copies
//! those of its parents), so they are counted too.

use crate::error::{Result, SamlError};

/// How much a document may hold.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) bytes_max: usize,
    pub(crate) depth_max: usize,
    pub(crate) elements_max: usize,
    /// On one element, namespace declarations among them.
    pub(crate) attributes_max: usize,
    /// Namespace declarations in scope at any place.
    pub(crate) namespaces_max: usize,
    /// Whether comments may stand in it.
    pub(crate) comments: bool,
}

impl Bounds {
    /// A response with hundreds of groups has 100 KiB and 10 levels.
    pub(crate) const RESPONSE: Self = Self {
        bytes_max: 256 * 1024,
        depth_max: 32,
        elements_max: 8_000,
        attributes_max: 32,
        namespaces_max: 64,
        comments: false,
    };

    /// What we canonicalized from a response: namespaces are declared again where they are used, so it may have grown.
    pub(crate) const CANONICAL: Self = Self {
        bytes_max: 512 * 1024,
        attributes_max: 96,
        ..Self::RESPONSE
    };

    /// An administrator gives it; ADFS lists its claim types, some tools leave comments.
    pub(crate) const METADATA: Self = Self {
        bytes_max: 1024 * 1024,
        elements_max: 20_000,
        comments: true,
        ..Self::RESPONSE
    };
}

/// Refuses what is too large or holds a construct that SAML does not use. It need not be well-formed: the parser judges that.
pub(crate) fn check(text: &str, bounds: &Bounds) -> Result<()> {
    if text.len() > bounds.bytes_max {
        return Err(SamlError::TooLarge { what: "bytes" });
    }
    let mut rest = text;
    if rest.starts_with("<?xml") && rest.as_bytes().get(5).is_some_and(u8::is_ascii_whitespace) {
        rest = after(rest, "?>")?;
    }
    let mut elements = 0_usize;
    // Namespaces in scope inside each open element.
    let mut open: Vec<usize> = Vec::new();
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        if rest.starts_with("<!--") {
            if !bounds.comments {
                return Err(SamlError::Forbidden { what: "a comment" });
            }
            rest = after(&rest[4..], "-->")?;
        } else if rest.starts_with("<![CDATA[") {
            return Err(SamlError::Forbidden {
                what: "a CDATA section",
            });
        } else if rest.starts_with("<!") {
            return Err(SamlError::Forbidden {
                what: "a document type",
            });
        } else if rest.starts_with("<?") {
            return Err(SamlError::Forbidden {
                what: "a processing instruction",
            });
        } else if rest.starts_with("</") {
            if open.pop().is_none() {
                return Err(SamlError::malformed("an end tag without its start"));
            }
            rest = &rest[2..];
        } else {
            let tag = Tag::read(rest)?;
            elements += 1;
            let namespaces = open.last().copied().unwrap_or(0) + tag.namespaces;
            for (count, max, what) in [
                (elements, bounds.elements_max, "elements"),
                (open.len() + 1, bounds.depth_max, "levels"),
                (tag.attributes, bounds.attributes_max, "attributes"),
                (namespaces, bounds.namespaces_max, "namespaces"),
            ] {
                if count > max {
                    return Err(SamlError::TooLarge { what });
                }
            }
            if !tag.closed {
                open.push(namespaces);
            }
            rest = &rest[tag.bytes..];
        }
    }
    Ok(())
}

fn after<'a>(text: &'a str, end: &str) -> Result<&'a str> {
    match text.find(end) {
        Some(at) => Ok(&text[at + end.len()..]),
        None => Err(SamlError::malformed("the document ends within markup")),
    }
}

/// A start tag, counted.
struct Tag {
    bytes: usize,
    attributes: usize,
    namespaces: usize,
    closed: bool,
}

impl Tag {
    fn read(text: &str) -> Result<Self> {
        let bytes = text.as_bytes();
        let (mut attributes, mut namespaces) = (0, 0);
        let mut quote = None;
        for (at, &byte) in bytes.iter().enumerate().skip(1) {
            match (quote, byte) {
                (Some(open), _) if open == byte => quote = None,
                (None, b'"' | b'\'') => {
                    quote = Some(byte);
                    attributes += 1;
                }
                (None, b'>') => {
                    return Ok(Self {
                        bytes: at + 1,
                        attributes,
                        namespaces,
                        closed: bytes[at - 1] == b'/',
                    });
                }
                (None, _) if byte.is_ascii_whitespace() && bytes[at + 1..].starts_with(b"xmlns") => namespaces += 1,
                (Some(_) | None, _) => {}
            }
        }
        Err(SamlError::malformed("the document ends within a tag"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> String {
        match super::check(
            text,
            &Bounds {
                comments: false,
                ..Bounds::RESPONSE
            },
        ) {
            Ok(()) => "ok".into(),
            Err(SamlError::TooLarge { what }) => format!("too many {what}"),
            Err(SamlError::Forbidden { what }) => what.into(),
            Err(_) => "malformed".into(),
        }
    }

    #[test]
    fn small_documents_pass() {
        for text in [
            "<a/>",
            "<?xml version='1.0'?>\n<a b='>' c=\"'/>\"><b/>x</a>\n",
            "<a>\"</a>",
            "<a xmlnsx='1'/>",
        ] {
            assert_eq!(check(text), "ok", "{text}");
        }
    }

    #[test]
    fn markup_that_saml_does_not_use_is_refused() {
        assert_eq!(check("<!DOCTYPE a [<!ENTITY x 'y'>]><a/>"), "a document type");
        assert_eq!(
            check("<?xml version='1.0'?><!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>"),
            "a document type"
        );
        assert_eq!(check("<a><!ENTITY x 'y'></a>"), "a document type");
        assert_eq!(check("<a><?php x?></a>"), "a processing instruction");
        assert_eq!(check("<?xml-stylesheet href='x'?><a/>"), "a processing instruction");
        assert_eq!(check(" <?xml version='1.0'?><a/>"), "a processing instruction");
        assert_eq!(check("<a>x<!-- -->y</a>"), "a comment");
        assert_eq!(check("<a><![CDATA[x]]></a>"), "a CDATA section");
        assert!(super::check("<a><!-- <b> --></a>", &Bounds::METADATA).is_ok());
    }

    #[test]
    fn every_bound_is_checked() {
        let nest = |n: usize| format!("{}{}", "<a>".repeat(n), "</a>".repeat(n));
        assert_eq!(
            (check(&nest(32)), check(&nest(33))),
            ("ok".into(), "too many levels".into())
        );
        assert_eq!(check(&"<a>".repeat(20_000)), "too many levels");
        assert_eq!(check(&format!("<r>{}</r>", "<a/>".repeat(8_000))), "too many elements");
        assert_eq!(check(&format!("<r>{}</r>", "x".repeat(256 * 1024))), "too many bytes");
        let attributes = |n: usize| {
            format!(
                "<a {}/>",
                (0..n).map(|i| format!("a{i}=''")).collect::<Vec<_>>().join(" ")
            )
        };
        assert_eq!(
            (check(&attributes(32)), check(&attributes(33))),
            ("ok".into(), "too many attributes".into())
        );
        let namespaces = |n: usize| {
            format!(
                "<r>{}</r>",
                format!("<a xmlns:b='{n}' xmlns='c' xmlns:d='e'>").repeat(n) + &"</a>".repeat(n)
            )
        };
        assert_eq!(
            (check(&namespaces(21)), check(&namespaces(22))),
            ("ok".into(), "too many namespaces".into())
        );
    }

    #[test]
    fn broken_markup_is_refused_and_never_panics() {
        for text in [
            "<",
            "<a",
            "<a b='",
            "</a>",
            "<!--",
            "<?xml ",
            "<a></a></a>",
            "<a \u{e9}",
        ] {
            assert_ne!(check(text), "ok", "{text}");
        }
    }
}
