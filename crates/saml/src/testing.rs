//! An identity provider for tests: it makes keys, reads requests and signs responses, good ones and bad ones.
//!
//! Behind the feature `testing`. It panics where a test is at fault, and its arithmetic leaks keys through its timing.
#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "only tests come here, and they may fail loudly"
)]

mod idp;
mod request;
mod rsa;
mod sign;

pub use idp::{Answer, Sign, TestIdp, Tweaks};
pub use request::AuthnRequest;
pub use rsa::{Hash, Rsa};
pub use sign::{Method, Style};

use rand::CryptoRng;

use crate::xml::to_base64;

/// A key and its certificate in PEM, for [`crate::Credentials`].
pub fn rsa_credentials_pem(rng: &mut dyn CryptoRng) -> (String, String) {
    let key = Rsa::generate(rng, 2048);
    (key.pem(), certificate_pem(&key.certificate("service provider")))
}

/// A certificate in PEM.
pub fn certificate_pem(der: &[u8]) -> String {
    format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        to_base64(der)
    )
}

#[cfg(test)]
pub(crate) use own::*;

/// What only this crate's tests share.
#[cfg(test)]
mod own {
    use std::sync::OnceLock;

    use rand::SeedableRng as _;
    use rand::rngs::StdRng;
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};

    use super::{TestIdp, certificate_pem, rsa, rsa_credentials_pem};
    use crate::xml::to_base64;

    /// 2023-11-14T22:13:20Z
    pub(crate) const NOW: i64 = 1_700_000_000;

    pub(crate) fn rng(seed: u64) -> StdRng {
        StdRng::seed_from_u64(seed)
    }

    /// One for all tests: making its key takes a while.
    pub(crate) fn idp() -> &'static TestIdp {
        static IDP: OnceLock<TestIdp> = OnceLock::new();
        IDP.get_or_init(|| TestIdp::new(&mut rng(100)))
    }

    /// The same names, another key.
    pub(crate) fn other_idp() -> &'static TestIdp {
        static IDP: OnceLock<TestIdp> = OnceLock::new();
        IDP.get_or_init(|| TestIdp::new(&mut rng(200)))
    }

    /// A service provider's key and certificate, made once.
    pub(crate) fn credentials() -> (String, String) {
        static CREDENTIALS: OnceLock<(String, String)> = OnceLock::new();
        CREDENTIALS.get_or_init(|| rsa_credentials_pem(&mut rng(1))).clone()
    }

    pub(crate) fn p256() -> (Vec<u8>, EcdsaKeyPair, Vec<u8>) {
        let chance = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &chance).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &chance).unwrap();
        let certificate = rsa::certificate(
            "p256",
            &rsa::p256_public_key_info(key.public_key().as_ref()),
            // Nobody judges it.
            &[0; 64],
        );
        (pkcs8.as_ref().to_vec(), key, certificate)
    }

    pub(crate) fn p256_credentials_pem() -> (String, String) {
        let (pkcs8, _, certificate) = p256();
        let key = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            to_base64(&pkcs8)
        );
        (key, certificate_pem(&certificate))
    }
}
