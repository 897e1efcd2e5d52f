//! What a genuine response must say. Every one here is signed as it stands.

use super::*;

/// Signed three ways, with a text replaced before.
fn signed(from: &str, to: &str) -> [Result<Assertion>; 3] {
    [Sign::Assertion, Sign::Response, Sign::Both].map(|sign| respond(&Tweaks::none().sign(sign).before(from, to)))
}

macro_rules! all_refused {
    ($results:expr, $pattern:pat $(if $guard:expr)?) => {
        for result in $results {
            refused!(result, $pattern $(if $guard)?);
        }
    };
}

const END: &str = "NotOnOrAfter=\"2023-11-14T22:18:20Z\"";

#[test]
fn status() {
    let denied = "urn:oasis:names:tc:SAML:2.0:status:Responder";
    let inner = format!(
        "{denied}\"><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:AuthnFailed\"/></samlp:StatusCode><samlp:StatusMessage>bad password</samlp:StatusMessage><x"
    );
    let success = "urn:oasis:names:tc:SAML:2.0:status:Success";
    all_refused!(signed(success, denied), SamlError::Status { detail } if detail == denied);
    all_refused!(signed(&format!("{success}\"/>"), &format!("{inner}/>")), SamlError::Status { detail } if detail.ends_with("AuthnFailed, bad password"));
    all_refused!(
        signed(success, "urn:oasis:names:tc:SAML:2.0:status:success"),
        SamlError::Status { .. }
    );
    let status = format!("<samlp:Status><samlp:StatusCode Value=\"{success}\"/></samlp:Status>");
    all_refused!(signed(&status, ""), SamlError::Structure { .. });
    all_refused!(signed(&status, &status.repeat(2)), SamlError::Structure { .. });
}

#[test]
fn a_refusal_without_assertion_and_signature_is_told_as_one() {
    let xml = idp().respond_xml(
        &ANSWER,
        &Tweaks::none()
            .sign(Sign::Neither)
            .before("status:Success", "status:Requester"),
    );
    let (start, end) = (
        xml.find("<saml:Assertion").unwrap(),
        xml.find("</samlp:Response").unwrap(),
    );
    let xml = format!("{}{}", &xml[..start], &xml[end..]);
    refused!(judge(&xml), SamlError::Status { .. });
    refused!(judge(&xml.replace("status:Requester", "status:Success")), SamlError::Structure { detail } if detail == "no Assertion");
}

#[test]
fn destination() {
    all_refused!(
        signed(
            "Destination=\"https://sp.example/acs\"",
            "Destination=\"https://sp.example/acs/\""
        ),
        SamlError::Destination { .. }
    );
    all_refused!(
        signed("Destination=\"https://sp.example/acs\"", "Destination=\"\""),
        SamlError::Destination { .. }
    );
    all_refused!(
        signed(" Destination=\"https://sp.example/acs\"", ""),
        SamlError::Destination { .. }
    );
}

#[test]
fn recipient() {
    all_refused!(
        signed(
            "Recipient=\"https://sp.example/acs\"",
            "Recipient=\"https://other.example/acs\""
        ),
        SamlError::Recipient { .. }
    );
    all_refused!(signed(" Recipient=\"https://sp.example/acs\"", ""), SamlError::Recipient { found } if found.is_empty());
}

#[test]
fn audience() {
    let audience = "<saml:Audience>https://sp.example/metadata</saml:Audience>";
    let restriction = format!("<saml:AudienceRestriction>{audience}</saml:AudienceRestriction>");
    let other = "<saml:Audience>https://other.example/</saml:Audience>";
    all_refused!(signed(audience, other), SamlError::Audience { found } if found == "https://other.example/");
    all_refused!(signed(audience, ""), SamlError::Audience { .. });
    all_refused!(
        signed(audience, "<saml:Audience>https://sp.example/metadata/</saml:Audience>"),
        SamlError::Audience { .. }
    );
    all_refused!(signed(&restriction, ""), SamlError::Audience { .. });
    all_refused!(signed(&restriction, "<saml:OneTimeUse/>"), SamlError::Audience { .. });
    let both = format!("{restriction}<saml:AudienceRestriction>{other}</saml:AudienceRestriction>");
    all_refused!(signed(&restriction, &both), SamlError::Audience { .. });
    for result in signed(audience, &format!("{other}{audience}")) {
        result.unwrap();
    }
}

