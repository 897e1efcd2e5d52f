//! Keys that sign tokens, and what checks them: JWS (RFC 7515) by code that is not the server's.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RsaKeyPair, UnparsedPublicKey,
};
use rsa::pkcs8::EncodePrivateKey;
use serde_json::{Value, json};
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

/// Base64url without padding.
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What base64url stands for.
///
/// # Panics
///
/// If it is none.
pub fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("base64url")
}

/// A SHA-256 hash.
pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    ring::digest::digest(&ring::digest::SHA256, bytes).as_ref().to_vec()
}

/// Seconds since 1970.
///
/// # Panics
///
/// Before 1970.
#[expect(clippy::disallowed_methods, reason = "tokens of a test are for now")]
pub fn unix_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later");
    i64::try_from(since.as_secs()).expect("it is earlier")
}

/// A key pair of somebody who signs.
pub struct Jwk {
    /// Its name.
    pub kid: String,
    kind: Kind,
}

enum Kind {
    Es256(Box<EcdsaKeyPair>),
    Rs256(Box<RsaKeyPair>),
}

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignWith {
    /// The key.
    Key,
    /// Nothing: `alg: none`.
    Nothing,
    /// HMAC with what everybody can read of the key.
    PublicKey,
}

impl Jwk {
    /// An ES256 key.
    ///
    /// # Panics
    ///
    /// Never.
    pub fn es256(kid: &str) -> Self {
        let chance = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &chance).expect("a key can be made");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &chance);
        Self {
            kid: kid.to_owned(),
            kind: Kind::Es256(Box::new(pair.expect("it is a key"))),
        }
    }

    /// The RS256 key of this process: one is enough, and takes a while.
    ///
    /// # Panics
    ///
    /// Never.
    pub fn rs256(kid: &str) -> Self {
        static KEY: OnceLock<Vec<u8>> = OnceLock::new();
        let pkcs8 = KEY.get_or_init(|| {
            let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).expect("a key can be made");
            key.to_pkcs8_der().expect("it can be written").as_bytes().to_vec()
        });
        Self {
            kid: kid.to_owned(),
            kind: Kind::Rs256(Box::new(RsaKeyPair::from_pkcs8(pkcs8).expect("it is a key"))),
        }
    }

    fn algorithm(&self) -> &'static str {
        match self.kind {
            Kind::Es256(_) => "ES256",
            Kind::Rs256(_) => "RS256",
        }
    }

    /// What everybody may know of it.
    pub fn public(&self) -> Value {
        match &self.kind {
            Kind::Es256(pair) => {
                let point = pair.public_key().as_ref();
                json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.kid,
                    "x": encode(&point[1..33]), "y": encode(&point[33..])})
            }
            Kind::Rs256(pair) => {
                let public = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid,
                    "n": encode(&public.n), "e": encode(&public.e)})
            }
        }
    }

    /// Signs a token. `header` is added to its header.
    ///
    /// # Panics
    ///
    /// Never.
    pub fn sign(&self, header: &Value, claims: &Value, with: SignWith) -> String {
        let algorithm = match with {
            SignWith::Key => self.algorithm(),
            SignWith::Nothing => "none",
            SignWith::PublicKey => "HS256",
        };
        let mut head = json!({"alg": algorithm, "kid": self.kid, "typ": "JWT"});
        for (name, value) in header.as_object().into_iter().flatten() {
            head[name] = value.clone();
        }
        let text = format!(
            "{}.{}",
            encode(head.to_string().as_bytes()),
            encode(claims.to_string().as_bytes())
        );
        let chance = SystemRandom::new();
        let signature = match (with, &self.kind) {
            (SignWith::Nothing, _) => Vec::new(),
            (SignWith::PublicKey, kind) => {
                let public = match kind {
                    Kind::Es256(pair) => pair.public_key().as_ref(),
                    Kind::Rs256(pair) => pair.public_key().as_ref(),
                };
                let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, public);
                ring::hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
            }
            (SignWith::Key, Kind::Es256(pair)) => {
                pair.sign(&chance, text.as_bytes()).expect("it signs").as_ref().to_vec()
            }
            (SignWith::Key, Kind::Rs256(pair)) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(
                    &ring::signature::RSA_PKCS1_SHA256,
                    &chance,
                    text.as_bytes(),
                    &mut signature,
                )
                .expect("it signs");
                signature
            }
        };
        format!("{text}.{}", encode(&signature))
    }
}

/// The claims of a token that a set of keys has signed.
///
/// # Panics
///
/// If it has not.
pub fn claims_of(token: &str, keys: &Value) -> Value {
    let parts: Vec<&str> = token.split('.').collect();
    let [head, body, signature] = parts[..] else {
        panic!("no token: {token}")
    };
    let head: Value = serde_json::from_slice(&decode(head)).expect("a header");
    let key = keys["keys"]
        .as_array()
        .expect("keys")
        .iter()
        .find(|key| key["kid"] == head["kid"])
        .expect("the key is there");
    let part = |name: &str| decode(key[name].as_str().expect("a part of a key"));
    let text = token.rsplit_once('.').expect("a token").0;
    let signature = decode(signature);
    match head["alg"].as_str() {
        Some("ES256") => {
            let point = [&[4][..], &part("x"), &part("y")].concat();
            let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
            key.verify(text.as_bytes(), &signature).expect("the signature is good");
        }
        Some("RS256") => {
            let key = ring::rsa::PublicKeyComponents {
                n: part("n"),
                e: part("e"),
            };
            key.verify(
                &ring::signature::RSA_PKCS1_2048_8192_SHA256,
                text.as_bytes(),
                &signature,
            )
            .expect("the signature is good");
        }
        other => panic!("another algorithm: {other:?}"),
    }
    serde_json::from_slice(&decode(body)).expect("claims")
}

impl std::fmt::Debug for Jwk {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Jwk").field("kid", &self.kid).finish_non_exhaustive()
    }
}
