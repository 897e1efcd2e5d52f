//! Reading and writing of XML, as far as SAML needs it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use roxmltree::{Document, Node, ParsingOptions};

use crate::error::{Result, SamlError};
use crate::scan::{self, Bounds};

/// Assertions.
pub(crate) const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
/// Requests and responses.
pub(crate) const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// Metadata.
pub(crate) const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
/// XML signatures.
pub(crate) const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";

/// Parses a document that keeps within `bounds`.
pub(crate) fn parse<'a>(text: &'a str, bounds: &Bounds) -> Result<Document<'a>> {
    scan::check(text, bounds)?;
    let options = ParsingOptions {
        allow_dtd: false,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(text, options).map_err(|error| SamlError::malformed(error.to_string()))
}

/// Whether it is this element.
pub(crate) fn is(node: Node<'_, '_>, namespace: &str, name: &str) -> bool {
    node.is_element() && node.tag_name().name() == name && node.tag_name().namespace() == Some(namespace)
}

/// The children that are this element.
pub(crate) fn children<'a, 'input>(
    node: Node<'a, 'input>,
    namespace: &'a str,
    name: &'a str,
) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(move |child| is(*child, namespace, name))
}

/// The one child of this name, if there is any.
pub(crate) fn at_most_one<'a, 'input>(
    node: Node<'a, 'input>,
    namespace: &'a str,
    name: &'a str,
) -> Result<Option<Node<'a, 'input>>> {
    let mut found = children(node, namespace, name);
    let first = found.next();
    match found.next() {
        Some(_) => Err(SamlError::structure(format!(
            "{} has several {name}",
            node.tag_name().name()
        ))),
        None => Ok(first),
    }
}

/// The one child of this name.
pub(crate) fn exactly_one<'a, 'input>(
    node: Node<'a, 'input>,
    namespace: &'a str,
    name: &'a str,
) -> Result<Node<'a, 'input>> {
    at_most_one(node, namespace, name)?
        .ok_or_else(|| SamlError::structure(format!("{} has no {name}", node.tag_name().name())))
}

/// The text of an element that holds nothing else, without white space around it.
pub(crate) fn text(node: Node<'_, '_>) -> Result<String> {
    exact_text(node).map(|text| text.trim().to_owned())
}

/// The text of an element that holds nothing else, for what users may have chosen themselves: `admin ` must not become `admin`.
pub(crate) fn exact_text(node: Node<'_, '_>) -> Result<String> {
    let mut text = String::new();
    for child in node.children() {
        if !child.is_text() {
            return Err(SamlError::structure(format!(
                "{} holds more than text",
                node.tag_name().name()
            )));
        }
        text.push_str(child.text().unwrap_or_default());
    }
    Ok(text)
}

/// An attribute without namespace that must be there.
pub(crate) fn attribute<'a>(node: Node<'a, '_>, name: &str) -> Result<&'a str> {
    node.attribute(name)
        .ok_or_else(|| SamlError::structure(format!("{} has no {name}", node.tag_name().name())))
}

/// Standard base64, strictly, but for the line breaks that forms and XML put in.
pub(crate) fn base64(text: &str) -> Result<Vec<u8>> {
    let packed: String = text.chars().filter(|char| !char.is_ascii_whitespace()).collect();
    STANDARD
        .decode(packed)
        .map_err(|error| SamlError::malformed(format!("base64: {error}")))
}

/// Base64 as SAML writes it.
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Text as it may stand in an element or between double quotes.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#x9;"),
            '\n' => out.push_str("&#xA;"),
            '\r' => out.push_str("&#xD;"),
            _ => out.push(char),
        }
    }
    out
}
