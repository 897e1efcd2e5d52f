mod discovery;
mod github;
mod id_token;
mod others;

use super::*;
use crate::testing::{FakeHttp, NOW, TestKey, now};
use crate::{Cache, Claims, OidcError, PkceVerifier, Secret};
use serde_json::{Value, json};

const ISSUER: &str = "https://id.acme.example";
const DOCUMENT: &str = "https://id.acme.example/.well-known/openid-configuration";
const TOKEN: &str = "https://id.acme.example/token";
const KEYS: &str = "https://id.acme.example/keys";
const USERINFO: &str = "https://id.acme.example/userinfo";

/// A provider, its key, and somebody who is away to sign in there.
struct World {
    http: FakeHttp,
    cache: Cache,
    provider: Provider,
    key: TestKey,
    attempt: Attempt,
}

impl World {
    fn new() -> Self {
        Self::with("ES256")
    }

    fn with(algorithm: &'static str) -> Self {
        let world = Self {
            http: FakeHttp::default(),
            cache: Cache::new(),
            provider: Provider {
                name: "acme".into(),
                issuer: ISSUER.into(),
                client_id: "app".into(),
                client_secret: Some(Secret::new("word")),
                scopes: vec!["email".into()],
                preset: Preset::Plain,
                userinfo: false,
                trusted_audiences: Vec::new(),
            },
            key: TestKey::new(algorithm, "key"),
            attempt: Attempt {
                state: "state".into(),
                nonce: "nonce".into(),
                verifier: PkceVerifier::parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap(),
                redirect_uri: "https://app.example/callback".into(),
            },
        };
        world.http.set(DOCUMENT, &document());
        world.http.set(KEYS, &json!({"keys": [world.key.jwk]}));
        world
    }

    /// What they come back with.
    async fn back(&self, query: &str) -> Result<Claims, OidcError> {
        let callback = Callback::parse(query)?;
        finish(
            &self.http,
            &self.cache,
            &self.provider,
            callback,
            self.attempt.clone(),
            now(),
        )
        .await
    }

    /// They come back, and the code is good for this ID token.
    async fn sign_in(&self, id_token: &str) -> Result<Claims, OidcError> {
        self.http.set(
            TOKEN,
            &json!({"access_token": "access", "token_type": "Bearer", "id_token": id_token}),
        );
        self.back("code=c&state=state").await
    }
}

/// A discovery document as others have it.
fn document() -> Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": "https://id.acme.example/authorize?tenant=1",
        "token_endpoint": TOKEN,
        "userinfo_endpoint": USERINFO,
        "jwks_uri": KEYS,
        "end_session_endpoint": "https://id.acme.example/logout",
        "response_types_supported": ["code", "id_token", "something new"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "PS256", "ES256", "ES384", "EdDSA", "HS256", "none", "new"],
        "mtls_endpoint_aliases": {"token_endpoint": "https://mtls.acme.example"},
    })
}

/// Claims of an ID token that is good.
fn claims() -> Value {
    json!({
        "iss": ISSUER,
        "sub": "248289761001",
        "aud": "app",
        "exp": NOW + 300,
        "iat": NOW,
        "nonce": "nonce",
        "email": "jane@acme.example",
        "email_verified": true,
        "name": "Jane",
        "acr": "2",
        "amr": ["pwd", "otp"],
        "auth_time": NOW - 10,
        "sid": "s1",
        "groups": ["staff"],
    })
}

/// `base` with some members changed, or removed if they are null.
fn edited(mut base: Value, edits: &Value) -> Value {
    for (name, value) in edits.as_object().unwrap() {
        if value.is_null() {
            base.as_object_mut().unwrap().remove(name);
        } else {
            base[name] = value.clone();
        }
    }
    base
}
