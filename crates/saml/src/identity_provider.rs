//! An identity provider, as the configuration knows it: written down, or read from its metadata.

use roxmltree::{Document, Node};

use crate::certificate::Certificate;
use crate::error::{Result, SamlError};
use crate::scan::Bounds;
use crate::service_provider::{entity_id_fits, url_fits};
use crate::time;
use crate::xml::{self, DSIG, METADATA, PROTOCOL};

pub(crate) const REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
/// A rollover has two or three; each costs a verification.
const CERTIFICATES_MAX: usize = 8;

/// Who signs users in, and with which keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityProvider {
    entity_id: String,
    sso_url: String,
    slo_url: Option<String>,
    certificates: Vec<Certificate>,
    wants_signed_requests: bool,
    valid_until: Option<i64>,
}

impl IdentityProvider {
    /// An identity provider of which we know the address for requests (HTTP-Redirect) and one to eight certificates.
    ///
    /// # Errors
    /// [`SamlError::Setting`], [`SamlError::Certificate`]
    pub fn new(
        entity_id: impl Into<String>,
        sso_url: impl Into<String>,
        mut certificates: Vec<Certificate>,
    ) -> Result<Self> {
        let (entity_id, sso_url) = (entity_id.into(), sso_url.into());
        entity_id_fits(&entity_id)?;
        url_fits("sso_url", &sso_url)?;
        let mut unique = Vec::new();
        for certificate in certificates.drain(..) {
            if !unique.contains(&certificate) {
                unique.push(certificate);
            }
        }
        if unique.is_empty() {
            return Err(SamlError::Certificate {
                why: "an identity provider needs one",
            });
        }
        if unique.len() > CERTIFICATES_MAX {
            return Err(SamlError::Certificate {
                why: "an identity provider has at most eight",
            });
        }
        Ok(Self {
            entity_id,
            sso_url,
            slo_url: None,
            certificates: unique,
            wants_signed_requests: false,
            valid_until: None,
        })
    }

    /// Reads the metadata of one identity provider. Its signature is not judged: take it from where you would take a certificate.
    ///
    /// # Errors
    /// [`SamlError::Metadata`], [`SamlError::Certificate`], [`SamlError::Setting`], and those of reading XML.
    pub fn from_metadata(xml: &str) -> Result<Self> {
        let text = xml.strip_prefix('\u{feff}').unwrap_or(xml);
        let document = xml::parse(text, &Bounds::METADATA)?;
        let entity = entity(&document)?;
        let role = xml::at_most_one(entity, METADATA, "IDPSSODescriptor")?.ok_or(SamlError::Metadata {
            why: "it describes no identity provider",
        })?;
        if !role
            .attribute("protocolSupportEnumeration")
            .unwrap_or_default()
            .split_ascii_whitespace()
            .any(|it| it == PROTOCOL)
        {
            return Err(SamlError::Metadata {
                why: "it does not speak SAML 2.0",
            });
        }
        let sso_url = location(role, "SingleSignOnService").ok_or(SamlError::Metadata {
            why: "it has no SingleSignOnService for HTTP-Redirect",
        })?;
        let valid_until = [entity, role]
            .into_iter()
            .filter_map(|node| node.attribute("validUntil"))
            .map(time::parse);
        let valid_until = valid_until.collect::<Result<Vec<_>>>()?.into_iter().min();
        let mut certificates = Vec::new();
        for key in
            xml::children(role, METADATA, "KeyDescriptor").filter(|key| key.attribute("use") != Some("encryption"))
        {
            for certificate in key.descendants().filter(|node| xml::is(*node, DSIG, "X509Certificate")) {
                certificates.push(Certificate::from_pem(&xml::text(certificate)?)?);
            }
        }
        let slo_url = location(role, "SingleLogoutService").map(str::to_owned);
        if let Some(url) = &slo_url {
            url_fits("slo_url", url)?;
        }
        let wants = role.attribute("WantAuthnRequestsSigned");
        Ok(Self {
            slo_url,
            wants_signed_requests: matches!(wants.map(str::trim), Some("true" | "1")),
            valid_until,
            ..Self::new(entity.attribute("entityID").unwrap_or_default(), sso_url, certificates)?
        })
    }

    /// Its name.
    pub fn entity_id(&self) -> &str {
        &self.entity_id
    }

    /// Where requests go.
    pub fn sso_url(&self) -> &str {
        &self.sso_url
    }

    /// Where logout requests go (HTTP-Redirect), if its metadata says so.
    pub fn slo_url(&self) -> Option<&str> {
        self.slo_url.as_deref()
    }

    /// Whose signatures count.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// Whether it refuses requests that are not signed.
    pub fn wants_signed_requests(&self) -> bool {
        self.wants_signed_requests
    }

    /// When its metadata should have been fetched anew, Unix seconds.
    pub fn valid_until(&self) -> Option<i64> {
        self.valid_until
    }
}