#[test]
fn issuer_of_the_response() {
    let issuer = "<saml:Issuer>https://idp.example/metadata</saml:Issuer><samlp:Status>";
    all_refused!(
        signed(issuer, "<saml:Issuer>https://evil.example/</saml:Issuer><samlp:Status>"),
        SamlError::Issuer { of: "Response", .. }
    );
    // Without one a response cannot be signed by our test's hand, so only the assertion is.
    let without = Tweaks::none().before(issuer, "<samlp:Status>");
    refused!(respond(&without), SamlError::Issuer { of: "Response", found } if found.is_empty());
}

#[test]
fn issuer_of_the_assertion() {
    let issuer = "<saml:Issuer>https://idp.example/metadata</saml:Issuer><saml:Subject>";
    all_refused!(
        signed(issuer, "<saml:Issuer>https://evil.example/</saml:Issuer><saml:Subject>"),
        SamlError::Issuer { of: "Assertion", .. }
    );
    let without = Tweaks::none().sign(Sign::Response).before(issuer, "<saml:Subject>");
    refused!(respond(&without), SamlError::Issuer { of: "Assertion", found } if found.is_empty());
}

#[test]
fn conditions_in_time() {
    let conditions = |begin: &str, end: &str| format!("<saml:Conditions NotBefore=\"{begin}\" NotOnOrAfter=\"{end}\">");
    let good = conditions("2023-11-14T22:12:20Z", "2023-11-14T22:18:20Z");
    all_refused!(
        signed(&good, &conditions("2023-11-14T22:12:20Z", "2023-11-14T22:12:20Z")),
        SamlError::Expired {
            what: "Conditions' NotOnOrAfter",
            ..
        }
    );
    all_refused!(
        signed(&good, &conditions("2023-11-14T22:14:21Z", "2023-11-14T22:18:20Z")),
        SamlError::NotYetValid {
            what: "Conditions' NotBefore",
            ..
        }
    );
    all_refused!(
        signed(&good, &conditions("soon", "2023-11-14T22:18:20Z")),
        SamlError::Structure { .. }
    );
    // Skew is 60 seconds.
    for edge in [
        conditions("2023-11-14T22:14:20Z", "2023-11-14T22:18:20Z"),
        conditions("2023-11-14T22:12:20Z", "2023-11-14T22:12:21Z"),
        "<saml:Conditions>".into(),
    ] {
        for result in signed(&good, &edge) {
            result.unwrap();
        }
    }
    all_refused!(signed("</saml:Conditions>", "<x:Odd xmlns:x=\"urn:x\"/></saml:Conditions>"), SamlError::Structure { detail } if detail.contains("Odd"));
    all_refused!(
        signed("</saml:Conditions>", "</saml:Conditions><saml:Conditions/>"),
        SamlError::Structure { .. }
    );
    all_refused!(signed("saml:Conditions", "saml:Ignored"), SamlError::Structure { detail } if detail.contains("no Conditions"));
}

#[test]
fn subject_confirmation_in_time() {
    let data = |time: &str| format!("<saml:SubjectConfirmationData {time} Recipient");
    let good = data(END);
    all_refused!(
        signed(&good, &data("NotOnOrAfter=\"2023-11-14T22:12:20Z\"")),
        SamlError::Expired {
            what: "SubjectConfirmationData's NotOnOrAfter",
            ..
        }
    );
    all_refused!(
        signed(&good, &data(&format!("NotBefore=\"2023-11-14T22:14:21Z\" {END}"))),
        SamlError::NotYetValid {
            what: "SubjectConfirmationData's NotBefore",
            ..
        }
    );
    all_refused!(signed(&good, &data("")), SamlError::SubjectConfirmation { detail } if detail == "no NotOnOrAfter");
    all_refused!(
        signed(&good, &data("NotOnOrAfter=\"never\"")),
        SamlError::Structure { .. }
    );
}

/// The SubjectConfirmation of a good answer.
const CONFIRMATION: &str = "<saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">\
    <saml:SubjectConfirmationData NotOnOrAfter=\"2023-11-14T22:18:20Z\" Recipient=\"https://sp.example/acs\" InResponseTo=\"_request\"/>\
    </saml:SubjectConfirmation>";

