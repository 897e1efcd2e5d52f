//! A pretended SAML 2.0 identity provider. What it signs is written in canonical form from the beginning (Exclusive XML
//! Canonicalization 1.0), so that it needs no canonicalization; the server has its own.

use crate::peers::keys::unix_now;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, KeyPair};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use std::fmt::Write;

const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";

/// A pretended SAML identity provider.
pub struct SamlIdp {
    key: EcdsaKeyPair,
    certificate: String,
}

/// What it says, and how. [`Default`] is good but for the addresses.
#[derive(Clone, Debug)]
pub struct Says {
    /// The `ID` of the request that is answered.
    pub request: String,
    /// Where the answer goes.
    pub destination: String,
    /// For whom the subject is confirmed.
    pub recipient: String,
    /// For whom the assertion is.
    pub audience: String,
    /// Who says it.
    pub issuer: String,
    /// Of whom.
    pub name_id: String,
    /// How they are named.
    pub format: String,
    /// Attributes, a value each.
    pub attributes: Vec<(String, String)>,
    /// How they were recognised.
    pub context: String,
    /// When the assertion begins to be good, in seconds from now.
    pub from: i64,
    /// When it ends to be good.
    pub to: i64,
    /// The assertion's name. Empty: a new one.
    pub id: String,
    /// What is signed.
    pub signed: Signed,
    /// How it was attacked on the way.
    pub attack: Attack,
}

/// What is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed {
    /// The assertion.
    Assertion,
    /// The whole response.
    Response,
    /// Nothing.
    Nothing,
}

/// What somebody does who has a good answer for themselves, and wants to be [`VICTIM`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attack {
    /// Nothing.
    None,
    /// A forged response, with the signed one inside its signature (XSW1).
    ResponseInSignature,
    /// A forged response, with the signed one before its signature (XSW2).
    ResponseBeforeSignature,
    /// A forged assertion beside the signed one, before it (XSW3).
    AssertionBefore,
    /// A forged assertion around the signed one (XSW4).
    AssertionAround,
    /// A forged assertion that has the signature, and the signed one after it (XSW5).
    SignatureMoved,
    /// A forged assertion in `Extensions` (XSW7).
    InExtensions,
    /// A forged assertion, with the signed one in an `Object` of its signature (XSW8).
    InObject,
    /// The signed text with another name in it.
    Changed,
    /// A comment in the middle of the name, which is no part of what is signed.
    Comment,
    /// A document type with an entity.
    Entity,
}

/// Whom attackers want to be.
pub const VICTIM: &str = "root@acme.test";

impl SamlIdp {
    /// One with a new key.
    ///
    /// # Panics
    ///
    /// Never.
    #[expect(clippy::new_without_default, reason = "each has a key of its own")]
    pub fn new() -> Self {
        let pair = KeyPair::generate().expect("a key can be made");
        let params = CertificateParams::new(vec!["idp.test".to_owned()]).expect("the name is sound");
        let certificate = params.self_signed(&pair).expect("it signs");
        let key = EcdsaKeyPair::from_pkcs8(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            pair.serialized_der(),
            &SystemRandom::new(),
        );
        Self {
            key: key.expect("it is a key"),
            certificate: STANDARD.encode(certificate.der()),
        }
    }

    /// Its certificate, as it stands in metadata.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// The value of the form that a browser posts.
    pub fn answer(&self, says: &Says) -> String {
        STANDARD.encode(self.document(says))
    }

    /// The same, to read.
    pub fn document(&self, says: &Says) -> String {
        let assertion = says.assertion(&says.name_id);
        let signed_assertion = match says.signed {
            Signed::Assertion => self.enveloped(&assertion, &says.assertion_id()),
            Signed::Response | Signed::Nothing => assertion,
        };
        let response = says.response(&signed_assertion);
        let good = match says.signed {
            Signed::Response => self.enveloped(&response, "_response"),
            Signed::Assertion | Signed::Nothing => response,
        };
        self.attacked(says, &good, &signed_assertion)
    }

