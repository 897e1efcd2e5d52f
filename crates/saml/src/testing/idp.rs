//! The identity provider that tests play.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use rand::CryptoRng;

use super::sign::{self, replace_all};
use super::{Rsa, Style};
use crate::certificate::Certificate;
use crate::identity_provider::{IdentityProvider, REDIRECT};
use crate::time;
use crate::xml::{DSIG, METADATA, PROTOCOL, SAML, escaped, to_base64};

/// An identity provider with a key of its own.
pub struct TestIdp {
    entity_id: String,
    sso_url: String,
    key: Rsa,
    certificate: Vec<u8>,
    /// Assertions get numbers, so that no two have one ID.
    issued: AtomicU64,
}

/// What is said of whom, to whom.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The service provider's address: Destination and Recipient.
    pub acs_url: &'a str,
    /// The service provider's entity ID.
    pub audience: &'a str,
    /// InResponseTo; `None` for a sign-in that began here.
    pub request_id: Option<&'a str>,
    /// The NameID, an e-mail address.
    pub subject: &'a str,
    /// Names and values.
    pub attributes: &'a [(&'a str, &'a [&'a str])],
    /// Unix seconds. The assertion is valid from a minute before to five minutes after it.
    pub now: i64,
}

/// What is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sign {
    /// The assertion, as most products do.
    #[default]
    Assertion,
    /// The response.
    Response,
    /// The assertion, then the response.
    Both,
    /// Nothing.
    Neither,
}

/// How the answer differs from a good one.
#[derive(Clone, Debug, Default)]
pub struct Tweaks {
    /// What is signed.
    pub sign: Sign,
    /// How it is signed.
    pub style: Style,
    /// Texts to replace before signing. Each must be there.
    pub before: Vec<(String, String)>,
    /// Texts to replace after signing. Each must be there.
    pub after: Vec<(String, String)>,
}

impl Tweaks {
    /// A good answer.
    pub fn none() -> Self {
        Self::default()
    }

    /// Replaces a text before signing.
    #[must_use]
    pub fn before(mut self, from: impl Into<String>, to: impl Into<String>) -> Self {
        self.before.push((from.into(), to.into()));
        self
    }

    /// Replaces a text after signing.
    #[must_use]
    pub fn after(mut self, from: impl Into<String>, to: impl Into<String>) -> Self {
        self.after.push((from.into(), to.into()));
        self
    }

    /// Signs something else.
    #[must_use]
    pub fn sign(self, sign: Sign) -> Self {
        Self { sign, ..self }
    }

    /// Signs in another way.
    #[must_use]
    pub fn style(self, style: Style) -> Self {
        Self { style, ..self }
    }
}

impl TestIdp {
    /// An identity provider `https://idp.example/metadata` with a new RSA key. Takes about a second.
    pub fn new(rng: &mut dyn CryptoRng) -> Self {
        Self::named(rng, "https://idp.example/metadata", "https://idp.example/sso")
    }

    /// One with names of its own.
    pub fn named(rng: &mut dyn CryptoRng, entity_id: &str, sso_url: &str) -> Self {
        let key = Rsa::generate(rng, 2048);
        let certificate = key.certificate("identity provider");
        Self {
            entity_id: entity_id.into(),
            sso_url: sso_url.into(),
            key,
            certificate,
            issued: AtomicU64::new(0),
        }
    }

    /// Its name.
    pub fn entity_id(&self) -> &str {
        &self.entity_id
    }

    /// Where it takes requests.
    pub fn sso_url(&self) -> &str {
        &self.sso_url
    }

    /// Its certificate.
    pub fn certificate(&self) -> Certificate {
        Certificate::from_der(&self.certificate).unwrap()
    }

    /// What a configuration would know of it.
    pub fn identity_provider(&self) -> IdentityProvider {
        IdentityProvider::new(&self.entity_id, &self.sso_url, vec![self.certificate()]).unwrap()
    }

