//! Signatures that are missing, foreign, weak or odd.

use super::*;
use crate::IdentityProvider;
use crate::testing::{Hash, Method, Style, other_idp};

const C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";

/// A genuine signature whose text was changed before it was made, on the assertion and on the response.
fn edited(edits: &[(&str, &str)]) -> [Result<Assertion>; 2] {
    let edits: Vec<_> = edits
        .iter()
        .map(|(from, to)| ((*from).to_owned(), (*to).to_owned()))
        .collect();
    styled(&Style {
        edits,
        ..Style::default()
    })
}

fn styled(style: &Style) -> [Result<Assertion>; 2] {
    [Sign::Assertion, Sign::Response].map(|sign| respond(&Tweaks::none().sign(sign).style(style.clone())))
}

fn without_signature(xml: &str) -> String {
    let (start, end) = (
        xml.find("<ds:Signature ").unwrap(),
        xml.find("</ds:Signature>").unwrap(),
    );
    format!("{}{}", &xml[..start], &xml[end + "</ds:Signature>".len()..])
}

macro_rules! both_refused {
    ($results:expr, $pattern:pat $(if $guard:expr)?) => {
        for result in $results {
            refused!(result, $pattern $(if $guard)?);
        }
    };
}

#[test]
fn unsigned() {
    refused!(respond(&Tweaks::none().sign(Sign::Neither)), SamlError::Unsigned);
}

#[test]
fn stripped() {
    for sign in [Sign::Assertion, Sign::Response] {
        refused!(
            judge(&without_signature(
                &idp().respond_xml(&ANSWER, &Tweaks::none().sign(sign))
            )),
            SamlError::Unsigned
        );
    }
    // One of two is stripped: the response's does not cover it any more, the assertion's still stands.
    let both = idp().respond_xml(&ANSWER, &Tweaks::none().sign(Sign::Both));
    judge(&without_signature(&both)).unwrap();
    let inner = both.rfind("<ds:Signature ").unwrap();
    let stripped = format!("{}{}", &both[..inner], without_signature(&both[inner..]));
    refused!(judge(&stripped), SamlError::BadDigest);
}

#[test]
fn by_another_key() {
    for sign in [Sign::Assertion, Sign::Response, Sign::Both] {
        // Its KeyInfo brings the other certificate along, which must not help.
        let text = other_idp().respond(&ANSWER, &Tweaks::none().sign(sign));
        refused!(judge_base64(&text), SamlError::BadSignature);
    }
}

#[test]
fn by_another_key_that_claims_the_known_certificate() {
    let (known, other) = (
        xml::to_base64(idp().certificate().der()),
        xml::to_base64(other_idp().certificate().der()),
    );
    let text = other_idp().respond(&ANSWER, &Tweaks::none().after(other, known));
    refused!(judge_base64(&text), SamlError::BadSignature);
}

/// Whoever is inside of one signature may not add a second, even if the first is good.
#[test]
fn one_good_and_one_bad_signature() {
    let xml = idp().respond_xml(&ANSWER, &Tweaks::none());
    let id = xml.split_once("ID=\"").unwrap().1.split_once('"').unwrap().0;
    refused!(
        judge(&other_idp().sign(&xml, id, &Style::default())),
        SamlError::BadSignature
    );
}

#[test]
fn a_rollover_accepts_both_keys_and_no_third() {
    let both = IdentityProvider::new(
        idp().entity_id(),
        idp().sso_url(),
        vec![other_idp().certificate(), idp().certificate()],
    )
    .unwrap();
    for signer in [idp(), other_idp()] {
        accept(&sp(), &both, &signer.respond(&ANSWER, &Tweaks::none()), &expected()).unwrap();
    }
    let old = IdentityProvider::new(idp().entity_id(), idp().sso_url(), vec![other_idp().certificate()]).unwrap();
    refused!(
        accept(&sp(), &old, &idp().respond(&ANSWER, &Tweaks::none()), &expected()),
        SamlError::BadSignature
    );
}

