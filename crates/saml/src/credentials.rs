//! The service provider's own key, which signs requests.

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};

use crate::certificate::{Certificate, pem_body};
use crate::error::{Result, SamlError};
use crate::xml;

/// A signing key and its certificate. Has no `Debug`: it is secret.
pub struct Credentials {
    key: Key,
    certificate: Certificate,
}

enum Key {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
}

impl Credentials {
    /// Reads a key (PKCS#8 `PRIVATE KEY`, or PKCS#1 `RSA PRIVATE KEY`; RSA from 2048 bits, or P-256) and its certificate.
    ///
    /// # Errors
    /// [`SamlError::Key`], also when the two do not belong together; [`SamlError::Certificate`].
    pub fn from_pem(key_pem: &str, certificate_pem: &str) -> Result<Self> {
        let certificate = Certificate::from_pem(certificate_pem)?;
        let key = Key::from_pem(key_pem)?;
        if !certificate.has_public_key(key.public_key()) {
            return Err(SamlError::Key {
                why: "it is not the key of the certificate",
            });
        }
        Ok(Self { key, certificate })
    }

    /// The certificate, which metadata publishes.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The URI of [`Self::sign`]'s method.
    pub(crate) fn method(&self) -> &'static str {
        match self.key {
            Key::Rsa(_) => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            Key::P256(_) => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
        }
    }

    /// Signs with SHA-256. RSA's signatures (PKCS#1 1.5) depend on the message alone; for ECDSA's nonce `ring` takes no other chance
    /// than the system's.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let chance = SystemRandom::new();
        let failed = |_| SamlError::Key { why: "it did not sign" };
        match &self.key {
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &chance, message, &mut signature)
                    .map_err(failed)?;
                Ok(signature)
            }
            Key::P256(key) => key
                .sign(&chance, message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(failed),
        }
    }
}

impl Key {
    fn from_pem(pem: &str) -> Result<Self> {
        let decode = |body| xml::base64(body).map_err(|_| SamlError::Key { why: "it is not PEM" });
        if let Some(body) = pem_body(pem, "PRIVATE KEY") {
            let der = decode(body)?;
            return if let Ok(key) = RsaKeyPair::from_pkcs8(&der) {
                Ok(Self::Rsa(key))
            } else {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der, &SystemRandom::new())
                    .map(Self::P256)
                    .map_err(|_| SamlError::Key {
                        why: "it is neither an RSA key from 2048 bits nor a P-256 key",
                    })
            };
        }
        if let Some(body) = pem_body(pem, "RSA PRIVATE KEY") {
            return RsaKeyPair::from_der(&decode(body)?)
                .map(Self::Rsa)
                .map_err(|_| SamlError::Key {
                    why: "it is not an RSA key from 2048 bits",
                });
        }
        let why = if pem.contains("-----BEGIN EC PRIVATE KEY-----") {
            "it must be PKCS#8: `openssl pkcs8 -topk8 -nocrypt`"
        } else if pem.contains("ENCRYPTED") {
            "it is encrypted"
        } else {
            "it is not PEM"
        };
        Err(SamlError::Key { why })
    }

    fn public_key(&self) -> &[u8] {
        match self {
            Self::Rsa(key) => key.public_key().as_ref(),
            Self::P256(key) => key.public_key().as_ref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn check(key: &str, certificate: &str) -> String {
        match Credentials::from_pem(key, certificate) {
            Ok(_) => "ok".into(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_key_needs_its_own_certificate() {
        let (key, certificate) = testing::credentials();
        let (other_key, _) = testing::rsa_credentials_pem(&mut testing::rng(2));
        let (ec_key, ec_certificate) = testing::p256_credentials_pem();
        assert_eq!(check(&key, &certificate), "ok");
        assert_eq!(check(&ec_key, &ec_certificate), "ok");
        assert!(check(&other_key, &certificate).contains("not the key of the certificate"));
        assert!(check(&ec_key, &certificate).contains("not the key of the certificate"));
    }

    #[test]
    fn other_keys_are_named() {
        let (key, certificate) = testing::credentials();
        let short = testing::Rsa::generate(&mut testing::rng(3), 1024).pem();
        assert!(check(&short, &certificate).contains("2048"));
        assert!(check("x", &certificate).contains("not PEM"));
        assert!(check(&key.replace("PRIVATE", "EC PRIVATE"), &certificate).contains("PKCS#8"));
        assert!(check(&key.replace("PRIVATE", "ENCRYPTED PRIVATE"), &certificate).contains("encrypted"));
    }
}