    /// What it gives to service providers.
    pub fn metadata(&self) -> String {
        format!(
            "<?xml version=\"1.0\"?>\n<md:EntityDescriptor xmlns:md=\"{METADATA}\" entityID=\"{}\"><md:IDPSSODescriptor \
             protocolSupportEnumeration=\"{PROTOCOL}\"><md:KeyDescriptor use=\"signing\"><ds:KeyInfo xmlns:ds=\"{DSIG}\"><ds:X509Data>\
             <ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:SingleSignOnService \
             Binding=\"{REDIRECT}\" Location=\"{}\"/></md:IDPSSODescriptor></md:EntityDescriptor>",
            escaped(&self.entity_id),
            to_base64(&self.certificate),
            escaped(&self.sso_url)
        )
    }

    /// The value of the form's `SAMLResponse`.
    pub fn respond(&self, answer: &Answer<'_>, tweaks: &Tweaks) -> String {
        to_base64(self.respond_xml(answer, tweaks).as_bytes())
    }

    /// The response as XML. Its elements have the prefixes `samlp`, `saml` and `ds`.
    pub fn respond_xml(&self, answer: &Answer<'_>, tweaks: &Tweaks) -> String {
        let number = self.issued.fetch_add(1, Ordering::Relaxed);
        let (response, assertion) = (format!("_response{number}"), format!("_assertion{number}"));
        let mut xml = self.unsigned(answer, &response, &assertion);
        replace_all(&mut xml, &tweaks.before);
        if matches!(tweaks.sign, Sign::Assertion | Sign::Both) {
            xml = self.sign(&xml, &assertion, &tweaks.style);
        }
        if matches!(tweaks.sign, Sign::Response | Sign::Both) {
            xml = self.sign(&xml, &response, &tweaks.style);
        }
        replace_all(&mut xml, &tweaks.after);
        xml
    }

    /// Signs the element with this ID; it must have an Issuer.
    pub fn sign(&self, xml: &str, id: &str, style: &Style) -> String {
        sign::sign(xml, id, &self.key, &self.certificate, style)
    }

    fn unsigned(&self, answer: &Answer<'_>, response: &str, assertion: &str) -> String {
        let at = |seconds: i64| time::format(answer.now + seconds).unwrap();
        let (now, begin, end) = (at(0), at(-60), at(300));
        let issuer = escaped(&self.entity_id);
        let acs = escaped(answer.acs_url);
        let in_response_to = answer
            .request_id
            .map(|id| format!(" InResponseTo=\"{}\"", escaped(id)))
            .unwrap_or_default();
        let mut attributes = String::new();
        for (name, values) in answer.attributes {
            write!(attributes, "<saml:Attribute Name=\"{}\">", escaped(name)).unwrap();
            for value in *values {
                write!(
                    attributes,
                    "<saml:AttributeValue>{}</saml:AttributeValue>",
                    escaped(value)
                )
                .unwrap();
            }
            attributes.push_str("</saml:Attribute>");
        }
        if !attributes.is_empty() {
            attributes = format!("<saml:AttributeStatement>{attributes}</saml:AttributeStatement>");
        }
        format!(
            "<samlp:Response xmlns:samlp=\"{PROTOCOL}\" xmlns:saml=\"{SAML}\" ID=\"{response}\" Version=\"2.0\" IssueInstant=\"{now}\" \
             Destination=\"{acs}\"{in_response_to}><saml:Issuer>{issuer}</saml:Issuer><samlp:Status><samlp:StatusCode \
             Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></samlp:Status>\
             <saml:Assertion ID=\"{assertion}\" Version=\"2.0\" IssueInstant=\"{now}\"><saml:Issuer>{issuer}</saml:Issuer><saml:Subject>\
             <saml:NameID Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\">{subject}</saml:NameID>\
             <saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">\
             <saml:SubjectConfirmationData NotOnOrAfter=\"{end}\" Recipient=\"{acs}\"{in_response_to}/></saml:SubjectConfirmation>\
             </saml:Subject><saml:Conditions NotBefore=\"{begin}\" NotOnOrAfter=\"{end}\"><saml:AudienceRestriction>\
             <saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>\
             <saml:AuthnStatement AuthnInstant=\"{now}\" SessionIndex=\"session{assertion}\"><saml:AuthnContext>\
             <saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef>\
             </saml:AuthnContext></saml:AuthnStatement>{attributes}</saml:Assertion></samlp:Response>",
            subject = escaped(answer.subject),
            audience = escaped(answer.audience),
        )
    }
}