#[test]
fn changed_after_signing() {
    for sign in [Sign::Assertion, Sign::Response] {
        for (from, to) in [
            ("ann@", "bob@"),
            (">staff<", ">admins<"),
            ("22:18:20", "23:18:20"),
            ("Name=\"mail\"", "Name=\"role\""),
        ] {
            refused!(
                respond(&Tweaks::none().sign(sign).after(from, to)),
                SamlError::BadDigest
            );
        }
    }
    // The envelope, where the response is signed.
    refused!(
        respond(
            &Tweaks::none()
                .sign(Sign::Response)
                .after("<samlp:Status>", "<samlp:Status >x")
        ),
        SamlError::BadDigest
    );
    // SignedInfo itself.
    refused!(
        respond(&Tweaks::none().after("<ds:Reference URI", "<ds:Reference Type=\"x\" URI")),
        SamlError::BadSignature
    );
}

#[test]
fn stronger_hashes_are_accepted() {
    for hash in [Hash::Sha256, Hash::Sha384, Hash::Sha512] {
        for result in styled(&Style {
            method: Method::Rsa(hash),
            digest: hash,
            ..Style::default()
        }) {
            result.unwrap();
        }
    }
}

#[test]
fn sha1() {
    both_refused!(styled(&Style { method: Method::Rsa(Hash::Sha1), ..Style::default() }), SamlError::Algorithm { uri } if uri.ends_with("#rsa-sha1"));
    both_refused!(styled(&Style { digest: Hash::Sha1, ..Style::default() }), SamlError::Algorithm { uri } if uri.ends_with("#sha1"));
}

#[test]
fn hmac_with_the_public_certificate() {
    both_refused!(styled(&Style { method: Method::HmacOfCertificate, ..Style::default() }), SamlError::Algorithm { uri } if uri.ends_with("#hmac-sha256"));
}

#[test]
fn methods_of_other_keys() {
    let rsa = "xmldsig-more#rsa-sha256";
    both_refused!(edited(&[(rsa, "xmldsig-more#ecdsa-sha256")]), SamlError::BadSignature);
    both_refused!(edited(&[(rsa, "xmldsig-more#rsa-sha512")]), SamlError::BadSignature);
    for uri in [
        "xmldsig-more#rsa-md5",
        "xmldsig-more#unknown",
        "",
        "xmldsig-more#rsa-sha256 ",
    ] {
        both_refused!(edited(&[(rsa, uri)]), SamlError::Algorithm { .. });
    }
    both_refused!(
        edited(&[(
            "#rsa-sha256\"/>",
            "#rsa-sha256\"><ds:HMACOutputLength>0</ds:HMACOutputLength></ds:SignatureMethod>"
        )]),
        SamlError::Reference { .. }
    );
}

#[test]
fn references() {
    for (uri, sign) in [("", Sign::Assertion), ("", Sign::Response)] {
        let style = |id: &str| Style {
            edits: vec![(format!("URI=\"#{id}"), format!("URI=\"{uri}\" Id=\"x"))],
            ..Style::default()
        };
        let id = if sign == Sign::Assertion {
            "_assertion"
        } else {
            "_response"
        };
        refused!(
            respond(&Tweaks::none().sign(sign).style(style(id))),
            SamlError::Reference { .. }
        );
    }
    both_refused!(edited(&[("URI=\"#_", "URI=\"_")]), SamlError::Reference { .. });
    both_refused!(edited(&[("URI=\"#_", "URI=\"#x_")]), SamlError::Reference { .. });
    both_refused!(
        edited(&[("URI=\"#_", "URI=\"#xpointer(id('_")]),
        SamlError::Reference { .. }
    );
    both_refused!(
        edited(&[("URI=\"#_", "URI=\"https://evil.example/#_")]),
        SamlError::Reference { .. }
    );
    both_refused!(edited(&[("URI=", "Uri=")]), SamlError::Structure { detail } if detail.contains("no URI"));
}

