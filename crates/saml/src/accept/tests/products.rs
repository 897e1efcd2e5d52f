//! Responses shaped like those of well-known products, signed here and now.

use super::*;
use crate::testing::Style;

struct Product {
    xml: &'static str,
    /// IDs, in the order in which they are signed.
    signed: &'static [&'static str],
    prefix: &'static str,
    inclusive: Option<&'static str>,
    subject: &'static str,
    attribute: (&'static str, &'static [&'static str]),
}

const AUTH0: Product = Product {
    xml: include_str!("products/auth0.xml"),
    signed: &["_assertion"],
    prefix: "",
    inclusive: None,
    subject: "auth0|65539f",
    attribute: ("http://schemas.auth0.com/email_verified", &["true"]),
};
const OKTA: Product = Product {
    xml: include_str!("products/okta.xml"),
    signed: &["_assertion", "_response"],
    prefix: "ds",
    inclusive: Some("xs"),
    subject: "ann@example.com",
    attribute: ("groups", &["Everyone", "R&D"]),
};
const ENTRA: Product = Product {
    xml: include_str!("products/entra.xml"),
    signed: &["_assertion"],
    prefix: "",
    inclusive: None,
    subject: "2bGzr7Tc",
    attribute: (
        "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups",
        &["0c1f7d2a", "7be3a911"],
    ),
};
const ADFS: Product = Product {
    xml: include_str!("products/adfs.xml"),
    signed: &["_assertion"],
    prefix: "ds",
    inclusive: None,
    subject: "EXAMPLE\\ann",
    attribute: (
        "http://schemas.xmlsoap.org/claims/Group",
        &["Domain Users", "Größe \"und\" <Maß>"],
    ),
};
const SIMPLESAMLPHP: Product = Product {
    xml: include_str!("products/simplesamlphp.xml"),
    signed: &["_assertion", "_response"],
    prefix: "ds",
    inclusive: None,
    subject: "_f1a2b3",
    attribute: ("eduPersonAffiliation", &["member", "student"]),
};

fn check(product: &Product) {
    let style = Style {
        prefix: product.prefix,
        inclusive: product.inclusive,
        ..Style::default()
    };
    let mut xml = product.xml.to_owned();
    for id in product.signed {
        xml = idp().sign(&xml, id, &style);
    }
    let assertion = judge(&xml).unwrap();
    assert_eq!(
        (assertion.id.as_str(), assertion.name_id.value.as_str()),
        ("_assertion", product.subject)
    );
    assert_eq!(assertion.attributes[product.attribute.0], product.attribute.1);
    assert_eq!(assertion.session_index.as_deref(), Some("_session"));
    assert!(assertion.authn_context.is_some());
    let forged = xml.replace(product.subject, "root");
    refused!(judge(&forged), SamlError::BadDigest);
}

#[test]
fn auth0() {
    check(&AUTH0);
}

#[test]
fn okta() {
    check(&OKTA);
}

#[test]
fn entra() {
    check(&ENTRA);
}

#[test]
fn adfs() {
    check(&ADFS);
}

#[test]
fn simplesamlphp() {
    check(&SIMPLESAMLPHP);
}
