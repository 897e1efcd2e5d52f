use super::*;
use crate::rp::Preset;
use crate::testing::{FakeHttp, NOW, TestKey, at, hs256, now, run, tampered};
use serde_json::json;

const ISSUER: &str = "https://id.acme.example";

struct World {
    http: FakeHttp,
    cache: Cache,
    provider: Provider,
    key: TestKey,
}

impl World {
    fn new() -> Self {
        let world = Self {
            http: FakeHttp::default(),
            cache: Cache::new(),
            provider: Provider {
                name: "acme".into(),
                issuer: ISSUER.into(),
                client_id: "app".into(),
                client_secret: None,
                scopes: Vec::new(),
                preset: Preset::Plain,
                userinfo: false,
                trusted_audiences: Vec::new(),
            },
            key: TestKey::new("ES256", "k"),
        };
        world.http.set(
            "https://id.acme.example/.well-known/openid-configuration",
            &json!({
                "issuer": ISSUER,
                "authorization_endpoint": "https://id.acme.example/authorize",
                "token_endpoint": "https://id.acme.example/token",
                "jwks_uri": "https://id.acme.example/keys",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"],
            }),
        );
        world
            .http
            .set("https://id.acme.example/keys", &json!({"keys": [world.key.jwk]}));
        world
    }

    async fn ask(&self, token: &str) -> Result<LogoutToken, OidcError> {
        verify_logout_token(&self.http, &self.cache, &self.provider, token, now()).await
    }
}

fn claims(edits: &Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER, "aud": "app", "iat": NOW, "exp": NOW + 120, "jti": "j1", "sub": "jane", "sid": "s1",
        "events": {EVENT: {}},
    });
    for (name, value) in edits.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

#[test]
fn good_tokens_name_whose_sessions_end() {
    run(async {
        let world = World::new();
        let found = world.ask(&world.key.token(&claims(&json!({})))).await.unwrap();
        let expected = LogoutToken {
            issuer: ISSUER.into(),
            subject: Some("jane".into()),
            sid: Some("s1".into()),
            jti: "j1".into(),
            remember_until: NOW + 180,
        };
        assert_eq!(found, expected);
        let found = world
            .ask(&world.key.token(&claims(&json!({"sub": null}))))
            .await
            .unwrap();
        assert_eq!((found.subject, found.sid.as_deref()), (None, Some("s1")));
        let found = world
            .ask(&world.key.token(&claims(&json!({"sid": null, "exp": null}))))
            .await
            .unwrap();
        assert_eq!((found.sid, found.remember_until), (None, NOW + 360));
        for typ in ["logout+jwt", "application/logout+jwt", "JWT"] {
            let header = json!({"alg": "ES256", "kid": "k", "typ": typ});
            world
                .ask(&world.key.token_with(&header, &claims(&json!({}))))
                .await
                .unwrap();
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
    use TokenError::{Algorithm, Audience, Claim, Expired, Issuer, Kind, Nonce, NotYetValid, Signature, UnknownKey};
    run(async {
        let world = World::new();
        let check = async |token: &str, expected: TokenError| {
            let found = world.ask(token).await;
            assert!(
                matches!(&found, Err(OidcError::Token(error)) if *error == expected),
                "{expected:?}: {found:?}"
            );
        };
        for (edits, expected) in [
            (json!({"iss": "https://evil.example"}), Issuer),
            (json!({"iss": null}), Claim("iss")),
            (json!({"aud": "other"}), Audience),
            (json!({"aud": ["app", "other"], "azp": "app"}), Audience),
            (json!({"aud": null}), Claim("aud")),
            (json!({"iat": null}), Claim("iat")),
            (json!({"iat": NOW + 61}), NotYetValid),
            (json!({"exp": NOW - 60}), Expired),
            (json!({"exp": null, "iat": NOW - 360}), Expired),
            (json!({"jti": null}), Claim("jti")),
            (json!({"jti": ""}), Claim("jti")),
            (json!({"sub": null, "sid": null}), Claim("sub")),
            (json!({"sub": "", "sid": ""}), Claim("sub")),
            (json!({"sub": 1}), Claim("sub")),
            (json!({"nonce": "n"}), Nonce),
            (json!({"nonce": ""}), Nonce),
            (json!({"events": null}), Claim("events")),
            (json!({"events": {}}), Claim("events")),
            (json!({"events": [EVENT]}), Claim("events")),
            (
                json!({"events": {"http://schemas.openid.net/event/other": {}}}),
                Claim("events"),
            ),
            (json!({"events": {EVENT: true}}), Claim("events")),
        ] {
            check(&world.key.token(&claims(&edits)), expected).await;
        }
        let good = claims(&json!({}));
        let header = |name: &str, value: Value| {
            let mut header = world.key.header();
            header[name] = value;
            header
        };
        check(&tampered(&world.key.token(&good), 2), Signature).await;
        check(&TestKey::new("ES256", "k").token(&good), Signature).await;
        check(&world.key.token_with(&header("kid", json!("x")), &good), UnknownKey).await;
        check(&world.key.token_with(&header("alg", json!("none")), &good), Algorithm).await;
        check(&hs256(b"word", &header("alg", json!("HS256")), &good), Algorithm).await;
        check(&world.key.token_with(&header("typ", json!("at+jwt")), &good), Kind).await;
        check(&world.key.token_with(&header("crit", json!(["x"])), &good), Kind).await;
        // What the issuer does not advertise.
        check(&TestKey::new("EdDSA", "k").token(&good), Algorithm).await;
    });
}

#[test]
fn an_id_token_ends_no_session() {
    run(async {
        let world = World::new();
        let id_token = claims(&json!({"events": null, "nonce": "n"}));
        assert!(world.ask(&world.key.token(&id_token)).await.is_err());
        let without_nonce = claims(&json!({"events": null}));
        assert!(world.ask(&world.key.token(&without_nonce)).await.is_err());
    });
}

#[test]
fn an_outage_is_no_refusal() {
    run(async {
        let world = World::new();
        let token = world.key.token(&claims(&json!({"iat": NOW + 9000, "exp": NOW + 9100})));
        world.http.unplug("https://id.acme.example/keys");
        let error = verify_logout_token(&world.http, &world.cache, &world.provider, &token, at(9000))
            .await
            .unwrap_err();
        assert!(error.is_outage());
    });
}
