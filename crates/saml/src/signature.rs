//! Enveloped XML signatures, in the one shape that SAML allows (SAML core, section 5.4).
//!
//! A signature is judged in three steps, each on the bytes the one before proved: a known key signed the canonical `SignedInfo`; it
//! is parsed anew, and names the element and its digest; the element's canonical bytes have that digest, and are what is given back.

use ring::digest;
use roxmltree::Node;

use crate::canon::canonical;
use crate::certificate::{Certificate, SignatureMethod};
use crate::error::{Result, SamlError};
use crate::scan::Bounds;
use crate::xml::{self, DSIG};

const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
/// What real lists stay far below.
const PREFIXES_MAX: usize = 16;

/// The canonical bytes of `element` without its `signature`, which is a child of it, if one of the certificates signed them.
pub(crate) fn verified(element: Node<'_, '_>, signature: Node<'_, '_>, certificates: &[Certificate]) -> Result<String> {
    let parts = Parts::of(signature)?;
    let method = xml::exactly_one(parts.signed_info, DSIG, "CanonicalizationMethod")?;
    let prefixes = exclusive_prefixes(method)?;
    let info = canonical(parts.signed_info, None, &prefixes, Bounds::CANONICAL.bytes_max)?;
    // From here on the signature speaks through these bytes only.
    let document = xml::parse(&info, &Bounds::CANONICAL)?;
    let claim = Claim::read(document.root_element())?;
    let value = xml::base64(&xml::text(parts.value)?)?;
    if !certificates
        .iter()
        .any(|certificate| certificate.verifies(claim.method, info.as_bytes(), &value))
    {
        return Err(SamlError::BadSignature);
    }

    let id = xml::attribute(element, "ID")?;
    match claim.uri.strip_prefix('#') {
        Some(named) if named == id && !id.is_empty() => {}
        _ => {
            return Err(SamlError::reference(format!(
                "`{}` is signed, and not `#{id}`",
                claim.uri
            )));
        }
    }
    let content = canonical(
        element,
        Some(signature.id()),
        &claim.prefixes,
        Bounds::CANONICAL.bytes_max,
    )?;
    if digest::digest(claim.digest, content.as_bytes()).as_ref() != claim.value {
        return Err(SamlError::BadDigest);
    }
    Ok(content)
}

/// The children of a `Signature`. KeyInfo is never read: whoever forges a signature can name a key too.
struct Parts<'a, 'input> {
    signed_info: Node<'a, 'input>,
    value: Node<'a, 'input>,
}

impl<'a, 'input> Parts<'a, 'input> {
    fn of(signature: Node<'a, 'input>) -> Result<Self> {
        only(signature, &["SignedInfo", "SignatureValue", "KeyInfo"])?;
        xml::at_most_one(signature, DSIG, "KeyInfo")?;
        Ok(Self {
            signed_info: xml::exactly_one(signature, DSIG, "SignedInfo")?,
            value: xml::exactly_one(signature, DSIG, "SignatureValue")?,
        })
    }
}

/// What a `SignedInfo` says.
struct Claim<'a> {
    method: SignatureMethod,
    uri: &'a str,
    prefixes: Vec<&'a str>,
    digest: &'static digest::Algorithm,
    value: Vec<u8>,
}

impl<'a> Claim<'a> {
    fn read(info: Node<'a, '_>) -> Result<Self> {
        only(info, &["CanonicalizationMethod", "SignatureMethod", "Reference"])?;
        exclusive_prefixes(xml::exactly_one(info, DSIG, "CanonicalizationMethod")?)?;
        let method = xml::exactly_one(info, DSIG, "SignatureMethod")?;
        // HMACOutputLength and parameters of PSS would stand here.
        only(method, &[])?;
        let reference = xml::exactly_one(info, DSIG, "Reference")?;
        only(reference, &["Transforms", "DigestMethod", "DigestValue"])?;
        let digest_method = xml::exactly_one(reference, DSIG, "DigestMethod")?;
        only(digest_method, &[])?;
        Ok(Self {
            method: SignatureMethod::parse(xml::attribute(method, "Algorithm")?)?,
            uri: xml::attribute(reference, "URI")?,
            prefixes: transforms(xml::exactly_one(reference, DSIG, "Transforms")?)?,
            digest: digest_algorithm(xml::attribute(digest_method, "Algorithm")?)?,
            value: xml::base64(&xml::text(xml::exactly_one(reference, DSIG, "DigestValue")?)?)?,
        })
    }
}

/// The one chain that is accepted: enveloped signature, then exclusive canonicalization. Gives the latter's prefixes.
fn transforms<'a>(transforms: Node<'a, '_>) -> Result<Vec<&'a str>> {
    only(transforms, &["Transform"])?;
    let chain: Vec<_> = xml::children(transforms, DSIG, "Transform").collect();
    for transform in &chain {
        let uri = xml::attribute(*transform, "Algorithm")?;
        if uri != ENVELOPED && uri != EXCLUSIVE {
            return Err(SamlError::Algorithm { uri: uri.to_owned() });
        }
    }
    match chain.as_slice() {
        [first, second] if first.attribute("Algorithm") == Some(ENVELOPED) => {
            only(*first, &[])?;
            exclusive_prefixes(*second)
        }
        _ => Err(SamlError::reference(
            "its transforms are not an enveloped signature and exclusive canonicalization",
        )),
    }
}

/// The PrefixList of a method or transform that must be exclusive canonicalization.
fn exclusive_prefixes<'a>(method: Node<'a, '_>) -> Result<Vec<&'a str>> {
    let uri = xml::attribute(method, "Algorithm")?;
    if uri != EXCLUSIVE {
        return Err(SamlError::Algorithm { uri: uri.to_owned() });
    }
    let mut elements = method.children().filter(Node::is_element);
    let (first, second) = (elements.next(), elements.next());
    let prefixes: Vec<&str> = match (first, second) {
        (None, _) => Vec::new(),
        (Some(list), None) if xml::is(list, EXCLUSIVE, "InclusiveNamespaces") => list
            .attribute("PrefixList")
            .unwrap_or_default()
            .split_ascii_whitespace()
            .collect(),
        (Some(_), _) => return Err(SamlError::reference("its canonicalization has unknown parameters")),
    };
    if prefixes.len() > PREFIXES_MAX {
        return Err(SamlError::TooLarge {
            what: "inclusive prefixes",
        });
    }
    Ok(prefixes)
}

fn digest_algorithm(uri: &str) -> Result<&'static digest::Algorithm> {
    match uri {
        "http://www.w3.org/2001/04/xmlenc#sha256" => Ok(&digest::SHA256),
        "http://www.w3.org/2001/04/xmldsig-more#sha384" => Ok(&digest::SHA384),
        "http://www.w3.org/2001/04/xmlenc#sha512" => Ok(&digest::SHA512),
        _ => Err(SamlError::Algorithm { uri: uri.to_owned() }),
    }
}

/// Refuses children of other names, such as Object and Manifest.
fn only(node: Node<'_, '_>, names: &[&str]) -> Result<()> {
    for child in node.children().filter(Node::is_element) {
        let tag = child.tag_name();
        if tag.namespace() != Some(DSIG) || !names.contains(&tag.name()) {
            return Err(SamlError::reference(format!(
                "{} holds a {}",
                node.tag_name().name(),
                tag.name()
            )));
        }
    }
    Ok(())
}
