//! Every test goes through `accept`, with XML that is signed for real.

use super::*;
use crate::testing::{Answer, NOW, Sign, Tweaks, idp};

mod fields;
mod foreign;
mod products;
mod signatures;
mod wrapping;
mod xml_attacks;

pub(super) const ACS: &str = "https://sp.example/acs";
pub(super) const SP: &str = "https://sp.example/metadata";

pub(super) fn sp() -> ServiceProvider {
    ServiceProvider::new(SP, ACS).unwrap()
}

pub(super) fn expected() -> Expectations<'static> {
    Expectations {
        in_response_to: InResponseTo::Request("_request"),
        now: NOW,
        skew_seconds: 60,
    }
}

pub(super) const ANSWER: Answer<'static> = Answer {
    acs_url: ACS,
    audience: SP,
    request_id: Some("_request"),
    subject: "ann@example.com",
    attributes: &[("groups", &["staff", "admins"]), ("mail", &["ann@example.com"])],
    now: NOW,
};

/// Judges XML.
pub(super) fn judge(xml: &str) -> Result<Assertion> {
    judge_base64(&xml::to_base64(xml.as_bytes()))
}

pub(super) fn judge_base64(text: &str) -> Result<Assertion> {
    accept(&sp(), &idp().identity_provider(), text, &expected())
}

/// Judges an answer that differs from a good one.
pub(super) fn respond(tweaks: &Tweaks) -> Result<Assertion> {
    judge(&idp().respond_xml(&ANSWER, tweaks))
}

/// The kind of an error, and what it says of it.
macro_rules! refused {
    ($result:expr, $pattern:pat $(if $guard:expr)?) => {{
        let result = $result;
        assert!(matches!(&result, Err($pattern) $(if $guard)?), "{result:?}");
    }};
}
pub(super) use refused;

#[test]
fn a_good_answer_is_accepted_however_it_is_signed() {
    for sign in [Sign::Assertion, Sign::Response, Sign::Both] {
        let assertion = respond(&Tweaks::none().sign(sign)).unwrap();
        assert!(assertion.id.starts_with("_assertion"));
        assert_eq!(assertion.issuer, "https://idp.example/metadata");
        assert_eq!(assertion.name_id.value, "ann@example.com");
        assert_eq!(
            assertion.name_id.format.as_deref(),
            Some("urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress")
        );
        assert_eq!(assertion.session_index, Some(format!("session{}", assertion.id)));
        assert_eq!(assertion.attributes["groups"], ["staff", "admins"]);
        assert_eq!(assertion.attributes["mail"], ["ann@example.com"]);
        assert_eq!(
            assertion.authn_context.as_deref(),
            Some("urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport")
        );
        assert_eq!((assertion.authn_instant, assertion.not_on_or_after), (NOW, NOW + 300));
        assert_eq!(assertion.remember_until, NOW + 360);
        assert_eq!(assertion.session_not_on_or_after, None);
    }
}

/// The memory of the caller must outlast the assertion: at its last second it is accepted, a second later it is not.
#[test]
fn ids_are_remembered_until_they_are_refused_anyway() {
    let text = idp().respond(&ANSWER, &Tweaks::none());
    let at = |now| {
        accept(
            &sp(),
            &idp().identity_provider(),
            &text,
            &Expectations { now, ..expected() },
        )
    };
    let until = at(NOW).unwrap().remember_until;
    assert!(at(until - 1).is_ok());
    refused!(at(until), SamlError::Expired { .. });
}
