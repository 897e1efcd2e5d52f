//! A pretended OpenID provider: it signs in whoever is told, at once, and lies as it is told.

use crate::peers::browser::form;
use crate::peers::keys::{Jwk, SignWith, encode, sha256, unix_now};
use crate::peers::site::{Asked, Reply, Site};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

/// A pretended OpenID provider. Its client is `desk`, with the secret `hush`.
#[derive(Debug)]
pub struct OpenId {
    site: Site,
    state: Arc<Mutex<State>>,
}

/// How it lies, besides what its claims say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// Not at all.
    No,
    /// Its token has `alg: none`.
    Unsigned,
    /// Its token is signed with HMAC and its public key.
    SignedWithPublicKey,
    /// A key signs that it does not show, under the name of the one it shows.
    OtherKey,
    /// A key signs that it does not show, under its own name.
    UnknownKey,
    /// Its token was changed after it was signed.
    Tampered,
    /// It gives no ID token.
    NoToken,
    /// It hands out the state of somebody else.
    OtherState,
    /// It says no.
    Denied,
}

#[derive(Debug)]
struct State {
    keys: Vec<Jwk>,
    /// Which of them signs.
    signs: usize,
    hidden: Jwk,
    claims: Map<String, Value>,
    lie: Lie,
    down: bool,
    codes: HashMap<String, Code>,
    made: usize,
}

#[derive(Debug)]
struct Code {
    redirect_uri: String,
    challenge: String,
    nonce: Option<String>,
    client: String,
}

impl OpenId {
    /// Starts one. Nobody is signed in at it yet.
    pub fn start() -> Self {
        let state = Arc::new(Mutex::new(State {
            keys: vec![Jwk::es256("one"), Jwk::es256("two")],
            signs: 0,
            hidden: Jwk::es256("hidden"),
            claims: Map::new(),
            lie: Lie::No,
            down: false,
            codes: HashMap::new(),
            made: 0,
        }));
        let mine = state.clone();
        let site = Site::start(move |own, asked| lock(&mine).answer(own, asked));
        Self { site, state }
    }

    /// Its issuer.
    pub fn issuer(&self) -> &str {
        self.site.base()
    }

    /// What it was asked.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// What its tokens say of whoever signs in from now on. Null takes away what they would say else.
    ///
    /// # Panics
    ///
    /// If it is no object.
    pub fn says(&self, claims: Value) {
        let Value::Object(claims) = claims else {
            panic!("claims are an object")
        };
        lock(&self.state).claims = claims;
    }

    /// How it lies from now on.
    pub fn lies(&self, lie: Lie) {
        lock(&self.state).lie = lie;
    }

    /// Whether it has an outage.
    pub fn is_down(&self, down: bool) {
        lock(&self.state).down = down;
    }

    /// Signs with its other key from now on.
    pub fn rotates(&self) {
        lock(&self.state).signs = 1;
    }

    /// Has an RS256 key, and signs with it.
    pub fn has_rsa(&self) {
        let mut state = lock(&self.state);
        state.keys = vec![Jwk::rs256("rsa")];
        state.signs = 0;
    }

