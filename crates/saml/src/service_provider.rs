//! Ourselves, and how we present us to an identity provider.

use crate::credentials::Credentials;
use crate::error::{Result, SamlError};
use crate::xml::{DSIG, METADATA, PROTOCOL, escaped, to_base64};

pub(crate) const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

/// A service provider: the one that lets users in because an identity provider says who they are.
pub struct ServiceProvider {
    entity_id: String,
    acs_url: String,
    slo_url: Option<String>,
    credentials: Option<Credentials>,
}

impl ServiceProvider {
    /// A service provider that gets its answers at `acs_url`, the assertion consumer service, by HTTP-POST.
    ///
    /// # Errors
    /// [`SamlError::Setting`]
    pub fn new(entity_id: impl Into<String>, acs_url: impl Into<String>) -> Result<Self> {
        let (entity_id, acs_url) = (entity_id.into(), acs_url.into());
        entity_id_fits(&entity_id)?;
        url_fits("acs_url", &acs_url)?;
        Ok(Self {
            entity_id,
            acs_url,
            slo_url: None,
            credentials: None,
        })
    }

    /// With an address for single logout (HTTP-Redirect), which metadata then names.
    ///
    /// # Errors
    /// [`SamlError::Setting`]
    pub fn with_slo_url(self, slo_url: impl Into<String>) -> Result<Self> {
        let slo_url = slo_url.into();
        url_fits("slo_url", &slo_url)?;
        Ok(Self {
            slo_url: Some(slo_url),
            ..self
        })
    }

    /// With a key, so that requests are signed.
    #[must_use]
    pub fn with_credentials(self, credentials: Credentials) -> Self {
        Self {
            credentials: Some(credentials),
            ..self
        }
    }

    /// Our name.
    pub fn entity_id(&self) -> &str {
        &self.entity_id
    }

    /// Where answers come in.
    pub fn acs_url(&self) -> &str {
        &self.acs_url
    }

    pub(crate) fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    /// What an administrator gives to the identity provider (SAML metadata, section 2.4.4).
    pub fn metadata(&self) -> String {
        let key = self.credentials.as_ref().map(|credentials| {
            format!(
                "<md:KeyDescriptor use=\"signing\"><ds:KeyInfo xmlns:ds=\"{DSIG}\"><ds:X509Data><ds:X509Certificate>{}\
                 </ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>",
                to_base64(credentials.certificate().der())
            )
        });
        let slo = self.slo_url.as_ref().map(|url| {
            let binding = crate::identity_provider::REDIRECT;
            format!(
                "<md:SingleLogoutService Binding=\"{binding}\" Location=\"{}\"/>",
                escaped(url)
            )
        });
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <md:EntityDescriptor xmlns:md=\"{METADATA}\" entityID=\"{entity}\">\
             <md:SPSSODescriptor AuthnRequestsSigned=\"{signed}\" WantAssertionsSigned=\"true\" protocolSupportEnumeration=\"{PROTOCOL}\">\
             {key}{slo}\
             <md:AssertionConsumerService Binding=\"{POST}\" Location=\"{acs}\" index=\"0\" isDefault=\"true\"/>\
             </md:SPSSODescriptor></md:EntityDescriptor>\n",
            entity = escaped(&self.entity_id),
            signed = self.credentials.is_some(),
            key = key.unwrap_or_default(),
            slo = slo.unwrap_or_default(),
            acs = escaped(&self.acs_url),
        )
    }
}

/// SAML core, section 8.3.6: at most 1024 characters.
pub(crate) fn entity_id_fits(entity_id: &str) -> Result<()> {
    if entity_id.is_empty()
        || entity_id.len() > 1024
        || entity_id.trim() != entity_id
        || entity_id.contains(char::is_control)
    {
        return Err(SamlError::Setting {
            name: "entity_id",
            why: "it must have 1 to 1024 characters, without space around them",
        });
    }
    Ok(())
}

/// Browsers are sent there: no other schemes.
pub(crate) fn url_fits(name: &'static str, url: &str) -> Result<()> {
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    if host.is_none_or(|host| host.is_empty() || host.starts_with(['/', '?', '#'])) {
        return Err(SamlError::Setting {
            name,
            why: "it must begin with https:// or http://",
        });
    }
    if url.len() > 2048 || url.contains('#') || !url.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(SamlError::Setting {
            name,
            why: "it must be a URL in ASCII, without spaces or a fragment",
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{scan::Bounds, testing, xml};

    #[test]
    fn metadata_is_whole_and_escaped() {
        let (key, certificate) = testing::credentials();
        let sp = ServiceProvider::new("urn:a&b\"<c>", "https://sp.example/acs?a=1&b=2")
            .unwrap()
            .with_slo_url("https://sp.example/slo")
            .unwrap()
            .with_credentials(Credentials::from_pem(&key, &certificate).unwrap());
        let metadata = sp.metadata();
        let document = xml::parse(&metadata, &Bounds::METADATA).unwrap();
        let root = document.root_element();
        assert_eq!(root.attribute("entityID"), Some("urn:a&b\"<c>"));
        let role = xml::exactly_one(root, METADATA, "SPSSODescriptor").unwrap();
        assert_eq!(role.attribute("AuthnRequestsSigned"), Some("true"));
        assert_eq!(role.attribute("WantAssertionsSigned"), Some("true"));
        // The schema fixes this order.
        let names: Vec<_> = role.children().map(|node| node.tag_name().name()).collect();
        assert_eq!(
            names,
            ["KeyDescriptor", "SingleLogoutService", "AssertionConsumerService"]
        );
        let acs = xml::exactly_one(role, METADATA, "AssertionConsumerService").unwrap();
        assert_eq!(
            (acs.attribute("Location"), acs.attribute("Binding")),
            (Some("https://sp.example/acs?a=1&b=2"), Some(POST))
        );
        assert!(!metadata.contains("PRIVATE"));
    }

    #[test]
    fn odd_settings_are_refused() {
        for url in [
            "",
            "x",
            "javascript:alert(1)",
            "https://",
            "https:///x",
            "https://x/#f",
            "https://x/ y",
            "https://x/\n",
            "ftp://x",
        ] {
            assert!(ServiceProvider::new("sp", url).is_err(), "{url}");
        }
        for entity_id in ["", " x", "x\n", &"x".repeat(1025)] {
            assert!(ServiceProvider::new(entity_id, "https://x").is_err(), "{entity_id}");
        }
    }
}
