//! An authenticator with passkeys (Web Authentication, level 3), and the browser around it: it signs what it is told, lies included.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicU8, Ordering};

/// Where a ceremony takes place, and what the authenticator says of it.
#[derive(Clone, Debug)]
pub struct Scene {
    /// The page's.
    pub origin: String,
    /// The host that the passkey is bound to.
    pub host: String,
    /// Somebody has touched it.
    pub present: bool,
    /// It has seen who that is.
    pub verified: bool,
}

impl Scene {
    /// On a page of `localhost`, with all that is wanted.
    pub fn at(origin: &str) -> Self {
        Self {
            origin: origin.to_owned(),
            host: "localhost".to_owned(),
            present: true,
            verified: true,
        }
    }
}

/// One passkey.
#[derive(Clone, Debug)]
pub struct Passkey {
    id: Vec<u8>,
    user: Vec<u8>,
    signing: SigningKey,
    /// How often it has signed; one that counts is found out when it is copied.
    pub counter: u32,
}

impl Passkey {
    /// Answers `navigator.credentials.create` with a new one. It always says what ceremony it is.
    ///
    /// # Panics
    ///
    /// If the options are none.
    pub fn create(options: &Value, scene: &Scene) -> (Self, Value) {
        static SEED: AtomicU8 = AtomicU8::new(1);
        let options = &options["publicKey"];
        let seed = SEED.fetch_add(1, Ordering::Relaxed);
        let user = options["user"]["id"].as_str().expect("a user");
        let mut id = Sha256::digest(user.as_bytes()).to_vec();
        id[0] = seed;
        let key = Self {
            id,
            user: URL_SAFE_NO_PAD.decode(user).expect("base64url"),
            signing: SigningKey::from_slice(&[seed; 32]).expect("a key"),
            counter: 0,
        };
        let point = key.signing.verifying_key().to_sec1_point(false);
        let mut data = key.authenticator_data(scene, 0x40);
        data.extend([0; 16]);
        data.extend(u16::try_from(key.id.len()).expect("short").to_be_bytes());
        data.extend(&key.id);
        // COSE: EC2, ES256, P-256, x, y.
        data.extend([0xA5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(point.x().expect("a coordinate"));
        data.extend([0x22, 0x58, 0x20]);
        data.extend(point.y().expect("a coordinate"));
        let mut object = b"\xA3\x63fmt\x64none\x67attStmt\xA0\x68authData\x58".to_vec();
        object.push(u8::try_from(data.len()).expect("short"));
        object.extend(&data);
        let client = client_data("webauthn.create", &options["challenge"], scene);
        let answer = json!({
            "id": text(&key.id),
            "rawId": text(&key.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {"credProps": {"rk": true}},
            "response": {
                "clientDataJSON": text(client.as_bytes()),
                "attestationObject": text(&object),
                "transports": ["internal", "hybrid"],
                "publicKeyAlgorithm": -7,
            },
        });
        (key, answer)
    }

    /// Answers `navigator.credentials.get` with a signature.
    ///
    /// # Panics
    ///
    /// If the options are none.
    pub fn get(&self, options: &Value, scene: &Scene) -> Value {
        let data = self.authenticator_data(scene, 0);
        let client = client_data("webauthn.get", &options["publicKey"]["challenge"], scene);
        let mut signed = data.clone();
        signed.extend(Sha256::digest(client.as_bytes()));
        let signature: Signature = self.signing.sign(&signed);
        json!({
            "id": text(&self.id),
            "rawId": text(&self.id),
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": text(client.as_bytes()),
                "authenticatorData": text(&data),
                "signature": text(signature.to_der().as_bytes()),
                "userHandle": text(&self.user),
            },
        })
    }

    /// The same passkey with somebody else's name on it.
    #[must_use]
    pub fn naming(&self, other: &Self) -> Self {
        Self {
            user: other.user.clone(),
            ..self.clone()
        }
    }

    fn authenticator_data(&self, scene: &Scene, flags: u8) -> Vec<u8> {
        let mut data = Sha256::digest(scene.host.as_bytes()).to_vec();
        data.push(flags | u8::from(scene.present) | u8::from(scene.verified) << 2);
        data.extend(self.counter.to_be_bytes());
        data
    }
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn client_data(kind: &str, challenge: &Value, scene: &Scene) -> String {
    json!({"type": kind, "challenge": challenge, "origin": scene.origin, "crossOrigin": false}).to_string()
}
