//! A browser with an authenticator in it, for tests: it does what it is told, lies included.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Where a ceremony takes place, and what the authenticator says of it.
#[derive(Clone)]
pub(super) struct Scene {
    pub(super) origin: &'static str,
    pub(super) rp_id: &'static str,
    pub(super) present: bool,
    pub(super) verified: bool,
    pub(super) framed: bool,
    pub(super) tells_user: bool,
    pub(super) kind: Option<&'static str>,
    pub(super) counter: u32,
    pub(super) algorithm: u8,
}

pub(super) const HOME: Scene = Scene {
    origin: "https://app.example.com",
    rp_id: "example.com",
    present: true,
    verified: true,
    framed: false,
    tells_user: true,
    kind: None,
    counter: 0,
    algorithm: 0x26,
};

/// One key pair in it.
pub(super) struct Key {
    pub(super) id: Vec<u8>,
    pub(super) user: Vec<u8>,
    pub(super) signing: SigningKey,
}

/// Answers `navigator.credentials.create` with a new key. `seed` makes keys that differ.
pub(super) fn create(options: &str, seed: u8, scene: &Scene) -> (Key, Value) {
    let options: Value = serde_json::from_str(options).unwrap();
    let options = &options["publicKey"];
    let key = Key {
        id: vec![seed; 32],
        user: bytes(&options["user"]["id"]),
        signing: SigningKey::from_slice(&[seed; 32]).unwrap(),
    };
    let point = key.signing.verifying_key().to_sec1_point(false);
    let mut data = authenticator_data(scene, 0x40);
    data.extend([0; 16]);
    data.extend((key.id.len() as u16).to_be_bytes());
    data.extend(&key.id);
    // COSE: EC2, the algorithm, P-256, x, y.
    data.extend([0xA5, 0x01, 0x02, 0x03, scene.algorithm, 0x20, 0x01, 0x21, 0x58, 0x20]);
    data.extend(point.x().unwrap());
    data.extend([0x22, 0x58, 0x20]);
    data.extend(point.y().unwrap());
    let mut object = b"\xA3\x63fmt\x64none\x67attStmt\xA0\x68authData\x58".to_vec();
    object.push(u8::try_from(data.len()).unwrap());
    object.extend(&data);
    let answer = json!({
        "id": text(&key.id),
        "rawId": text(&key.id),
        "type": "public-key",
        "authenticatorAttachment": "platform",
        "clientExtensionResults": { "credProps": { "rk": true } },
        "response": {
            "clientDataJSON": text(client_data("webauthn.create", &options["challenge"], scene).as_bytes()),
            "attestationObject": text(&object),
            "transports": ["internal", "hybrid"],
            "publicKeyAlgorithm": -7,
        },
    });
    (key, answer)
}

/// Answers `navigator.credentials.get` with a signature of this key.
pub(super) fn get(options: &str, key: &Key, scene: &Scene) -> Value {
    let options: Value = serde_json::from_str(options).unwrap();
    let data = authenticator_data(scene, 0);
    let client_data = client_data("webauthn.get", &options["publicKey"]["challenge"], scene);
    let mut signed = data.clone();
    signed.extend(Sha256::digest(client_data.as_bytes()));
    let signature: Signature = key.signing.sign(&signed);
    json!({
        "id": text(&key.id),
        "rawId": text(&key.id),
        "type": "public-key",
        "clientExtensionResults": {},
        "response": {
            "clientDataJSON": text(client_data.as_bytes()),
            "authenticatorData": text(&data),
            "signature": text(signature.to_der().as_bytes()),
            "userHandle": if scene.tells_user { Some(text(&key.user)) } else { None },
        },
    })
}

pub(super) fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(super) fn bytes(text: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text.as_str().unwrap()).unwrap()
}

fn authenticator_data(scene: &Scene, flags: u8) -> Vec<u8> {
    let mut data = Sha256::digest(scene.rp_id.as_bytes()).to_vec();
    data.push(flags | u8::from(scene.present) | u8::from(scene.verified) << 2);
    data.extend(scene.counter.to_be_bytes());
    data
}

fn client_data(kind: &str, challenge: &Value, scene: &Scene) -> String {
    json!({
        "type": scene.kind.unwrap_or(kind),
        "challenge": challenge,
        "origin": scene.origin,
        "crossOrigin": scene.framed,
    })
    .to_string()
}