    /// A token with these claims, and what every token has.
    pub fn token(&self, header: &Value, claims: &Value) -> String {
        let state = lock(&self.state);
        let mut all = json!({"iss": self.issuer(), "iat": unix_now(), "exp": unix_now() + 300});
        merge(&mut all, claims.as_object());
        state.signed(header, &all)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn merge(claims: &mut Value, more: Option<&Map<String, Value>>) {
    for (name, value) in more.into_iter().flatten() {
        claims[name] = value.clone();
    }
    if let Value::Object(claims) = claims {
        claims.retain(|_, value| !value.is_null());
    }
}

impl State {
    fn answer(&mut self, own: &str, asked: &Asked) -> Reply {
        if self.down {
            return Reply::text(503, "closed");
        }
        match asked.path.as_str() {
            "/.well-known/openid-configuration" => Reply::json(
                200,
                &json!({
                    "issuer": own,
                    "authorization_endpoint": format!("{own}/authorize"),
                    "token_endpoint": format!("{own}/token"),
                    "jwks_uri": format!("{own}/keys"),
                    "response_types_supported": ["code"],
                    "subject_types_supported": ["public"],
                    // It would take anything.
                    "id_token_signing_alg_values_supported": ["ES256", "RS256", "HS256", "none"],
                }),
            ),
            "/keys" => Reply::json(
                200,
                &json!({"keys": self.keys.iter().map(Jwk::public).collect::<Vec<_>>()}),
            ),
            "/authorize" => self.authorize(asked),
            "/token" => self.tokens(own, asked),
            _ => Reply::text(404, "nothing here"),
        }
    }

    fn authorize(&mut self, asked: &Asked) -> Reply {
        let value = |name: &str| asked.value(name).unwrap_or_default();
        let redirect_uri = value("redirect_uri");
        if value("response_type") != "code" || value("code_challenge_method") != "S256" || value("state").len() < 20 {
            return Reply::text(400, "it does not ask as it should");
        }
        let state = match self.lie {
            Lie::OtherState => "somebody-elses-state".to_owned(),
            _ => value("state"),
        };
        if self.lie == Lie::Denied {
            return Reply::redirect(&format!(
                "{redirect_uri}?{}",
                form(&[("error", "access_denied"), ("state", &state)])
            ));
        }
        self.made += 1;
        let code = format!("code-{}", self.made);
        self.codes.insert(
            code.clone(),
            Code {
                redirect_uri: redirect_uri.clone(),
                challenge: value("code_challenge"),
                nonce: asked.value("nonce"),
                client: value("client_id"),
            },
        );
        Reply::redirect(&format!(
            "{redirect_uri}?{}",
            form(&[("code", &code), ("state", &state)])
        ))
    }

    fn tokens(&mut self, own: &str, asked: &Asked) -> Reply {
        let refused = |word: &str| Reply::json(400, &json!({"error": word}));
        let field = |name: &str| asked.field(name).unwrap_or_default();
        let basic = format!("Basic {}", STANDARD.encode("desk:hush"));
        if asked.header("authorization") != Some(&basic) {
            return Reply::json(401, &json!({"error": "invalid_client"}));
        }
        // Each code is good for once.
        let Some(code) = self.codes.remove(&field("code")) else {
            return refused("invalid_grant");
        };
        let answers = encode(&sha256(field("code_verifier").as_bytes())) == code.challenge;
        if !answers || field("redirect_uri") != code.redirect_uri || field("grant_type") != "authorization_code" {
            return refused("invalid_grant");
        }
        let now = unix_now();
        let mut claims = json!({"iss": own, "aud": code.client, "iat": now, "exp": now + 300, "nonce": code.nonce});
        merge(&mut claims, Some(&self.claims));
        let token = self.signed(&json!({}), &claims);
        let token = match self.lie {
            Lie::NoToken => Value::Null,
            _ => Value::from(token),
        };
        let mut answer = json!({"access_token": "opaque", "token_type": "Bearer", "expires_in": 60, "id_token": token});
        merge(&mut answer, None);
        Reply::json(200, &answer)
    }

    fn signed(&self, header: &Value, claims: &Value) -> String {
        let key = &self.keys[self.signs];
        let mut head = header.clone();
        match self.lie {
            Lie::Unsigned => key.sign(&head, claims, SignWith::Nothing),
            Lie::SignedWithPublicKey => key.sign(&head, claims, SignWith::PublicKey),
            Lie::OtherKey => {
                head["kid"] = json!(key.kid);
                self.hidden.sign(&head, claims, SignWith::Key)
            }
            Lie::UnknownKey => self.hidden.sign(&head, claims, SignWith::Key),
            Lie::Tampered => {
                let token = key.sign(&head, claims, SignWith::Key);
                let mut other = claims.clone();
                other["email"] = json!("root@acme.test");
                let parts: Vec<&str> = token.split('.').collect();
                format!("{}.{}.{}", parts[0], encode(other.to_string().as_bytes()), parts[2])
            }
            Lie::No | Lie::NoToken | Lie::OtherState | Lie::Denied => key.sign(&head, claims, SignWith::Key),
        }
    }
}
