//! The keys that sign our tokens.

use p256::ecdsa::signature::Signer;
use rand::CryptoRng;
use ring::digest::{SHA256, digest};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::Algorithm;
use crate::json::{Object, encode};

/// What a key signs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// ECDSA on P-256: every library verifies it.
    Es256,
    /// Ed25519: faster, and not known everywhere.
    EdDsa,
}

impl KeyKind {
    /// Its algorithm.
    pub fn algorithm(self) -> Algorithm {
        match self {
            Self::Es256 => Algorithm::Es256,
            Self::EdDsa => Algorithm::EdDsa,
        }
    }

    /// The first byte of an exported key.
    fn mark(self) -> u8 {
        match self {
            Self::Es256 => 1,
            Self::EdDsa => 2,
        }
    }
}

/// A private key. It has no `Debug` and is in no text; [`SigningKey::to_bytes`] is for sealing it.
pub struct SigningKey {
    id: String,
    public: Value,
    secret: Zeroizing<[u8; 32]>,
    pair: Pair,
}

enum Pair {
    Es256(Box<p256::ecdsa::SigningKey>),
    EdDsa(Box<Ed25519KeyPair>),
}

impl SigningKey {
    /// A new one.
    pub fn generate(kind: KeyKind, rng: &mut dyn CryptoRng) -> Self {
        loop {
            let mut secret = Zeroizing::new([0; 32]);
            rng.fill_bytes(secret.as_mut_slice());
            // One in 2^32 is too large for P-256.
            if let Some(key) = Self::of(kind, secret) {
                return key;
            }
        }
    }

    /// A key that was exported; `None` if these bytes are none.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (mark, secret) = bytes.split_first()?;
        let kind = [KeyKind::Es256, KeyKind::EdDsa]
            .into_iter()
            .find(|kind| kind.mark() == *mark)?;
        let mut owned = Zeroizing::new([0; 32]);
        if secret.len() != owned.len() {
            return None;
        }
        owned.copy_from_slice(secret);
        Self::of(kind, owned)
    }

    /// The key itself, to be sealed: a byte that says what it is, and 32 that are secret.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(33));
        bytes.push(self.kind().mark());
        bytes.extend_from_slice(self.secret.as_slice());
        bytes
    }

    /// What it signs with.
    pub fn kind(&self) -> KeyKind {
        match self.pair {
            Pair::Es256(_) => KeyKind::Es256,
            Pair::EdDsa(_) => KeyKind::EdDsa,
        }
    }

    /// Its name: the thumbprint of its public half (RFC 7638), so that no two keys share one.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its public half, as it stands among others in [`crate::issuer::jwks_document`]. It verifies for as long as it is published.
    pub fn public_jwk(&self) -> Value {
        let mut jwk = self.public.clone();
        jwk["kid"] = json!(self.id);
        jwk["use"] = json!("sig");
        jwk["alg"] = json!(self.kind().algorithm().name());
        jwk
    }

    /// A token of these claims.
    pub(crate) fn sign(&self, kind: &str, claims: &Object) -> String {
        let header = json!({"alg": self.kind().algorithm().name(), "kid": self.id, "typ": kind});
        let claims = Value::Object(claims.clone());
        let signed = format!(
            "{}.{}",
            encode(header.to_string().as_bytes()),
            encode(claims.to_string().as_bytes())
        );
        let signature = match &self.pair {
            Pair::Es256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(signed.as_bytes());
                encode(&signature.to_bytes())
            }
            Pair::EdDsa(pair) => encode(pair.sign(signed.as_bytes()).as_ref()),
        };
        format!("{signed}.{signature}")
    }

    fn of(kind: KeyKind, secret: Zeroizing<[u8; 32]>) -> Option<Self> {
        // The required members alone, in the order of their names (RFC 7638 section 3.2).
        let (pair, public) = match kind {
            KeyKind::Es256 => {
                let key = p256::ecdsa::SigningKey::from_slice(secret.as_slice()).ok()?;
                let point = key.verifying_key().to_sec1_point(false);
                let (x, y) = (encode(point.x()?), encode(point.y()?));
                (
                    Pair::Es256(Box::new(key)),
                    json!({"crv": "P-256", "kty": "EC", "x": x, "y": y}),
                )
            }
            KeyKind::EdDsa => {
                let pair = Ed25519KeyPair::from_seed_unchecked(secret.as_slice()).ok()?;
                let x = encode(pair.public_key().as_ref());
                (
                    Pair::EdDsa(Box::new(pair)),
                    json!({"crv": "Ed25519", "kty": "OKP", "x": x}),
                )
            }
        };
        let id = encode(digest(&SHA256, public.to_string().as_bytes()).as_ref());
        Some(Self {
            id,
            public,
            secret,
            pair,
        })
    }
}
