//! Where the parts of a response stand. All signature wrapping needs a second assertion, response or signature, or one in an odd
//! place; here each has one place, in the whole document.

use std::collections::HashSet;

use roxmltree::{Document, Node};

use crate::error::{Result, SamlError};
use crate::xml::{self, DSIG, PROTOCOL, SAML};

/// The parts of a response. Nothing in it is trusted yet.
pub(crate) struct Shape<'a, 'input> {
    pub(crate) response: Node<'a, 'input>,
    pub(crate) response_signature: Option<Node<'a, 'input>>,
    /// `None` when the identity provider refused.
    pub(crate) assertion: Option<Node<'a, 'input>>,
    pub(crate) assertion_signature: Option<Node<'a, 'input>>,
}

impl<'a, 'input> Shape<'a, 'input> {
    pub(crate) fn of(document: &'a Document<'input>) -> Result<Self> {
        let response = document.root_element();
        if !xml::is(response, PROTOCOL, "Response") {
            return Err(SamlError::structure("it is not a SAML 2.0 Response"));
        }
        unique_ids(document)?;
        let mut assertion = None;
        let (mut response_signature, mut assertion_signature) = (None, None);
        for node in document.descendants().filter(Node::is_element) {
            for what in ["EncryptedAssertion", "EncryptedID", "EncryptedAttribute"] {
                if xml::is(node, SAML, what) {
                    return Err(SamlError::Encrypted { what });
                }
            }
            if xml::is(node, PROTOCOL, "Response") && node != response {
                return Err(SamlError::structure("several Responses"));
            }
            if xml::is(node, SAML, "Assertion") {
                if assertion.replace(node).is_some() {
                    return Err(SamlError::structure("several Assertions"));
                }
                if node.parent() != Some(response) {
                    return Err(SamlError::structure("the Assertion is not the Response's child"));
                }
            }
            if xml::is(node, DSIG, "Signature") {
                // Document order: the assertion is seen before its signature.
                let place = match node.parent() {
                    Some(parent) if parent == response => &mut response_signature,
                    Some(parent) if Some(parent) == assertion => &mut assertion_signature,
                    Some(_) | None => return Err(SamlError::structure("a Signature in an odd place")),
                };
                if place.replace(node).is_some() {
                    return Err(SamlError::structure("several Signatures"));
                }
            }
        }
        Ok(Self {
            response,
            response_signature,
            assertion,
            assertion_signature,
        })
    }
}

/// Any attribute that some software takes for an ID counts: `ID`, `Id`, `id`, `xml:id`.
fn unique_ids(document: &Document<'_>) -> Result<()> {
    let mut seen = HashSet::new();
    for node in document.descendants() {
        for attribute in node
            .attributes()
            .filter(|attribute| attribute.name().eq_ignore_ascii_case("id"))
        {
            if !seen.insert(attribute.value()) {
                return Err(SamlError::DuplicateId {
                    id: attribute.value().to_owned(),
                });
            }
        }
    }
    Ok(())
}
