//! What an identity provider reads in a request.

use std::io::Read as _;

use flate2::read::DeflateDecoder;

use crate::certificate::{Certificate, SignatureMethod};
use crate::scan::Bounds;
use crate::xml::{self, PROTOCOL, SAML};

/// A request, as it came with the browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthnRequest {
    /// What the answer must name in InResponseTo.
    pub id: String,
    /// The service provider's entity ID.
    pub issuer: String,
    /// Where the answer goes.
    pub acs_url: String,
    /// For whom it is.
    pub destination: String,
    /// What must come back with the answer.
    pub relay_state: Option<String>,
    /// Whether it is signed, by the certificate if there was one.
    pub signed: bool,
}

impl AuthnRequest {
    /// Reads the URL that [`crate::ServiceProvider::authn_request`] made. `None` if it is not one, or, with a certificate, if it is not
    /// signed with its key.
    pub fn read(url: &str, certificate: Option<&Certificate>) -> Option<Self> {
        let at = url.find("SAMLRequest=")?;
        let query = &url[at..];
        let value = |name: &str| {
            query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .find(|(key, _)| *key == name)
                .map(|(_, value)| decoded(value))
        };
        let signed = value("Signature").is_some();
        if let Some(certificate) = certificate {
            let (message, _) = query.split_once("&Signature=")?;
            let method = SignatureMethod::parse(&value("SigAlg")?).ok()?;
            let signature = xml::base64(&value("Signature")?).ok()?;
            if !certificate.verifies(method, message.as_bytes(), &signature) {
                return None;
            }
        }
        let mut text = String::new();
        let deflated = xml::base64(&value("SAMLRequest")?).ok()?;
        DeflateDecoder::new(deflated.as_slice())
            .take(Bounds::RESPONSE.bytes_max as u64)
            .read_to_string(&mut text)
            .ok()?;
        let document = xml::parse(&text, &Bounds::RESPONSE).ok()?;
        let root = document.root_element();
        let attribute = |name| root.attribute(name).map(str::to_owned);
        Some(Self {
            id: attribute("ID").filter(|_| xml::is(root, PROTOCOL, "AuthnRequest"))?,
            issuer: xml::exactly_one(root, SAML, "Issuer").and_then(xml::text).ok()?,
            acs_url: attribute("AssertionConsumerServiceURL")?,
            destination: attribute("Destination")?,
            relay_state: value("RelayState"),
            signed,
        })
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let hex = tail
            .first_chunk::<2>()
            .and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match (first, hex) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
