//! Responses that xmlsec1 signed: the other tests sign with our canonicalization, so a fault in it would cancel out there.
//!
//! The keys were thrown away; `rsa.pem` and `ec.pem` are their certificates. `namespaces-*.xml` is `unsigned-namespaces.xml` with what
//! canonicalization finds hard: namespaces declared again, undone and listed as inclusive, attributes to sort, characters to escape.

use super::*;
use crate::{Certificate, IdentityProvider};

const RSA: &str = include_str!("foreign/rsa.pem");
const EC: &str = include_str!("foreign/ec.pem");

fn check(xml: &str, certificate: &str, subject: &str) -> Assertion {
    let certificate = Certificate::from_pem(certificate).unwrap();
    let idp = IdentityProvider::new(idp().entity_id(), idp().sso_url(), vec![certificate]).unwrap();
    let judge = |xml: &str| accept(&sp(), &idp, &xml::to_base64(xml.as_bytes()), &expected());
    let assertion = judge(xml).unwrap();
    assert_eq!(assertion.name_id.value, subject);
    refused!(judge(&xml.replace(subject, "root")), SamlError::BadDigest);
    assertion
}

#[test]
fn products() {
    check(include_str!("foreign/auth0.xml"), RSA, "auth0|65539f");
    check(include_str!("foreign/okta.xml"), RSA, "ann@example.com");
    check(include_str!("foreign/entra.xml"), RSA, "2bGzr7Tc");
    check(include_str!("foreign/adfs.xml"), EC, "EXAMPLE\\ann");
    check(include_str!("foreign/simplesamlphp.xml"), RSA, "_f1a2b3");
}

#[test]
fn namespaces() {
    for xml in [
        include_str!("foreign/namespaces-1.xml"),
        include_str!("foreign/namespaces-2.xml"),
        include_str!("foreign/namespaces-3.xml"),
    ] {
        let assertion = check(xml, RSA, "ann@example.com");
        assert_eq!(assertion.attributes["odd"], ["<ä&\r\n b>"]);
    }
}
