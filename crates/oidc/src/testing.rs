//! An identity provider in memory: keys of every kind, and HTTP that answers what it was told to.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Mutex, OnceLock};

use freehold_base::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};
use rsa::pkcs8::EncodePrivateKey;
use rsa::traits::PublicKeyParts;
use serde_json::{Value, json};

use crate::json::encode;
use crate::{Http, HttpError, Object, Request, Response};

/// In seconds.
pub(crate) const NOW: i64 = 1_800_000_000;

/// The same.
pub(crate) fn now() -> Timestamp {
    at(0)
}

/// So many seconds later.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp((NOW + seconds) * 1_000_000)
}

/// Runs a future to its end.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// An object.
pub(crate) fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        other => panic!("{other} is no object"),
    }
}

/// HTTP that answers by URL, and remembers what it was asked. What it was not told of is unreachable.
#[derive(Default)]
pub(crate) struct FakeHttp {
    answers: Mutex<HashMap<String, Answer>>,
    asked: Mutex<Vec<Request>>,
}

/// Status, content type, body.
type Answer = (u16, &'static str, Vec<u8>);

impl FakeHttp {
    pub(crate) fn set(&self, url: &str, answer: &Value) {
        self.set_raw(url, 200, "application/json", answer.to_string().into_bytes());
    }

    pub(crate) fn set_raw(&self, url: &str, status: u16, kind: &'static str, body: Vec<u8>) {
        self.answers
            .lock()
            .unwrap()
            .insert(url.to_owned(), (status, kind, body));
    }

    pub(crate) fn unplug(&self, url: &str) {
        self.answers.lock().unwrap().remove(url);
    }

    /// How often a URL was asked for.
    pub(crate) fn count(&self, url: &str) -> usize {
        self.asked
            .lock()
            .unwrap()
            .iter()
            .filter(|request| *request.uri() == *url)
            .count()
    }

    /// The last request of a URL: a header of it, and its body.
    pub(crate) fn last(&self, url: &str, header: &str) -> (String, String) {
        let asked = self.asked.lock().unwrap();
        let request = asked.iter().rev().find(|request| *request.uri() == *url).unwrap();
        let header = request
            .headers()
            .get(header)
            .map(|value| value.to_str().unwrap().to_owned());
        (
            header.unwrap_or_default(),
            String::from_utf8(request.body().clone()).unwrap(),
        )
    }
}

impl Http for FakeHttp {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let url = request.uri().to_string();
        self.asked.lock().unwrap().push(request);
        let (status, kind, body) = self
            .answers
            .lock()
            .unwrap()
            .get(&url)
            .cloned()
            .ok_or("no route to host")?;
        let answer = ::http::Response::builder().status(status).header("content-type", kind);
        Ok(answer.header("location", "https://evil.example/").body(body)?)
    }
}

/// A key of an identity provider.
pub(crate) struct TestKey {
    pub(crate) id: String,
    pub(crate) algorithm: &'static str,
    pub(crate) jwk: Value,
    pair: Pair,
}

enum Pair {
    Rsa(&'static RsaKeyPair, &'static dyn RsaEncoding),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl TestKey {
    /// A new key; of RSA always the same one, since another would take seconds to find.
    pub(crate) fn new(algorithm: &'static str, id: &str) -> Self {
        let (pair, mut jwk) = match algorithm {
            "RS256" | "PS256" => {
                let (pair, jwk) = rsa_key();
                let padding: &dyn RsaEncoding = if algorithm == "RS256" {
                    &RSA_PKCS1_SHA256
                } else {
                    &RSA_PSS_SHA256
                };
                (Pair::Rsa(pair, padding), jwk.clone())
            }
            "ES256" => ec_key(&ECDSA_P256_SHA256_FIXED_SIGNING, "P-256"),
            "ES384" => ec_key(&ECDSA_P384_SHA384_FIXED_SIGNING, "P-384"),
            "EdDSA" => {
                let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
                let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
                let x = encode(pair.public_key().as_ref());
                (Pair::Ed(pair), json!({"kty": "OKP", "crv": "Ed25519", "x": x}))
            }
            other => panic!("no key for {other}"),
        };
        jwk["kid"] = json!(id);
        jwk["use"] = json!("sig");
        Self {
            id: id.to_owned(),
            algorithm,
            jwk,
            pair,
        }
    }

    /// The header of a token.
    pub(crate) fn header(&self) -> Value {
        json!({"alg": self.algorithm, "kid": self.id, "typ": "JWT"})
    }

    /// A token.
    pub(crate) fn token(&self, claims: &Value) -> String {
        self.token_with(&self.header(), claims)
    }

    /// A token with a header that may lie.
    pub(crate) fn token_with(&self, header: &Value, claims: &Value) -> String {
        let signed = format!(
            "{}.{}",
            encode(header.to_string().as_bytes()),
            encode(claims.to_string().as_bytes())
        );
        let signature = self.sign(signed.as_bytes());
        format!("{signed}.{}", encode(&signature))
    }

    fn sign(&self, signed: &[u8]) -> Vec<u8> {
        match &self.pair {
            Pair::Rsa(pair, padding) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(*padding, &SystemRandom::new(), signed, &mut signature)
                    .unwrap();
                signature
            }
            Pair::Ec(pair) => pair.sign(&SystemRandom::new(), signed).unwrap().as_ref().to_vec(),
            Pair::Ed(pair) => pair.sign(signed).as_ref().to_vec(),
        }
    }
}

/// A token with a MAC.
pub(crate) fn hs256(secret: &[u8], header: &Value, claims: &Value) -> String {
    let signed = format!(
        "{}.{}",
        encode(header.to_string().as_bytes()),
        encode(claims.to_string().as_bytes())
    );
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret);
    format!(
        "{signed}.{}",
        encode(ring::hmac::sign(&key, signed.as_bytes()).as_ref())
    )
}

/// A token of that text with one letter of one part changed.
pub(crate) fn tampered(token: &str, part: usize) -> String {
    let mut parts = token.split('.').map(str::to_owned).collect::<Vec<_>>();
    let middle = parts[part].len() / 2;
    let other = if &parts[part][middle..=middle] == "A" { "B" } else { "A" };
    parts[part].replace_range(middle..=middle, other);
    parts.join(".")
}

fn ec_key(algorithm: &'static EcdsaSigningAlgorithm, curve: &str) -> (Pair, Value) {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap();
    let point = &pair.public_key().as_ref()[1..];
    let (x, y) = point.split_at(point.len() / 2);
    let jwk = json!({"kty": "EC", "crv": curve, "x": encode(x), "y": encode(y)});
    (Pair::Ec(pair), jwk)
}

fn rsa_key() -> (&'static RsaKeyPair, &'static Value) {
    static KEY: OnceLock<(RsaKeyPair, Value)> = OnceLock::new();
    let (pair, jwk) = KEY.get_or_init(|| {
        let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).unwrap();
        let jwk = json!({"kty": "RSA", "n": encode(&key.n().to_bytes_be()), "e": encode(&key.e().to_bytes_be())});
        (
            RsaKeyPair::from_pkcs8(key.to_pkcs8_der().unwrap().as_bytes()).unwrap(),
            jwk,
        )
    });
    (pair, jwk)
}
