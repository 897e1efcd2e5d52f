//! Requests, as URLs to which the browser is sent (SAML bindings, section 3.4).

use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use rand::CryptoRng;

use crate::error::{Result, SamlError};
use crate::identity_provider::IdentityProvider;
use crate::service_provider::{POST, ServiceProvider};
use crate::time;
use crate::xml::{PROTOCOL, SAML, escaped, to_base64};

/// SAML bindings, section 3.4.3.
const RELAY_STATE_BYTES_MAX: usize = 80;

/// A request ID that nobody guesses: 128 bits, after a letter-like sign, as an XML ID must begin.
pub fn request_id(rng: &mut dyn CryptoRng) -> String {
    let mut bytes = [0; 16];
    rng.fill_bytes(&mut bytes);
    format!("_{:032x}", u128::from_be_bytes(bytes))
}

impl ServiceProvider {
    /// The URL that asks `idp` to sign the user in; signed if there are [`crate::Credentials`].
    ///
    /// `relay_state` comes back with the answer as it is, from the browser: it must be opaque or checked, at most 80 bytes. `now` is in
    /// Unix seconds. Keep `request_id` (see [`request_id`]) with the browser until the answer comes.
    ///
    /// # Errors
    /// [`SamlError::Setting`], [`SamlError::Key`]
    pub fn authn_request(
        &self,
        idp: &IdentityProvider,
        relay_state: Option<&str>,
        request_id: &str,
        now: i64,
    ) -> Result<String> {
        if !id_fits(request_id) {
            return Err(SamlError::Setting {
                name: "request_id",
                why: "it is not an XML ID",
            });
        }
        if relay_state.is_some_and(|state| state.len() > RELAY_STATE_BYTES_MAX) {
            return Err(SamlError::Setting {
                name: "relay_state",
                why: "SAML carries at most 80 bytes",
            });
        }
        if idp.wants_signed_requests() && self.credentials().is_none() {
            return Err(SamlError::Key {
                why: "the identity provider wants signed requests, and there is none",
            });
        }
        let xml = format!(
            "<samlp:AuthnRequest xmlns:samlp=\"{PROTOCOL}\" xmlns:saml=\"{SAML}\" ID=\"{request_id}\" Version=\"2.0\" \
             IssueInstant=\"{now}\" Destination=\"{destination}\" AssertionConsumerServiceURL=\"{acs}\" ProtocolBinding=\"{POST}\">\
             <saml:Issuer>{issuer}</saml:Issuer><samlp:NameIDPolicy AllowCreate=\"true\"/></samlp:AuthnRequest>",
            now = time::format(now)?,
            destination = escaped(idp.sso_url()),
            acs = escaped(self.acs_url()),
            issuer = escaped(self.entity_id()),
        );
        let mut query = format!("SAMLRequest={}", encoded(&to_base64(&deflated(&xml)?)));
        if let Some(state) = relay_state {
            query.push_str("&RelayState=");
            query.push_str(&encoded(state));
        }
        if let Some(credentials) = self.credentials() {
            query.push_str("&SigAlg=");
            query.push_str(&encoded(credentials.method()));
            // What is signed is the query as it is written (section 3.4.4.1).
            let signature = credentials.sign(query.as_bytes())?;
            query.push_str("&Signature=");
            query.push_str(&encoded(&to_base64(&signature)));
        }
        let joint = if idp.sso_url().contains('?') { '&' } else { '?' };
        Ok(format!("{}{joint}{query}", idp.sso_url()))
    }
}

fn id_fits(id: &str) -> bool {
    id.len() <= 128
        && id.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

fn deflated(xml: &str) -> Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    // A write into memory; it has no other fault than running out of it.
    let failed = |_| SamlError::Setting {
        name: "request",
        why: "it could not be compressed",
    };
    encoder.write_all(xml.as_bytes()).map_err(failed)?;
    encoder.finish().map_err(failed)
}

/// Percent-encoding of all but unreserved characters (RFC 3986, section 2.3).
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(b"0123456789ABCDEF"[usize::from(byte >> 4)]));
            out.push(char::from(b"0123456789ABCDEF"[usize::from(byte & 15)]));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, NOW};
    use crate::{Certificate, Credentials};

    fn sp() -> ServiceProvider {
        ServiceProvider::new("urn:sp&<x>", "https://sp.example/acs").unwrap()
    }

    #[test]
    fn an_unsigned_request_says_what_it_must() {
        let idp = testing::idp().identity_provider();
        let url = sp().authn_request(&idp, Some("a b&c=ä"), "_r1", NOW).unwrap();
        assert!(url.starts_with("https://idp.example/sso?SAMLRequest="), "{url}");
        let request = testing::AuthnRequest::read(&url, None).unwrap();
        assert_eq!(request.id, "_r1");
        assert_eq!(request.issuer, "urn:sp&<x>");
        assert_eq!(request.acs_url, "https://sp.example/acs");
        assert_eq!(request.destination, "https://idp.example/sso");
        assert_eq!(request.relay_state.as_deref(), Some("a b&c=ä"));
        assert!(!request.signed);
    }

    #[test]
    fn signed_requests_verify_and_only_as_they_are() {
        let idp = testing::idp().identity_provider();
        for (key, certificate) in [testing::credentials(), testing::p256_credentials_pem()] {
            let sp = sp().with_credentials(Credentials::from_pem(&key, &certificate).unwrap());
            let certificate = Certificate::from_pem(&certificate).unwrap();
            let url = sp.authn_request(&idp, Some("s"), "_r1", NOW).unwrap();
            assert!(testing::AuthnRequest::read(&url, Some(&certificate)).unwrap().signed);
            let changed = url.replace("RelayState=s", "RelayState=t");
            assert!(testing::AuthnRequest::read(&changed, Some(&certificate)).is_none());
            assert!(testing::AuthnRequest::read(&url, Some(&testing::idp().certificate())).is_none());
        }
    }

    #[test]
    fn a_question_mark_in_the_address_is_kept() {
        let idp = IdentityProvider::new("x", "https://x/sso?tenant=1", vec![testing::idp().certificate()]).unwrap();
        let url = sp().authn_request(&idp, None, "_r1", NOW).unwrap();
        assert!(url.starts_with("https://x/sso?tenant=1&SAMLRequest="), "{url}");
        assert!(!url.contains("RelayState"));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let idp = testing::idp().identity_provider();
        for id in ["", "1a", "a b", "a\"b", "<a", &"a".repeat(129)] {
            assert!(sp().authn_request(&idp, None, id, NOW).is_err(), "{id}");
        }
        assert!(sp().authn_request(&idp, Some(&"x".repeat(81)), "_r1", NOW).is_err());
        assert!(sp().authn_request(&idp, None, "_r1", i64::MAX).is_err());
        let metadata = testing::idp().metadata().replace(
            "<md:IDPSSODescriptor",
            "<md:IDPSSODescriptor WantAuthnRequestsSigned=\"1\"",
        );
        let strict = IdentityProvider::from_metadata(&metadata).unwrap();
        assert!(matches!(
            sp().authn_request(&strict, None, "_r1", NOW),
            Err(SamlError::Key { .. })
        ));
    }

    #[test]
    fn request_ids_fit_and_differ() {
        let mut rng = testing::rng(9);
        let (one, two) = (request_id(&mut rng), request_id(&mut rng));
        assert!(id_fits(&one) && one.len() == 33 && one != two);
    }
}
