//! Signs an element of a document, in all the ways that a test may want.

use ring::hmac;
use roxmltree::Document;

use super::{Hash, Rsa};
use crate::canon::canonical;
use crate::xml::{DSIG, SAML, to_base64};

const BYTES_MAX: usize = 16 * 1024 * 1024;

/// By what a `SignedInfo` is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// RSA over this hash.
    Rsa(Hash),
    /// HMAC whose secret is the public certificate in DER: what algorithm confusion does.
    HmacOfCertificate,
}

/// How a signature is written.
#[derive(Clone, Debug)]
pub struct Style {
    /// The prefix of its elements; empty for a default namespace, as Microsoft writes it.
    pub prefix: &'static str,
    /// The PrefixList of its canonicalization.
    pub inclusive: Option<&'static str>,
    /// By what it is signed.
    pub method: Method,
    /// Of what the digest is.
    pub digest: Hash,
    /// Texts to replace in the `Signature` before `SignedInfo` is signed: the signature is genuine, and says something odd.
    pub edits: Vec<(String, String)>,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            prefix: "ds",
            inclusive: None,
            method: Method::Rsa(Hash::Sha256),
            digest: Hash::Sha256,
            edits: Vec::new(),
        }
    }
}

/// The document with a signature after the Issuer of the element that has this ID.
pub(super) fn sign(xml: &str, id: &str, key: &Rsa, certificate: &[u8], style: &Style) -> String {
    let document = Document::parse(xml).unwrap();
    let element = document
        .descendants()
        .find(|node| node.attribute("ID") == Some(id))
        .unwrap();
    let issuer = element
        .children()
        .find(|node| node.has_tag_name((SAML, "Issuer")))
        .unwrap();
    let prefixes: Vec<_> = style.inclusive.unwrap_or_default().split_whitespace().collect();
    let digest = style
        .digest
        .of(canonical(element, None, &prefixes, BYTES_MAX).unwrap().as_bytes());
    let (p, xmlns) = match style.prefix {
        "" => (String::new(), format!("xmlns=\"{DSIG}\"")),
        prefix => (format!("{prefix}:"), format!("xmlns:{prefix}=\"{DSIG}\"")),
    };
    let method = match style.method {
        Method::Rsa(Hash::Sha1) => "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        Method::Rsa(Hash::Sha256) => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        Method::Rsa(Hash::Sha384) => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
        Method::Rsa(Hash::Sha512) => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
        Method::HmacOfCertificate => "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
    };
    let digest_method = match style.digest {
        Hash::Sha1 => "http://www.w3.org/2000/09/xmldsig#sha1",
        Hash::Sha256 => "http://www.w3.org/2001/04/xmlenc#sha256",
        Hash::Sha384 => "http://www.w3.org/2001/04/xmldsig-more#sha384",
        Hash::Sha512 => "http://www.w3.org/2001/04/xmlenc#sha512",
    };
    let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let list = style
        .inclusive
        .map(|list| format!("<ec:InclusiveNamespaces xmlns:ec=\"{exclusive}\" PrefixList=\"{list}\"/>"));
    let mut signature = format!(
        "<{p}Signature {xmlns}><{p}SignedInfo><{p}CanonicalizationMethod Algorithm=\"{exclusive}\"/>\
         <{p}SignatureMethod Algorithm=\"{method}\"/><{p}Reference URI=\"#{id}\"><{p}Transforms>\
         <{p}Transform Algorithm=\"{DSIG}enveloped-signature\"/>\
         <{p}Transform Algorithm=\"{exclusive}\">{list}</{p}Transform></{p}Transforms>\
         <{p}DigestMethod Algorithm=\"{digest_method}\"/><{p}DigestValue>{digest}</{p}DigestValue></{p}Reference></{p}SignedInfo>\
         <{p}SignatureValue>@VALUE@</{p}SignatureValue><{p}KeyInfo><{p}X509Data><{p}X509Certificate>{certificate}\
         </{p}X509Certificate></{p}X509Data></{p}KeyInfo></{p}Signature>",
        list = list.unwrap_or_default(),
        digest = to_base64(&digest),
        certificate = to_base64(certificate),
    );
    replace_all(&mut signature, &style.edits);
    let parsed = Document::parse(&signature).unwrap();
    let info = parsed
        .descendants()
        .find(|node| node.has_tag_name((DSIG, "SignedInfo")))
        .unwrap();
    let info = canonical(info, None, &[], BYTES_MAX).unwrap();
    let value = match style.method {
        Method::Rsa(hash) => key.sign(hash, info.as_bytes()),
        Method::HmacOfCertificate => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, certificate);
            hmac::sign(&key, info.as_bytes()).as_ref().to_vec()
        }
    };
    let signature = signature.replace("@VALUE@", &to_base64(&value));
    let (before, after) = xml.split_at(issuer.range().end);
    format!("{before}{signature}{after}")
}

/// Replaces texts, each of which must be there: a test that changes nothing would test nothing.
pub(super) fn replace_all(text: &mut String, edits: &[(String, String)]) {
    for (from, to) in edits {
        assert!(text.contains(from.as_str()), "`{from}` is not in {text}");
        *text = text.replace(from, to);
    }
}
