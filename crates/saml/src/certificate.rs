//! Certificates of an identity provider, as bare keys.
//!
//! SAML's trust is the metadata's: a certificate only carries a key. Its dates, names and issuer are not judged, as the metadata
//! interoperability profile (SAML V2.0 Metadata Interoperability Profile, section 2.5) has it; an expired one is taken out by hand.

use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};

use crate::der::{BIT_STRING, Der, INTEGER, OBJECT_ID, SEQUENCE, VERSION, unsigned};
use crate::error::{Result, SamlError};
use crate::xml;

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];

/// A certificate with an RSA key of 2048 to 8192 bits, or an EC key on P-256 or P-384.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    kind: KeyKind,
    /// As `ring` takes it: an RSAPublicKey, or an uncompressed point.
    key: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyKind {
    Rsa,
    P256,
    P384,
}

/// How a text is signed. What is not here (SHA-1, HMAC, DSA, RSA-PSS) is refused by name, before any key is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignatureMethod {
    RsaSha256,
    RsaSha384,
    RsaSha512,
    EcdsaSha256,
    EcdsaSha384,
}

impl SignatureMethod {
    /// The method of a URI of RFC 6931, section 2.3.
    pub(crate) fn parse(uri: &str) -> Result<Self> {
        Ok(match uri {
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" => Self::RsaSha256,
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384" => Self::RsaSha384,
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512" => Self::RsaSha512,
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256" => Self::EcdsaSha256,
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384" => Self::EcdsaSha384,
            _ => return Err(SamlError::Algorithm { uri: uri.to_owned() }),
        })
    }

    fn with(self, key: KeyKind) -> Option<&'static dyn VerificationAlgorithm> {
        match (self, key) {
            (Self::RsaSha256, KeyKind::Rsa) => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
            (Self::RsaSha384, KeyKind::Rsa) => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
            (Self::RsaSha512, KeyKind::Rsa) => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
            // XML signatures have r and s side by side (RFC 6931, section 2.3.6), not in ASN.1.
            (Self::EcdsaSha256, KeyKind::P256) => Some(&signature::ECDSA_P256_SHA256_FIXED),
            (Self::EcdsaSha384, KeyKind::P384) => Some(&signature::ECDSA_P384_SHA384_FIXED),
            (
                Self::RsaSha256 | Self::RsaSha384 | Self::RsaSha512 | Self::EcdsaSha256 | Self::EcdsaSha384,
                KeyKind::Rsa | KeyKind::P256 | KeyKind::P384,
            ) => None,
        }
    }
}

impl Certificate {
    /// Reads an X.509 certificate.
    ///
    /// # Errors
    /// [`SamlError::Certificate`]
    pub fn from_der(der: &[u8]) -> Result<Self> {
        let (kind, key) = public_key(der).ok_or(SamlError::Certificate {
            why: "it is not an X.509 certificate with an RSA, P-256 or P-384 key",
        })?;
        if kind == KeyKind::Rsa {
            let bits = rsa_bits(key).ok_or(SamlError::Certificate {
                why: "its RSA key is damaged",
            })?;
            if !(2048..=8192).contains(&bits) {
                return Err(SamlError::Certificate {
                    why: "an RSA key must have 2048 to 8192 bits",
                });
            }
        }
        Ok(Self {
            der: der.to_vec(),
            kind,
            key: key.to_vec(),
        })
    }

    /// Reads the first certificate of a PEM file, or base64 without the lines around it, as consoles of identity providers show it.
    ///
    /// # Errors
    /// [`SamlError::Certificate`]
    pub fn from_pem(pem: &str) -> Result<Self> {
        let body = if pem.contains("-----") {
            pem_body(pem, "CERTIFICATE")
        } else {
            Some(pem)
        };
        let der = body.and_then(|body| xml::base64(body).ok());
        Self::from_der(&der.ok_or(SamlError::Certificate { why: "it is not PEM" })?)
    }

    /// The certificate in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whether this key made the signature; `false` too when the method is not for keys of its kind.
    pub(crate) fn verifies(&self, method: SignatureMethod, message: &[u8], signature: &[u8]) -> bool {
        method.with(self.kind).is_some_and(|algorithm| {
            UnparsedPublicKey::new(algorithm, &self.key)
                .verify(message, signature)
                .is_ok()
        })
    }

    pub(crate) fn has_public_key(&self, key: &[u8]) -> bool {
        self.key == key
    }
}

/// What stands between the lines of the first block with this label.
pub(crate) fn pem_body<'a>(pem: &'a str, label: &str) -> Option<&'a str> {
    let (_, rest) = pem.split_once(&format!("-----BEGIN {label}-----"))?;
    rest.split_once(&format!("-----END {label}-----")).map(|(body, _)| body)
}

fn public_key(der: &[u8]) -> Option<(KeyKind, &[u8])> {
    let mut certificate = Der(Der(der).read_last(SEQUENCE)?);
    let mut signed = Der(certificate.read(SEQUENCE)?);
    // Absent in version 1.
    let _ = signed.read(VERSION);
    signed.read(INTEGER)?;
    // Algorithm, issuer, validity, subject.
    for _ in 0..4 {
        signed.read(SEQUENCE)?;
    }
    let mut info = Der(signed.read(SEQUENCE)?);
    let mut algorithm = Der(info.read(SEQUENCE)?);
    let (&unused_bits, key) = info.read_last(BIT_STRING)?.split_first()?;
    if unused_bits != 0 {
        return None;
    }
    let kind = match algorithm.read(OBJECT_ID)? {
        RSA => KeyKind::Rsa,
        EC => match algorithm.read_last(OBJECT_ID)? {
            P256 => KeyKind::P256,
            P384 => KeyKind::P384,
            _ => return None,
        },
        _ => return None,
    };
    Some((kind, key))
}

fn rsa_bits(key: &[u8]) -> Option<usize> {
    let modulus = unsigned(Der(Der(key).read_last(SEQUENCE)?).read(INTEGER)?);
    let first = modulus.first()?;
    Some(modulus.len() * 8 - first.leading_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn pem_der_and_bare_base64_are_one() {
        let certificate = testing::idp().certificate();
        let body = xml::to_base64(certificate.der());
        let pem = format!("subject=x\n-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
        assert_eq!(Certificate::from_pem(&pem).unwrap(), certificate);
        assert_eq!(Certificate::from_pem(&body).unwrap(), certificate);
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        let der = testing::idp().certificate().der;
        for cut in [0, 1, 10, der.len() / 2, der.len() - 1] {
            assert!(Certificate::from_der(&der[..cut]).is_err(), "{cut}");
        }
        assert!(Certificate::from_der(&[der, vec![0]].concat()).is_err());
        for pem in [
            "",
            "x",
            "-----BEGIN CERTIFICATE-----\nAAAA",
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        ] {
            assert!(
                matches!(Certificate::from_pem(pem), Err(SamlError::Certificate { .. })),
                "{pem}"
            );
        }
    }

    #[test]
    fn short_rsa_keys_are_refused() {
        let der = testing::Rsa::generate(&mut testing::rng(3), 1024).certificate("short");
        assert!(matches!(Certificate::from_der(&der), Err(SamlError::Certificate { why }) if why.contains("2048")));
    }
}
