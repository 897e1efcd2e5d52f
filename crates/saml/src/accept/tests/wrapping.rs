//! Signature wrapping: a genuine signed element is kept where a verifier finds it, and a forged one put where a reader looks
//! (Somorovsky and others, "On Breaking SAML: Be Whoever You Want to Be", 2012; numbers as in SAML Raider).
//!
//! Each attack runs three times: as published, with the forged element keeping the signed ID, and straight against the second line
//! of defence, the signature's check of what it stands in.

use super::*;
use crate::SamlError;

const RESPONSE_END: &str = "</samlp:Response>";
const ASSERTION_END: &str = "</saml:Assertion>";
const SIGNATURE_END: &str = "</ds:Signature>";

/// A genuine response in pieces, and what an attacker would like to have it say.
struct Pieces {
    whole: String,
    id: String,
}

impl Pieces {
    fn new(sign: Sign) -> Self {
        let whole = idp().respond_xml(&ANSWER, &Tweaks::none().sign(sign));
        let kind = if sign == Sign::Response {
            "ID=\"_response"
        } else {
            "ID=\"_assertion"
        };
        let at = whole.find(kind).unwrap() + 4;
        let id = whole[at..].split_once('"').unwrap().0.to_owned();
        assert!(judge(&whole).is_ok());
        Self { whole, id }
    }

    fn cut<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
        let start = text.find(start).unwrap();
        &text[start..text.rfind(end).unwrap() + end.len()]
    }

    fn assertion(&self) -> &str {
        Self::cut(&self.whole, "<saml:Assertion", ASSERTION_END)
    }

    fn signature(&self) -> &str {
        Self::cut(&self.whole, "<ds:Signature ", SIGNATURE_END)
    }

    /// As it was when it was signed.
    fn unsigned<'a>(&self, text: &'a str) -> std::borrow::Cow<'a, str> {
        text.replace(self.signature(), "").into()
    }

    /// Somebody else's words, under another ID or the signed one.
    fn evil(text: &str, same_id: bool) -> String {
        let text = text.replace("ann@example.com", "root@example.com");
        if same_id {
            text
        } else {
            text.replace("ID=\"_", "ID=\"_evil")
        }
    }

    /// Puts the evil assertion where the genuine one stood.
    fn with_assertion(&self, evil: &str) -> String {
        self.whole.replace(self.assertion(), evil)
    }
}

fn insert(text: &str, before: &str, what: &str) -> String {
    let at = text.rfind(before).unwrap();
    format!("{}{what}{}", &text[..at], &text[at..])
}

fn check(attack: &str) {
    for same_id in [false, true] {
        let xml = forge(attack, same_id);
        assert!(
            xml.contains("root@example.com") && xml.contains("ann@example.com"),
            "{attack}"
        );
        xml::parse(&xml, &Bounds::RESPONSE).unwrap();
        let result = judge(&xml);
        if same_id {
            assert!(
                matches!(result, Err(SamlError::DuplicateId { .. } | SamlError::Structure { .. })),
                "{attack}: {result:?}"
            );
        } else {
            refused!(result, SamlError::Structure { .. });
        }
        second_line(attack, &xml);
    }
}

/// Without the first line (`shape.rs`): any signature of the document, judged for the element around it and for the root.
fn second_line(attack: &str, xml: &str) {
    let document = xml::parse(xml, &Bounds::RESPONSE).unwrap();
    let certificates = idp().identity_provider();
    let signature = document
        .descendants()
        .find(|node| node.tag_name().name() == "Signature")
        .unwrap();
    for element in [signature.parent().unwrap(), document.root_element()] {
        if let Ok(read) = signature::verified(element, signature, certificates.certificates()) {
            assert!(!read.contains("root@example.com"), "{attack} gave {read}");
        }
    }
}

