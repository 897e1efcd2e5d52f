use super::*;
use crate::testing::{FakeHttp, NOW, TestKey, hs256, now, run, tampered};
use serde_json::{Value, json};

const ISSUER: &str = "https://ci.acme.example";
const KEYS: &str = "https://ci.acme.example/keys";
const DOCUMENT: &str = "https://ci.acme.example/.well-known/openid-configuration";

fn issuer(keys: KeySource) -> JwtIssuer {
    JwtIssuer {
        issuer: ISSUER.into(),
        audience: "freehold".into(),
        keys,
        algorithms: vec![Algorithm::Es256, Algorithm::Rs256],
    }
}

fn claims(edits: &Value) -> Value {
    let mut claims = json!({"iss": ISSUER, "aud": ["freehold", "other"], "sub": "job", "exp": NOW + 60});
    for (name, value) in edits.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

struct World {
    http: FakeHttp,
    cache: Cache,
    key: TestKey,
}

impl World {
    fn new() -> Self {
        let world = Self {
            http: FakeHttp::default(),
            cache: Cache::new(),
            key: TestKey::new("ES256", "k"),
        };
        world.http.set(KEYS, &json!({"keys": [world.key.jwk]}));
        world
    }

    async fn ask(&self, token: &str) -> Result<Object, OidcError> {
        issuer(KeySource::Jwks(KEYS.into()))
            .verify(&self.http, &self.cache, token, now())
            .await
    }
}

#[test]
fn tokens_of_configured_issuers_are_good() {
    run(async {
        let world = World::new();
        let found = world
            .ask(&world.key.token(&claims(&json!({"repository": "a/b"}))))
            .await
            .unwrap();
        assert_eq!(
            (found["sub"].as_str(), found["repository"].as_str()),
            (Some("job"), Some("a/b"))
        );
        for typ in [json!("at+jwt"), json!("application/at+jwt"), json!("jwt")] {
            let token = world
                .key
                .token_with(&json!({"alg": "ES256", "kid": "k", "typ": typ}), &claims(&json!({})));
            world.ask(&token).await.unwrap();
        }
        world
            .ask(
                &world
                    .key
                    .token_with(&json!({"alg": "ES256", "kid": "k"}), &claims(&json!({}))),
            )
            .await
            .unwrap();
    });
}

#[test]
fn everything_else_is_refused() {
    use TokenError::{
        Algorithm as Alg, Audience, Claim, Expired, Issuer, Kind, Malformed, NotYetValid, Signature, TooLong,
        UnknownKey,
    };
    run(async {
        let world = World::new();
        let check = async |token: &str, expected: TokenError| {
            let found = world.ask(token).await;
            assert!(
                matches!(&found, Err(OidcError::Token(error)) if *error == expected),
                "{expected:?}: {found:?}"
            );
        };
        let key = &world.key;
        for (edits, expected) in [
            (json!({"iss": "https://evil.example"}), Issuer),
            (json!({"iss": null}), Claim("iss")),
            (json!({"aud": "other"}), Audience),
            (json!({"aud": null}), Claim("aud")),
            (json!({"exp": NOW - 60}), Expired),
            (json!({"exp": null}), Claim("exp")),
            (json!({"nbf": NOW + 61}), NotYetValid),
            (json!({"iat": NOW + 61}), NotYetValid),
        ] {
            check(&key.token(&claims(&edits)), expected).await;
        }
        // None of these cost a request.
        assert_eq!(world.http.count(KEYS), 0);

        let good = claims(&json!({}));
        let header = |name: &str, value: Value| {
            let mut header = key.header();
            header[name] = value;
            header
        };
        check(&tampered(&key.token(&good), 2), Signature).await;
        check(&TestKey::new("ES256", "k").token(&good), Signature).await;
        check(&TestKey::new("EdDSA", "k").token(&good), Alg).await;
        check(&TestKey::new("RS256", "k").token(&good), UnknownKey).await;
        check(&key.token_with(&header("alg", json!("RS256")), &good), UnknownKey).await;
        check(&key.token_with(&header("alg", json!("none")), &good), Alg).await;
        check(
            &hs256(key.jwk.to_string().as_bytes(), &header("alg", json!("HS256")), &good),
            Alg,
        )
        .await;
        check(&key.token_with(&header("kid", json!("x")), &good), UnknownKey).await;
        check(&key.token_with(&header("crit", json!(["b64"])), &good), Kind).await;
        check(&key.token_with(&header("b64", json!(true)), &good), Kind).await;
        check(&key.token_with(&header("typ", json!("logout+jwt")), &good), Kind).await;
        check(&key.token_with(&header("typ", json!("dpop+jwt")), &good), Kind).await;
        check(&key.token_with(&header("typ", json!(7)), &good), Malformed).await;
        check(&key.token(&claims(&json!({"more": "x".repeat(40_000)}))), TooLong).await;
        check("", Malformed).await;
        assert_eq!(world.http.count(KEYS), 1);
    });
}

#[test]
fn no_algorithms_are_none() {
    run(async {
        let world = World::new();
        let mut issuer = issuer(KeySource::Jwks(KEYS.into()));
        issuer.algorithms.clear();
        let found = issuer
            .verify(&world.http, &world.cache, &world.key.token(&claims(&json!({}))), now())
            .await;
        assert!(matches!(found, Err(OidcError::Token(TokenError::Algorithm))));
    });
}

#[test]
fn keys_are_found_by_discovery() {
    run(async {
        let world = World::new();
        let token = world.key.token(&claims(&json!({})));
        let ask = async |document: Value| {
            world.http.set(DOCUMENT, &document);
            issuer(KeySource::Discovery)
                .verify(&world.http, &Cache::new(), &token, now())
                .await
        };
        // As little as Kubernetes and GitHub's workflows say.
        ask(json!({"issuer": ISSUER, "jwks_uri": KEYS, "authorization_endpoint": "urn:none"}))
            .await
            .unwrap();
        assert!(matches!(
            ask(json!({"issuer": "https://evil.example", "jwks_uri": KEYS})).await,
            Err(OidcError::IssuerMismatch { .. })
        ));
        for url in ["http://ci.acme.example/keys", "http://127.0.0.1/keys", "file:///keys"] {
            assert!(
                matches!(
                    ask(json!({"issuer": ISSUER, "jwks_uri": url})).await,
                    Err(OidcError::BadUrl { .. })
                ),
                "{url}"
            );
        }
        assert!(matches!(
            ask(json!({"issuer": ISSUER})).await,
            Err(OidcError::BadAnswer { .. })
        ));
        world.http.unplug(KEYS);
        assert!(
            ask(json!({"issuer": ISSUER, "jwks_uri": KEYS}))
                .await
                .unwrap_err()
                .is_outage()
        );
    });
}

#[test]
fn plain_http_keys_are_on_this_machine() {
    run(async {
        let world = World::new();
        let token = world.key.token(&claims(&json!({})));
        for url in ["http://ci.acme.example/keys", "http://10.0.0.1/keys"] {
            let found = issuer(KeySource::Jwks(url.into()))
                .verify(&world.http, &world.cache, &token, now())
                .await;
            assert!(matches!(found, Err(OidcError::BadUrl { .. })), "{url}");
        }
        world
            .http
            .set("http://127.0.0.1:8001/keys", &json!({"keys": [world.key.jwk]}));
        let source = KeySource::Jwks("http://127.0.0.1:8001/keys".into());
        issuer(source)
            .verify(&world.http, &world.cache, &token, now())
            .await
            .unwrap();
    });
}

#[test]
fn issuers_are_peeked_at() {
    let key = TestKey::new("ES256", "k");
    assert_eq!(issuer_of(&key.token(&json!({"iss": ISSUER}))).as_deref(), Some(ISSUER));
    for token in [
        String::new(),
        "a.b.c".into(),
        key.token(&json!({})),
        key.token(&json!({"iss": 1})),
        key.token(&json!({"iss": "x".repeat(3000)})),
    ] {
        assert_eq!(issuer_of(&token), None);
    }
}
