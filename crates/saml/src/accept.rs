//! An answer, judged from its first byte to the assertion.

use roxmltree::Node;

use crate::assertion::{self, Assertion};
use crate::error::{Result, SamlError};
use crate::identity_provider::IdentityProvider;
use crate::scan::Bounds;
use crate::service_provider::ServiceProvider;
use crate::shape::Shape;
use crate::xml::{self, PROTOCOL, SAML};
use crate::{signature, time};

/// Which request an answer must belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InResponseTo<'a> {
    /// The one with this ID. The browser must be the one that was sent away with it: keep it in a cookie.
    Request(&'a str),
    /// None: the sign-in began at the identity provider. Anybody can then sign somebody else in as themselves (login CSRF), so it is a
    /// choice of the configuration, never a fallback.
    Unsolicited,
}

/// What an answer must fit.
#[derive(Clone, Copy, Debug)]
pub struct Expectations<'a> {
    /// Which request it must belong to.
    pub in_response_to: InResponseTo<'a>,
    /// Unix seconds.
    pub now: i64,
    /// How far the clocks may be apart, in seconds; 60 to 180 is usual.
    pub skew_seconds: u32,
}

impl Expectations<'_> {
    /// A time from which on something is valid.
    pub(crate) fn begun(&self, what: &'static str, time: i64) -> Result<()> {
        if self.now.saturating_add(i64::from(self.skew_seconds)) < time {
            return Err(SamlError::NotYetValid { what, time });
        }
        Ok(())
    }

    /// A time from which on something is no more valid.
    pub(crate) fn not_over(&self, what: &'static str, time: i64) -> Result<()> {
        if self.now.saturating_sub(i64::from(self.skew_seconds)) >= time {
            return Err(SamlError::Expired { what, time });
        }
        Ok(())
    }

    /// The InResponseTo of an element.
    pub(crate) fn answers(&self, of: &'static str, node: Node<'_, '_>) -> Result<()> {
        match (self.in_response_to, node.attribute("InResponseTo")) {
            (InResponseTo::Request(id), Some(found)) if id == found && !id.is_empty() => Ok(()),
            (InResponseTo::Unsolicited, None) => Ok(()),
            (InResponseTo::Request(_) | InResponseTo::Unsolicited, found) => Err(SamlError::InResponseTo {
                of,
                found: found.unwrap_or_default().to_owned(),
            }),
        }
    }
}

/// Judges the `SAMLResponse` of a form that was posted to the assertion consumer service.
///
/// The assertion or the whole response must be signed, and every signature that is there must be good. The caller must refuse an
/// [`Assertion::id`] of this identity provider that it has seen.
///
/// # Errors
/// Any but those of configuration: [`SamlError::Certificate`], [`SamlError::Key`], [`SamlError::Metadata`], [`SamlError::Setting`].
pub fn accept(
    sp: &ServiceProvider,
    idp: &IdentityProvider,
    response_base64: &str,
    expected: &Expectations<'_>,
) -> Result<Assertion> {
    let text = decoded(response_base64)?;
    let document = xml::parse(&text, &Bounds::RESPONSE)?;
    let shape = Shape::of(&document)?;
    // Before signatures: a refusal is often unsigned, and nothing but a refusal comes of it.
    success(shape.response)?;
    let unverified = shape.assertion.ok_or_else(|| SamlError::structure("no Assertion"))?;

    let verified = |element, signature: Option<_>| {
        signature
            .map(|signature| signature::verified(element, signature, idp.certificates()))
            .transpose()
    };
    let signed_response = verified(shape.response, shape.response_signature)?;
    let signed_assertion = verified(unverified, shape.assertion_signature)?;

    // The innermost signed bytes hold the assertion; the outermost the envelope. Only the envelope may be unsigned: it can refuse
    // but gives nothing to the assertion.
    let envelope_document = signed_response
        .as_deref()
        .map(|bytes| xml::parse(bytes, &Bounds::CANONICAL))
        .transpose()?;
    let assertion_document = signed_assertion
        .as_deref()
        .map(|bytes| xml::parse(bytes, &Bounds::CANONICAL))
        .transpose()?;
    let envelope = envelope_document
        .as_ref()
        .map_or(shape.response, |document| document.root_element());
    let assertion = match (&assertion_document, &envelope_document) {
        (Some(document), _) => document.root_element(),
        (None, Some(document)) => xml::exactly_one(document.root_element(), SAML, "Assertion")?,
        (None, None) => return Err(SamlError::Unsigned),
    };
    judge_envelope(sp, idp, envelope, expected)?;
    assertion::read(sp, idp, assertion, expected)
}

/// The XML of a form's value. Nothing is inflated: that is the redirect binding's, which is not for responses.
fn decoded(response_base64: &str) -> Result<String> {
    // Base64 has four characters for three bytes; twice is room for line breaks.
    if response_base64.len() > Bounds::RESPONSE.bytes_max * 2 {
        return Err(SamlError::TooLarge { what: "bytes" });
    }
    String::from_utf8(xml::base64(response_base64)?).map_err(|_| SamlError::malformed("it is not UTF-8"))
}

fn success(response: Node<'_, '_>) -> Result<()> {
    let status = xml::exactly_one(response, PROTOCOL, "Status")?;
    let code = xml::exactly_one(status, PROTOCOL, "StatusCode")?;
    let value = xml::attribute(code, "Value")?;
    if value == "urn:oasis:names:tc:SAML:2.0:status:Success" {
        return Ok(());
    }
    let inner = xml::at_most_one(code, PROTOCOL, "StatusCode")?.and_then(|inner| inner.attribute("Value"));
    let message = xml::at_most_one(status, PROTOCOL, "StatusMessage")?
        .map(xml::text)
        .transpose()?;
    let detail = [Some(value), inner, message.as_deref()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ");
    Err(SamlError::Status { detail })
}

fn judge_envelope(
    sp: &ServiceProvider,
    idp: &IdentityProvider,
    response: Node<'_, '_>,
    expected: &Expectations<'_>,
) -> Result<()> {
    success(response)?;
    judge_header(response, "Response", idp, expected)?;
    // Demanded of signed messages (SAML bindings, section 3.5.5.2); every product sends it, so we demand it always.
    let destination = response.attribute("Destination").unwrap_or_default();
    if destination != sp.acs_url() {
        return Err(SamlError::Destination {
            found: destination.to_owned(),
        });
    }
    expected.answers("Response", response)
}

/// What responses and assertions have in common: version, time of issue, issuer. Gives the ID.
pub(crate) fn judge_header(
    node: Node<'_, '_>,
    of: &'static str,
    idp: &IdentityProvider,
    expected: &Expectations<'_>,
) -> Result<String> {
    if xml::attribute(node, "Version")? != "2.0" {
        return Err(SamlError::structure(format!("the {of} is not of version 2.0")));
    }
    expected.begun("IssueInstant", time::parse(xml::attribute(node, "IssueInstant")?)?)?;
    let found = xml::at_most_one(node, SAML, "Issuer")?
        .map(xml::text)
        .transpose()?
        .unwrap_or_default();
    if found != idp.entity_id() {
        return Err(SamlError::Issuer { of, found });
    }
    let id = xml::attribute(node, "ID")?;
    if id.is_empty() {
        return Err(SamlError::structure(format!("the {of} has no ID")));
    }
    Ok(id.to_owned())
}

#[cfg(test)]
mod tests;