fn forge(attack: &str, same_id: bool) -> String {
    let response = Pieces::new(Sign::Response);
    let pieces = Pieces::new(Sign::Assertion);
    let genuine = pieces.unsigned(pieces.assertion());
    let evil_signed = Pieces::evil(pieces.assertion(), same_id);
    let evil = Pieces::evil(&genuine, same_id);
    match attack {
        // The genuine response inside of the signature of the forged one.
        "XSW1" => {
            let inner = response.unsigned(&response.whole).into_owned();
            let signature = insert(response.signature(), SIGNATURE_END, &inner);
            Pieces::evil(&response.whole, same_id).replace(response.signature(), &signature)
        }
        // The genuine response before the signature, which is then detached.
        "XSW2" => {
            let inner = response.unsigned(&response.whole).into_owned();
            Pieces::evil(&response.whole, same_id)
                .replace(response.signature(), &format!("{inner}{}", response.signature()))
        }
        // The forged assertion before the genuine one.
        "XSW3" => pieces.with_assertion(&format!("{evil}{}", pieces.assertion())),
        // The genuine assertion inside of the forged one.
        "XSW4" => pieces.with_assertion(&insert(&evil, ASSERTION_END, pieces.assertion())),
        // The forged assertion has the signature, the genuine one stands at the end without.
        "XSW5" => pieces.with_assertion(&format!("{evil_signed}{genuine}")),
        // The genuine assertion inside of the signature of the forged one.
        "XSW6" => {
            let signature = insert(pieces.signature(), SIGNATURE_END, &genuine);
            pieces.with_assertion(&evil_signed.replace(pieces.signature(), &signature))
        }
        // The forged assertion in Extensions, where the schema lets anything stand.
        "XSW7" => pieces.with_assertion(&format!(
            "<samlp:Extensions>{evil}</samlp:Extensions>{}",
            pieces.assertion()
        )),
        // The genuine assertion in an Object of the signature of the forged one.
        "XSW8" => {
            let signature = insert(
                pieces.signature(),
                SIGNATURE_END,
                &format!("<ds:Object>{genuine}</ds:Object>"),
            );
            pieces.with_assertion(&evil_signed.replace(pieces.signature(), &signature))
        }
        // And some that the eight leave out.
        "after" => pieces.with_assertion(&format!("{}{evil}", pieces.assertion())),
        "genuine in extensions" => pieces.with_assertion(&format!(
            "<samlp:Extensions>{}</samlp:Extensions>{evil}",
            pieces.assertion()
        )),
        "genuine in advice" => {
            let advice = format!("</saml:Conditions><saml:Advice>{}</saml:Advice>", pieces.assertion());
            pieces.with_assertion(&evil.replace("</saml:Conditions>", &advice))
        }
        "genuine in an attribute" => {
            let attribute = format!(
                "<saml:AttributeValue>{}</saml:AttributeValue></saml:Attribute>",
                pieces.assertion()
            );
            pieces.with_assertion(&insert(&evil, "</saml:Attribute>", &attribute).replacen(
                "</saml:Attribute></saml:Attribute>",
                "</saml:Attribute>",
                1,
            ))
        }
        "genuine in the status" => {
            let detail = format!(
                "<samlp:StatusDetail>{}</samlp:StatusDetail></samlp:Status>",
                pieces.assertion()
            );
            pieces.with_assertion(&evil).replace("</samlp:Status>", &detail)
        }
        "signature as the response's" => {
            let detached = pieces.with_assertion(&format!("{evil}{genuine}"));
            detached.replacen("<samlp:Status>", &format!("{}<samlp:Status>", pieces.signature()), 1)
        }
        "forged response around the genuine one" => {
            let whole = Pieces::evil(&pieces.unsigned(&pieces.whole), same_id);
            let inner = pieces.whole.replace("_response", "_inner");
            insert(&whole, RESPONSE_END, &inner)
        }
        _ => panic!("{attack}"),
    }
}

#[test]
fn xsw1() {
    check("XSW1");
}

#[test]
fn xsw2() {
    check("XSW2");
}

#[test]
fn xsw3() {
    check("XSW3");
}

#[test]
fn xsw4() {
    check("XSW4");
}

#[test]
fn xsw5() {
    check("XSW5");
}

#[test]
fn xsw6() {
    check("XSW6");
}

#[test]
fn xsw7() {
    check("XSW7");
}

#[test]
fn xsw8() {
    check("XSW8");
}

#[test]
fn wrapping_beyond_the_eight() {
    for attack in [
        "after",
        "genuine in extensions",
        "genuine in advice",
        "genuine in an attribute",
        "genuine in the status",
        "signature as the response's",
        "forged response around the genuine one",
    ] {
        check(attack);
    }
}

/// A signature that stands in the right place for a wrong element.
#[test]
fn a_signature_moved_to_another_element() {
    let pieces = Pieces::new(Sign::Assertion);
    let moved =
        pieces
            .unsigned(&pieces.whole)
            .replacen("<samlp:Status>", &format!("{}<samlp:Status>", pieces.signature()), 1);
    refused!(judge(&moved), SamlError::Reference { .. });
    let elsewhere =
        pieces
            .unsigned(&pieces.whole)
            .replacen("<saml:Subject>", &format!("<saml:Subject>{}", pieces.signature()), 1);
    refused!(judge(&elsewhere), SamlError::Structure { detail } if detail.contains("odd place"));
    let twice = pieces
        .whole
        .replacen(pieces.signature(), &pieces.signature().repeat(2), 1);
    refused!(judge(&twice), SamlError::Structure { detail } if detail.contains("several Signatures"));
}

#[test]
fn responses_and_assertions_in_odd_places() {
    let pieces = Pieces::new(Sign::Assertion);
    let second = pieces.whole.replacen(
        "<samlp:Status>",
        "<samlp:Extensions><samlp:Response/></samlp:Extensions><samlp:Status>",
        1,
    );
    refused!(judge(&second), SamlError::Structure { detail } if detail == "several Responses");
    let nested = pieces.with_assertion(&format!("<samlp:Extensions>{}</samlp:Extensions>", pieces.assertion()));
    refused!(judge(&nested), SamlError::Structure { detail } if detail.contains("not the Response's child"));
}

#[test]
fn several_assertions_of_one_identity_provider() {
    let (one, two) = (Pieces::new(Sign::Assertion), Pieces::new(Sign::Assertion));
    let xml = one.with_assertion(&format!("{}{}", one.assertion(), two.assertion()));
    refused!(judge(&xml), SamlError::Structure { detail } if detail == "several Assertions");
}

#[test]
fn ids_that_other_software_would_take_for_one() {
    let pieces = Pieces::new(Sign::Assertion);
    for attribute in ["Id", "id", "xml:id", "iD"] {
        let xml = pieces.whole.replace(
            "<samlp:Status>",
            &format!("<samlp:Status {attribute}=\"{}\">", pieces.id),
        );
        refused!(judge(&xml), SamlError::DuplicateId { id } if *id == pieces.id);
    }
    let same = pieces
        .whole
        .replacen("ID=\"_response", &format!("ID=\"{}\" x=\"", pieces.id), 1);
    refused!(judge(&same), SamlError::DuplicateId { .. });
}

#[test]
fn no_assertion_of_another_namespace() {
    let pieces = Pieces::new(Sign::Assertion);
    let odd = pieces.whole.replace(
        "xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"",
        "xmlns:saml=\"urn:oasis:names:tc:SAML:1.0:assertion\"",
    );
    refused!(judge(&odd), SamlError::Structure { .. });
}