    fn attacked(&self, says: &Says, good: &str, signed: &str) -> String {
        let evil = says.assertion(VICTIM).replacen(&says.assertion_id(), "_evil", 1);
        let signature = between(signed, "<ds:Signature", "</ds:Signature>");
        let bare = signed.replacen(&signature, "", 1);
        match says.attack {
            Attack::None => good.to_owned(),
            Attack::ResponseInSignature | Attack::ResponseBeforeSignature => {
                let signature = between(good, "<ds:Signature", "</ds:Signature>");
                let inner = good.replacen(&signature, "", 1);
                let forged = says.response(&evil).replacen("_response", "_evil_response", 1);
                let wrapped = match says.attack {
                    Attack::ResponseInSignature => signature.replacen(
                        "</ds:Signature>",
                        &format!("<ds:Object>{inner}</ds:Object></ds:Signature>"),
                        1,
                    ),
                    _ => format!("{inner}{signature}"),
                };
                after(&forged, "</saml:Issuer>", &wrapped)
            }
            Attack::AssertionBefore => good.replacen(signed, &format!("{evil}{signed}"), 1),
            Attack::AssertionAround => good.replacen(
                signed,
                &evil.replacen("</saml:Assertion>", &format!("{signed}</saml:Assertion>"), 1),
                1,
            ),
            Attack::SignatureMoved => good.replacen(
                signed,
                &format!("{}{bare}", after(&evil, "</saml:Issuer>", &signature)),
                1,
            ),
            Attack::InExtensions => {
                let extensions = format!("<samlp:Extensions>{evil}</samlp:Extensions>");
                after(good, "</saml:Issuer>", &extensions)
            }
            Attack::InObject => {
                let around = signature.replacen(
                    "</ds:Signature>",
                    &format!("<ds:Object>{bare}</ds:Object></ds:Signature>"),
                    1,
                );
                good.replacen(signed, &after(&evil, "</saml:Issuer>", &around), 1)
            }
            Attack::Changed => good.replace(&says.name_id, VICTIM),
            // Signed is `root@acme.test.evil.test`; whoever reads the first text alone reads the victim.
            Attack::Comment => good.replace(
                &says.name_id,
                &says.name_id.replacen(VICTIM, &format!("{VICTIM}<!-- -->"), 1),
            ),
            Attack::Entity => format!(
                "<!DOCTYPE r [<!ENTITY e \"{VICTIM}\">]>{}",
                good.replace(&says.name_id, "&e;")
            ),
        }
    }

    /// An element with a signature after its issuer.
    fn enveloped(&self, element: &str, id: &str) -> String {
        let digest = STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, element.as_bytes()));
        let info = format!(
            "<ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\"></ds:CanonicalizationMethod>\
             <ds:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256\"></ds:SignatureMethod>\
             <ds:Reference URI=\"#{id}\"><ds:Transforms><ds:Transform Algorithm=\"{ENVELOPED}\"></ds:Transform>\
             <ds:Transform Algorithm=\"{EXCLUSIVE}\"></ds:Transform></ds:Transforms>\
             <ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></ds:DigestMethod>\
             <ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
        );
        let canonical = format!("<ds:SignedInfo xmlns:ds=\"{DS}\">{info}");
        let signature = self
            .key
            .sign(&SystemRandom::new(), canonical.as_bytes())
            .expect("it signs");
        let signature = format!(
            "<ds:Signature xmlns:ds=\"{DS}\"><ds:SignedInfo>{info}<ds:SignatureValue>{}</ds:SignatureValue></ds:Signature>",
            STANDARD.encode(signature)
        );
        after(element, "</saml:Issuer>", &signature)
    }
}

/// The first part of a text from one word to the end of another.
fn between(text: &str, from: &str, to: &str) -> String {
    let Some(start) = text.find(from) else {
        return String::new();
    };
    let end = text[start..].find(to).map_or(text.len(), |end| start + end + to.len());
    text[start..end].to_owned()
}