#[test]
fn several_references() {
    let second =
        format!("<ds:Reference URI=\"#x\"><ds:DigestMethod Algorithm=\"{C14N}\"/></ds:Reference></ds:SignedInfo>");
    both_refused!(edited(&[("</ds:SignedInfo>", &second)]), SamlError::Structure { detail } if detail.contains("several Reference"));
    let first = format!(
        "<ds:Reference URI=\"#x\"><ds:DigestMethod Algorithm=\"{C14N}\"/></ds:Reference><ds:Reference URI=\"#_"
    );
    both_refused!(edited(&[("<ds:Reference URI=\"#_", &first)]), SamlError::Structure { detail } if detail.contains("several Reference"));
}

#[test]
fn transforms() {
    let enveloped = "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>";
    let exclusive = format!("<ds:Transform Algorithm=\"{C14N}\"></ds:Transform>");
    for uri in [
        "http://www.w3.org/TR/1999/REC-xpath-19991116",
        "http://www.w3.org/2002/06/xmldsig-filter2",
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        "http://www.w3.org/2000/09/xmldsig#base64",
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
    ] {
        let odd = format!("<ds:Transform Algorithm=\"{uri}\"/>");
        both_refused!(edited(&[(enveloped, &format!("{enveloped}{odd}"))]), SamlError::Algorithm { uri: found } if found == uri);
        both_refused!(edited(&[(enveloped, &odd)]), SamlError::Algorithm { .. });
        both_refused!(edited(&[(&exclusive, &odd)]), SamlError::Algorithm { .. });
    }
    both_refused!(edited(&[(enveloped, "")]), SamlError::Reference { .. });
    both_refused!(edited(&[(&exclusive, "")]), SamlError::Reference { .. });
    both_refused!(
        edited(&[(enveloped, &enveloped.repeat(2))]),
        SamlError::Reference { .. }
    );
    both_refused!(
        edited(&[(enveloped, ""), (&exclusive, &format!("{exclusive}{enveloped}"))]),
        SamlError::Reference { .. }
    );
    let with_xpath = enveloped.replace("/>", "><ds:XPath>self::node()</ds:XPath></ds:Transform>");
    both_refused!(edited(&[(enveloped, &with_xpath)]), SamlError::Reference { .. });
    let unknown = exclusive.replace("></", "><x:Odd xmlns:x=\"urn:x\"/></");
    both_refused!(edited(&[(&exclusive, &unknown)]), SamlError::Reference { .. });
    let list = format!(
        "<ec:InclusiveNamespaces xmlns:ec=\"{C14N}\" PrefixList=\"{}\"/>",
        "x ".repeat(17)
    );
    both_refused!(
        edited(&[(&exclusive, &exclusive.replace("></", &format!(">{list}</")))]),
        SamlError::TooLarge { .. }
    );
}

#[test]
fn canonicalization_methods() {
    for uri in [
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
        "x",
    ] {
        let (from, to) = (
            format!("Method Algorithm=\"{C14N}\""),
            format!("Method Algorithm=\"{uri}\""),
        );
        both_refused!(edited(&[(&from, &to)]), SamlError::Algorithm { uri: found } if found == uri);
    }
}

#[test]
fn what_else_a_signature_may_not_hold() {
    both_refused!(
        edited(&[("</ds:Signature>", "<ds:Object>x</ds:Object></ds:Signature>")]),
        SamlError::Reference { .. }
    );
    both_refused!(
        edited(&[("</ds:Signature>", "<ds:KeyInfo/></ds:Signature>")]),
        SamlError::Structure { .. }
    );
    both_refused!(
        edited(&[("</ds:SignedInfo>", "</ds:SignedInfo><ds:SignedInfo/>")]),
        SamlError::Structure { .. }
    );
    both_refused!(
        edited(&[("</ds:SignedInfo>", "<ds:Manifest/></ds:SignedInfo>")]),
        SamlError::Reference { .. }
    );
    both_refused!(
        edited(&[(
            "</ds:DigestValue>",
            "</ds:DigestValue><ds:DigestValue>AAAA</ds:DigestValue>"
        )]),
        SamlError::Structure { .. }
    );
    // KeyInfo may be absent: it is not read.
    for sign in [Sign::Assertion, Sign::Response] {
        let xml = idp().respond_xml(&ANSWER, &Tweaks::none().sign(sign));
        let (start, end) = (
            xml.find("<ds:KeyInfo>").unwrap(),
            xml.find("</ds:KeyInfo>").unwrap() + 13,
        );
        judge(&format!("{}{}", &xml[..start], &xml[end..])).unwrap();
    }
}