/// The document's entity, or the one identity provider among its entities.
fn entity<'a, 'input>(document: &'a Document<'input>) -> Result<Node<'a, 'input>> {
    let root = document.root_element();
    if xml::is(root, METADATA, "EntityDescriptor") {
        return Ok(root);
    }
    if !xml::is(root, METADATA, "EntitiesDescriptor") {
        return Err(SamlError::Metadata {
            why: "it is not SAML 2.0 metadata",
        });
    }
    let mut found = xml::children(root, METADATA, "EntityDescriptor")
        .filter(|entity| xml::children(*entity, METADATA, "IDPSSODescriptor").next().is_some());
    match (found.next(), found.next()) {
        (Some(entity), None) => Ok(entity),
        (Some(_), Some(_)) => Err(SamlError::Metadata {
            why: "it describes several identity providers",
        }),
        (None, _) => Err(SamlError::Metadata {
            why: "it describes no identity provider",
        }),
    }
}

fn location<'a>(role: Node<'a, '_>, service: &'a str) -> Option<&'a str> {
    xml::children(role, METADATA, service)
        .find(|node| node.attribute("Binding") == Some(REDIRECT))
        .and_then(|node| node.attribute("Location"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn check(metadata: &str) -> String {
        match IdentityProvider::from_metadata(metadata) {
            Ok(idp) => format!("{} with {}", idp.entity_id(), idp.certificates().len()),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn metadata_gives_what_the_configuration_would() {
        let idp = testing::idp();
        let read = IdentityProvider::from_metadata(&idp.metadata()).unwrap();
        assert_eq!((read.entity_id(), read.sso_url()), (idp.entity_id(), idp.sso_url()));
        assert_eq!(read.certificates(), [idp.certificate()]);
        assert!(!read.wants_signed_requests());
        let wants = idp.metadata().replace(
            "<md:IDPSSODescriptor",
            "<md:IDPSSODescriptor WantAuthnRequestsSigned=\"true\"",
        );
        assert!(IdentityProvider::from_metadata(&wants).unwrap().wants_signed_requests());
        let until = idp.metadata().replace(
            "<md:IDPSSODescriptor",
            "<md:IDPSSODescriptor validUntil=\"2023-11-14T22:13:20Z\"",
        );
        assert_eq!(
            IdentityProvider::from_metadata(&until).unwrap().valid_until(),
            Some(1_700_000_000)
        );
    }

    #[test]
    fn a_rollover_has_several_certificates_and_encryption_keys_are_left_out() {
        let (one, two) = (testing::idp(), testing::other_idp());
        let key = |idp: &testing::TestIdp, usage: &str| {
            format!(
                "<md:KeyDescriptor{usage}><ds:KeyInfo xmlns:ds=\"{DSIG}\"><ds:X509Data><ds:X509Certificate>\n{}\n</ds:X509Certificate>\
                 </ds:X509Data></ds:KeyInfo></md:KeyDescriptor>",
                xml::to_base64(idp.certificate().der())
            )
        };
        let metadata = |keys: &str| {
            format!(
                "\u{feff}<?xml version=\"1.0\"?>\n<!-- made by hand --><md:EntityDescriptor xmlns:md=\"{METADATA}\" entityID=\"x\">\
                 <md:IDPSSODescriptor protocolSupportEnumeration=\"{PROTOCOL}\">{keys}<md:SingleSignOnService \
                 Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"https://x/post\"/><md:SingleSignOnService \
                 Binding=\"{REDIRECT}\" Location=\"https://x/redirect\"/></md:IDPSSODescriptor></md:EntityDescriptor>"
            )
        };
        assert_eq!(
            check(&metadata(
                &(key(one, " use=\"signing\"") + &key(two, " use=\"signing\""))
            )),
            "x with 2"
        );
        assert_eq!(
            check(&metadata(&(key(one, "") + &key(two, " use=\"encryption\"")))),
            "x with 1"
        );
        assert_eq!(check(&metadata(&(key(one, "") + &key(one, "")))), "x with 1");
        assert!(check(&metadata("")).contains("needs one"));
        let whole = metadata(&key(one, ""));
        assert_eq!(
            IdentityProvider::from_metadata(&whole).unwrap().sso_url(),
            "https://x/redirect"
        );
        assert!(check(&whole.replace("HTTP-Redirect", "HTTP-Other")).contains("HTTP-Redirect"));
        assert!(check(&whole.replace("https://x/redirect", "javascript:alert(1)")).contains("sso_url"));
        assert!(check(&whole.replace("SAML:2.0:protocol", "SAML:1.1:protocol")).contains("SAML 2.0"));
        let body = whole.split_once("-->").unwrap().1;
        let many = |count: usize| {
            format!(
                "<md:EntitiesDescriptor xmlns:md=\"{METADATA}\">{}</md:EntitiesDescriptor>",
                body.repeat(count)
            )
        };
        assert_eq!(check(&many(1)), "x with 1");
        assert!(check(&many(2)).contains("several"));
        assert!(check(&many(0)).contains("no identity provider"));
    }

    #[test]
    fn metadata_with_a_document_type_is_refused() {
        let metadata = format!(
            "<!DOCTYPE x [<!ENTITY y SYSTEM \"file:///etc/passwd\">]>{}",
            testing::idp().metadata()
        );
        assert!(matches!(
            IdentityProvider::from_metadata(&metadata),
            Err(SamlError::Forbidden { .. })
        ));
    }
}