/// A text with something after the first time a word stands in it.
fn after(text: &str, word: &str, more: &str) -> String {
    text.replacen(word, &format!("{word}{more}"), 1)
}

/// `2026-01-02T03:04:05Z`
fn date(seconds: i64) -> String {
    // Days since 1970 to a date (Howard Hinnant, "chrono-compatible low-level date algorithms").
    let (days, rest) = (seconds.div_euclid(86_400) + 719_468, seconds.rem_euclid(86_400));
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let (day, month) = (
        day_of_year - (153 * shifted + 2) / 5 + 1,
        if shifted < 10 { shifted + 3 } else { shifted - 9 },
    );
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        rest / 3600,
        rest / 60 % 60,
        rest % 60
    )
}

impl Says {
    /// A good answer to a request of a service provider with that address.
    pub fn to(site: &str, request: &str, name_id: &str) -> Self {
        let acs = format!("{site}/acs");
        Self {
            request: request.to_owned(),
            destination: acs.clone(),
            recipient: acs,
            audience: format!("{site}/metadata"),
            issuer: "https://idp.test/saml".to_owned(),
            name_id: name_id.to_owned(),
            format: "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress".to_owned(),
            attributes: Vec::new(),
            context: "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport".to_owned(),
            from: -30,
            to: 120,
            id: format!("_{request}-assertion"),
            signed: Signed::Assertion,
            attack: Attack::None,
        }
    }

    fn assertion_id(&self) -> String {
        self.id.clone()
    }

    fn assertion(&self, name_id: &str) -> String {
        let now = unix_now();
        let (instant, from, to) = (date(now), date(now + self.from), date(now + self.to));
        let mut attributes = String::new();
        for (name, value) in &self.attributes {
            write!(
                attributes,
                "<saml:Attribute Name=\"{name}\"><saml:AttributeValue>{value}</saml:AttributeValue></saml:Attribute>"
            )
            .expect("a string takes text");
        }
        if !attributes.is_empty() {
            attributes = format!("<saml:AttributeStatement>{attributes}</saml:AttributeStatement>");
        }
        format!(
            "<saml:Assertion xmlns:saml=\"{SAML}\" ID=\"{id}\" IssueInstant=\"{instant}\" Version=\"2.0\">\
             <saml:Issuer>{issuer}</saml:Issuer>\
             <saml:Subject><saml:NameID Format=\"{format}\">{name_id}</saml:NameID>\
             <saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">\
             <saml:SubjectConfirmationData InResponseTo=\"{request}\" NotOnOrAfter=\"{to}\" Recipient=\"{recipient}\"></saml:SubjectConfirmationData>\
             </saml:SubjectConfirmation></saml:Subject>\
             <saml:Conditions NotBefore=\"{from}\" NotOnOrAfter=\"{to}\"><saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>\
             <saml:AuthnStatement AuthnInstant=\"{instant}\" SessionIndex=\"_session\"><saml:AuthnContext><saml:AuthnContextClassRef>{context}</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>\
             {attributes}</saml:Assertion>",
            id = self.assertion_id(),
            issuer = self.issuer,
            format = self.format,
            request = self.request,
            recipient = self.recipient,
            audience = self.audience,
            context = self.context,
        )
    }

    fn response(&self, assertion: &str) -> String {
        format!(
            "<samlp:Response xmlns:samlp=\"{PROTOCOL}\" Destination=\"{}\" ID=\"_response\" InResponseTo=\"{}\" IssueInstant=\"{}\" Version=\"2.0\">\
             <saml:Issuer xmlns:saml=\"{SAML}\">{}</saml:Issuer>\
             <samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"></samlp:StatusCode></samlp:Status>\
             {assertion}</samlp:Response>",
            self.destination,
            self.request,
            date(unix_now()),
            self.issuer,
        )
    }
}

impl std::fmt::Debug for SamlIdp {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("SamlIdp").finish_non_exhaustive()
    }
}