#[test]
fn values_that_are_empty_or_not_base64() {
    let value = |text: &str| {
        let xml = idp().respond_xml(&ANSWER, &Tweaks::none());
        let (start, end) = (
            xml.find("<ds:SignatureValue>").unwrap() + 19,
            xml.find("</ds:SignatureValue>").unwrap(),
        );
        judge(&format!("{}{text}{}", &xml[..start], &xml[end..]))
    };
    for text in ["", "AAAA", &"A".repeat(344)] {
        refused!(value(text), SamlError::BadSignature);
    }
    refused!(value("!"), SamlError::Malformed { .. });
    refused!(value("<x xmlns=\"\"/>"), SamlError::Structure { .. });
    both_refused!(
        edited(&[("<ds:DigestValue>", "<ds:DigestValue>!")]),
        SamlError::Malformed { .. }
    );
    both_refused!(
        edited(&[("<ds:DigestValue>", "<ds:DigestValue>AAAA")]),
        SamlError::BadDigest
    );
}

/// A signature of the same key over something else, such as metadata, is no response.
#[test]
fn a_signed_document_of_another_kind() {
    let xml = idp().respond_xml(
        &ANSWER,
        &Tweaks::none()
            .sign(Sign::Response)
            .before("samlp:Response", "samlp:LogoutResponse"),
    );
    refused!(judge(&xml), SamlError::Structure { detail } if detail.contains("not a SAML 2.0 Response"));
}

#[test]
fn elliptic_curves() {
    use crate::testing::p256;
    use ring::rand::SystemRandom;

    let (_, key, certificate) = p256();
    let certificate = crate::Certificate::from_der(&certificate).unwrap();
    let idp_ec = IdentityProvider::new(idp().entity_id(), idp().sso_url(), vec![certificate]).unwrap();
    let style = Style {
        edits: vec![("#rsa-sha256".into(), "#ecdsa-sha256".into())],
        ..Style::default()
    };
    let xml = idp().respond_xml(&ANSWER, &Tweaks::none().style(style));
    // Signed by RSA so far; the value is made anew.
    let document = xml::parse(&xml, &Bounds::RESPONSE).unwrap();
    let info = document
        .descendants()
        .find(|node| node.tag_name().name() == "SignedInfo")
        .unwrap();
    let info = crate::canon::canonical(info, None, &[], usize::MAX).unwrap();
    let value = key.sign(&SystemRandom::new(), info.as_bytes()).unwrap();
    let (start, end) = (
        xml.find("<ds:SignatureValue>").unwrap() + 19,
        xml.find("</ds:SignatureValue>").unwrap(),
    );
    let signed = format!("{}{}{}", &xml[..start], xml::to_base64(value.as_ref()), &xml[end..]);
    let judge = |xml: &str| accept(&sp(), &idp_ec, &xml::to_base64(xml.as_bytes()), &expected());
    judge(&signed).unwrap();
    refused!(judge(&xml), SamlError::BadSignature);
    refused!(judge(&signed.replace("ann@", "bob@")), SamlError::BadDigest);
    // All zeros is the signature that broken verifiers take for anything.
    let zeros = format!("{}{}{}", &xml[..start], xml::to_base64(&[0; 64]), &xml[end..]);
    refused!(judge(&zeros), SamlError::BadSignature);
}