#[test]
fn subject_confirmation_of_a_bearer() {
    all_refused!(
        signed("cm:bearer", "cm:holder-of-key"),
        SamlError::SubjectConfirmation { .. }
    );
    all_refused!(
        signed("cm:bearer", "cm:sender-vouches"),
        SamlError::SubjectConfirmation { .. }
    );
    all_refused!(
        signed(" Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"", ""),
        SamlError::SubjectConfirmation { .. }
    );
    all_refused!(signed(CONFIRMATION, ""), SamlError::SubjectConfirmation { detail } if detail == "no bearer confirmation");
    let empty = "<saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"/>";
    all_refused!(signed(CONFIRMATION, empty), SamlError::SubjectConfirmation { detail } if detail == "no SubjectConfirmationData");
}

/// Some products send one for each address of the service provider.
#[test]
fn one_of_several_confirmations_is_enough_and_the_longest_is_remembered() {
    let other = CONFIRMATION
        .replace("sp.example", "other.example")
        .replace("22:18:20", "23:18:20");
    for pair in [format!("{other}{CONFIRMATION}"), format!("{CONFIRMATION}{other}")] {
        for result in signed(CONFIRMATION, &pair) {
            let assertion = result.unwrap();
            assert_eq!(
                (assertion.not_on_or_after, assertion.remember_until),
                (NOW + 300, NOW + 3_960)
            );
        }
    }
    all_refused!(signed(CONFIRMATION, &other.repeat(2)), SamlError::Recipient { .. });
    // No mixing: the right recipient in one and the right time in another confirm nothing.
    let late = CONFIRMATION.replace("22:18:20", "21:18:20");
    for result in signed(CONFIRMATION, &format!("{late}{other}")) {
        assert!(result.is_err());
    }
}

#[test]
fn in_response_to() {
    let envelope = "acs\" InResponseTo=\"_request\"><saml:Issuer>";
    all_refused!(
        signed(envelope, "acs\" InResponseTo=\"_other\"><saml:Issuer>"),
        SamlError::InResponseTo { of: "Response", .. }
    );
    all_refused!(
        signed(envelope, "acs\"><saml:Issuer>"),
        SamlError::InResponseTo { of: "Response", .. }
    );
    let data = "acs\" InResponseTo=\"_request\"/>";
    all_refused!(
        signed(data, "acs\" InResponseTo=\"_other\"/>"),
        SamlError::InResponseTo {
            of: "SubjectConfirmationData",
            ..
        }
    );
    all_refused!(
        signed(data, "acs\"/>"),
        SamlError::InResponseTo {
            of: "SubjectConfirmationData",
            ..
        }
    );
    all_refused!(signed("_request", ""), SamlError::InResponseTo { .. });
}

#[test]
fn unsolicited_only_where_it_is_allowed() {
    let judge = |request_id, in_response_to| {
        let text = idp().respond(&Answer { request_id, ..ANSWER }, &Tweaks::none().sign(Sign::Both));
        accept(
            &sp(),
            &idp().identity_provider(),
            &text,
            &Expectations {
                in_response_to,
                ..expected()
            },
        )
    };
    judge(None, InResponseTo::Unsolicited).unwrap();
    refused!(
        judge(None, InResponseTo::Request("_request")),
        SamlError::InResponseTo { .. }
    );
    refused!(
        judge(Some("_request"), InResponseTo::Unsolicited),
        SamlError::InResponseTo { .. }
    );
    // An empty expectation is a fault of the caller, not a wildcard.
    refused!(
        judge(Some(""), InResponseTo::Request("")),
        SamlError::InResponseTo { .. }
    );
    refused!(judge(None, InResponseTo::Request("")), SamlError::InResponseTo { .. });
}

#[test]
fn name_id() {
    let name = ">ann@example.com</saml:NameID>";
    all_refused!(signed(name, "></saml:NameID>"), SamlError::Structure { detail } if detail.contains("empty"));
    all_refused!(signed(name, "> \n </saml:NameID>"), SamlError::Structure { detail } if detail.contains("empty"));
    for space in [" ", "\u{a0}", "&#9;"] {
        let padded = format!(">ann@example.com{space}</saml:NameID>");
        all_refused!(signed(name, &padded), SamlError::Structure { detail } if detail.contains("space"));
    }
    all_refused!(signed(name, ">ann@example.com<b xmlns=\"urn:b\"/>.evil.example</saml:NameID>"), SamlError::Structure { detail } if detail.contains("more than text"));
    all_refused!(signed(name, ">ann@example.com</saml:NameID><saml:NameID>bob</saml:NameID>"), SamlError::Structure { detail } if detail.contains("several NameID"));
    all_refused!(signed("saml:NameID", "saml:BaseID"), SamlError::Structure { detail } if detail.contains("no NameID"));
    let qualified = "saml:NameID NameQualifier=\"q\" SPNameQualifier=\"s\" ";
    for result in signed("saml:NameID ", qualified) {
        let name = result.unwrap().name_id;
        assert_eq!(
            (name.name_qualifier.as_deref(), name.sp_name_qualifier.as_deref()),
            (Some("q"), Some("s"))
        );
    }
}

#[test]
fn encrypted_parts() {
    let encrypted = |from: &str, to: &str, expected: &str| {
        for result in signed(from, to) {
            refused!(result, SamlError::Encrypted { what } if *what == expected);
        }
    };
    encrypted("</saml:NameID>", "</saml:NameID><saml:EncryptedID/>", "EncryptedID");
    encrypted(
        "<saml:AttributeStatement>",
        "<saml:AttributeStatement><saml:EncryptedAttribute/>",
        "EncryptedAttribute",
    );
    let xml = idp().respond_xml(&ANSWER, &Tweaks::none());
    let (start, end) = (
        xml.find("<saml:Assertion").unwrap(),
        xml.find("</samlp:Response").unwrap(),
    );
    let xml = format!("{}<saml:EncryptedAssertion/>{}", &xml[..start], &xml[end..]);
    refused!(
        judge(&xml),
        SamlError::Encrypted {
            what: "EncryptedAssertion"
        }
    );
}

#[test]
fn authentication() {
    let statement = "<saml:AuthnStatement ";
    all_refused!(signed("saml:AuthnStatement", "saml:AuthzDecisionStatement"), SamlError::Structure { detail } if detail == "no AuthnStatement");
    let end = |time: &str| format!("{statement}SessionNotOnOrAfter=\"{time}\" ");
    all_refused!(
        signed(statement, &end("2023-11-14T22:12:20Z")),
        SamlError::Expired {
            what: "SessionNotOnOrAfter",
            ..
        }
    );
    for result in signed(statement, &end("2023-11-15T06:13:20Z")) {
        assert_eq!(result.unwrap().session_not_on_or_after, Some(NOW + 8 * 3600));
    }
}

#[test]
fn versions() {
    all_refused!(
        signed("Version=\"2.0\"", "Version=\"1.1\""),
        SamlError::Structure { .. }
    );
    all_refused!(signed(" Version=\"2.0\"", ""), SamlError::Structure { .. });
    all_refused!(
        signed("SAML:2.0:protocol", "SAML:1.1:protocol"),
        SamlError::Structure { .. }
    );
}

#[test]
fn attributes_keep_their_order_and_only_texts_count() {
    let statement = "<saml:AttributeStatement>";
    let more = "<saml:AttributeStatement><saml:Attribute Name=\"groups\"><saml:AttributeValue>first </saml:AttributeValue>\
        <saml:AttributeValue xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil=\"true\"/>\
        <saml:AttributeValue><x xmlns=\"urn:x\">admins</x></saml:AttributeValue>\
        <saml:AttributeValue/></saml:Attribute><saml:Attribute Name=\"none\"/>";
    for result in signed(statement, more) {
        let attributes = result.unwrap().attributes;
        assert_eq!(attributes["groups"], ["first ", "", "staff", "admins"]);
        assert!(attributes["none"].is_empty());
    }
    all_refused!(
        signed("<saml:Attribute Name=\"mail\">", "<saml:Attribute>"),
        SamlError::Structure { .. }
    );
}

#[test]
fn issue_in_the_future() {
    all_refused!(
        signed(
            "Version=\"2.0\" IssueInstant=\"2023-11-14T22:13:20Z\"",
            "Version=\"2.0\" IssueInstant=\"2023-11-14T22:14:21Z\""
        ),
        SamlError::NotYetValid {
            what: "IssueInstant",
            ..
        }
    );
    all_refused!(
        signed(
            "AuthnInstant=\"2023-11-14T22:13:20Z\"",
            "AuthnInstant=\"2023-11-14T22:14:21Z\""
        ),
        SamlError::NotYetValid {
            what: "AuthnInstant",
            ..
        }
    );
}
