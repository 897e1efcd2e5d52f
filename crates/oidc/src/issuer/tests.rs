use super::*;
use crate::testing::{FakeHttp, NOW, TestKey, at, now, object, run};
use crate::{Cache, JwtIssuer, KeySet, KeySource, TokenError, rp};
use serde_json::{Value, json};

const ISSUER: &str = "https://id.acme.example";

fn keys(keys: &[&SigningKey]) -> KeySet {
    KeySet::parse(jwks_document(keys).to_string().as_bytes()).unwrap()
}

fn endpoints() -> Endpoints<'static> {
    Endpoints {
        issuer: ISSUER,
        authorization: "https://id.acme.example/authorize",
        token: "https://id.acme.example/token",
        userinfo: "https://id.acme.example/userinfo",
        jwks: "https://id.acme.example/keys",
        end_session: Some("https://id.acme.example/logout"),
        revocation: None,
    }
}

fn access<'t>() -> AccessToken<'t> {
    AccessToken {
        issuer: ISSUER,
        subject: "jane",
        audience: "https://api.acme.example",
        client_id: "app",
        jti: "j1",
        scopes: &["openid", "email"],
        ..AccessToken::default()
    }
}

fn both() -> [SigningKey; 2] {
    [KeyKind::Es256, KeyKind::EdDsa].map(|kind| SigningKey::generate(kind, &mut rand::rng()))
}

#[test]
fn keys_survive_sealing() {
    for key in both() {
        let bytes = key.to_bytes();
        let again = SigningKey::from_bytes(&bytes).unwrap();
        assert_eq!(
            (again.id(), again.kind(), again.public_jwk()),
            (key.id(), key.kind(), key.public_jwk())
        );
        let token = access().sign(&again, now(), 60);
        verify_access_token(&token, &keys(&[&key]), ISSUER, "https://api.acme.example", now()).unwrap();
        // Nothing secret is published.
        assert!(key.public_jwk().get("d").is_none());
        assert!(!key.public_jwk().to_string().contains(&crate::json::encode(&bytes[1..])));
        for bad in [
            &bytes[1..],
            &bytes[..32],
            &[][..],
            &[&bytes[..], &[0]].concat(),
            &[&[9], &bytes[1..]].concat(),
        ] {
            assert!(SigningKey::from_bytes(bad).is_none());
        }
    }
    // P-256 has no key of zero, and none beyond its order.
    for byte in [0, 0xFF] {
        assert!(SigningKey::from_bytes(&[&[1][..], &[byte; 32]].concat()).is_none());
    }
    let (one, two) = (&both()[0], &both()[0]);
    assert_ne!(one.id(), two.id());
}

/// RFC 8037, appendix A: a known key has a known thumbprint and signature.
#[test]
fn known_keys_give_known_answers() {
    let seed = crate::json::decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
    let key = SigningKey::from_bytes(&[&[2][..], &seed].concat()).unwrap();
    assert_eq!(key.public_jwk()["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    assert_eq!(key.id(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn chance_comes_from_the_caller() {
    use rand::SeedableRng;
    for kind in [KeyKind::Es256, KeyKind::EdDsa] {
        let [one, two] = [7, 7].map(|seed| SigningKey::generate(kind, &mut rand::rngs::StdRng::seed_from_u64(seed)));
        assert_eq!(one.id(), two.id());
        // Signing takes no chance at all.
        assert_eq!(access().sign(&one, now(), 60), access().sign(&two, now(), 60));
    }
}

#[test]
fn access_tokens_are_checked() {
    let [key, other] = both();
    let published = keys(&[&key, &other]);
    let api = "https://api.acme.example";
    let check = |token: &str, expected: Result<(), TokenError>| {
        assert_eq!(
            verify_access_token(token, &published, ISSUER, api, now()).map(|_| ()),
            expected
        );
    };
    let token = access().sign(&key, now(), 60);
    let claims = verify_access_token(&token, &published, ISSUER, api, now()).unwrap();
    assert_eq!(
        (&claims["scope"], &claims["client_id"], &claims["exp"]),
        (&json!("openid email"), &json!("app"), &json!(NOW + 60))
    );
    check(&access().sign(&other, now(), 60), Ok(()));
    check(&access().sign(&key, at(-120), 60), Err(TokenError::Expired));
    check(&access().sign(&key, at(120), 60), Err(TokenError::NotYetValid));
    check(
        &AccessToken {
            audience: "app",
            ..access()
        }
        .sign(&key, now(), 60),
        Err(TokenError::Audience),
    );
    check(
        &AccessToken {
            issuer: "https://evil.example",
            ..access()
        }
        .sign(&key, now(), 60),
        Err(TokenError::Issuer),
    );
    check(&access().sign(&both()[0], now(), 60), Err(TokenError::UnknownKey));
    check(&crate::testing::tampered(&token, 2), Err(TokenError::Signature));
    // An ID token opens no API, even if its client is called like one.
    let id = IdToken {
        issuer: ISSUER,
        subject: "jane",
        client_id: api,
        ..IdToken::default()
    };
    check(&id.sign(&key, now(), 60), Err(TokenError::Kind));
    // We have no keys of other kinds.
    let foreign = TestKey::new("ES384", "a");
    let header = json!({"alg": "ES384", "kid": "a", "typ": "at+jwt"});
    check(&foreign.token_with(&header, &json!({})), Err(TokenError::Algorithm));
}

#[test]
fn old_keys_verify_until_they_are_withdrawn() {
    let [old, new] = both();
    let token = access().sign(&old, now(), 60);
    let ask = |keys: &KeySet| verify_access_token(&token, keys, ISSUER, "https://api.acme.example", now()).map(|_| ());
    assert_eq!(ask(&keys(&[&new, &old])), Ok(()));
    assert_eq!(ask(&keys(&[&new])), Err(TokenError::UnknownKey));
}

#[test]
fn more_claims_overrule_none() {
    let key = &both()[0];
    let more = object(json!({
        "sub": "boss", "iss": "x", "aud": "x", "exp": 0, "nonce": "x", "acr": "9", "azp": "x", "events": {}, "at_hash": "x",
        "jti": "x", "client_id": "x", "scope": "admin", "email": "jane@acme.example",
    }));
    let claims = |token: String| {
        let payload = token.split('.').nth(1).unwrap().to_owned();
        serde_json::from_slice::<Value>(&crate::json::decode(&payload).unwrap()).unwrap()
    };
    let id = IdToken {
        issuer: ISSUER,
        subject: "jane",
        client_id: "app",
        more: more.clone(),
        ..IdToken::default()
    };
    let found = claims(id.sign(key, now(), 60));
    assert_eq!(
        found,
        json!({"iss": ISSUER, "sub": "jane", "aud": "app", "exp": NOW + 60, "iat": NOW, "jti": "x", "email": "jane@acme.example"})
    );
    let found = claims(
        AccessToken {
            scopes: &[],
            more,
            ..access()
        }
        .sign(key, now(), 60),
    );
    for name in ["scope", "acr", "azp", "nonce", "events"] {
        assert!(found.get(name).is_none(), "{name}");
    }
    assert_eq!(
        (&found["sub"], &found["jti"], &found["client_id"]),
        (&json!("jane"), &json!("j1"), &json!("app"))
    );
}

/// Our provider and our relying party, with HTTP between them.
#[test]
fn our_apps_sign_in_with_us() {
    run(async {
        for key in both() {
            let (http, cache) = (FakeHttp::default(), Cache::new());
            http.set(
                "https://id.acme.example/.well-known/openid-configuration",
                &discovery_document(&endpoints(), &[&key], &["openid"], &["sub"]),
            );
            http.set("https://id.acme.example/keys", &jwks_document(&[&key]));
            let mut provider = rp::Provider::of(rp::Preset::Google, "us", "app", None).unwrap();
            (provider.preset, provider.issuer) = (rp::Preset::Plain, ISSUER.to_owned());
            let attempt = rp::Attempt::begin("https://app.example/cb", &mut rand::rng());
            let metadata = rp::discover(&http, &cache, &provider, now()).await.unwrap();
            assert!(metadata.states_issuer);

            let url = rp::authorization_url(&provider, &metadata, &attempt, Some(rp::Prompt::Login), None).unwrap();
            let arrival = Arrival::parse(url.split_once('?').unwrap().1).unwrap();
            let registered = RedirectUri::register("https://app.example/cb").unwrap();
            assert!(registered.allows(&arrival.redirect_uri) && arrival.client_id == "app");
            let request = arrival.request().unwrap();
            assert!(request.is_openid() && request.prompts == [rp::Prompt::Login]);
            let back = redirect_with_code(&arrival.redirect_uri, ISSUER, arrival.state.as_deref(), "code").unwrap();

            let access_token = access().sign(&key, now(), 60);
            let id_token = IdToken {
                issuer: ISSUER,
                subject: "jane",
                client_id: "app",
                nonce: request.nonce.as_deref(),
                auth_time: Some(NOW - 5),
                acr: Some("2"),
                amr: &["pwd", "otp"],
                sid: Some("s1"),
                access_token: Some(&access_token),
                more: object(json!({"email": "jane@acme.example", "email_verified": true})),
            };
            let id_token = id_token.sign(&key, now(), 60);
            http.set(
                "https://id.acme.example/token",
                &json!({"access_token": access_token, "token_type": "Bearer", "id_token": id_token}),
            );
            let callback = rp::Callback::parse(back.split_once('?').unwrap().1).unwrap();
            let found = rp::finish(&http, &cache, &provider, callback, attempt, now())
                .await
                .unwrap();
            assert_eq!(
                (found.subject.as_str(), found.email_verified, found.sid.as_deref()),
                ("jane", true, Some("s1"))
            );

            let form = http.last("https://id.acme.example/token", "authorization").1;
            let TokenRequest { client, grant } = TokenRequest::parse(None, form.as_bytes()).unwrap();
            assert!(client.client_id == "app" && client.method == ClientAuth::None);
            let Grant::Code { code, verifier, .. } = grant else {
                panic!("no code")
            };
            assert!(code.is("code") && verifier.answers(&request.code_challenge));

            // And an API elsewhere takes the access token.
            let api = JwtIssuer {
                issuer: ISSUER.into(),
                audience: "https://api.acme.example".into(),
                keys: KeySource::Discovery,
                algorithms: vec![key.kind().algorithm()],
            };
            api.verify(&http, &Cache::new(), &access_token, now()).await.unwrap();
        }
    });
}

/// What another library makes of our tokens and documents.
#[test]
fn others_understand_us() {
    use openidconnect::core::{
        CoreIdToken, CoreIdTokenVerifier, CoreJsonWebKeySet, CoreJwsSigningAlgorithm, CoreProviderMetadata,
    };
    use openidconnect::{ClientId, IssuerUrl, Nonce};
    for key in both() {
        let document = discovery_document(&endpoints(), &[&key], &["openid"], &["sub"]);
        let metadata: CoreProviderMetadata = serde_json::from_value(document).unwrap();
        assert_eq!(metadata.id_token_signing_alg_values_supported().len(), 1);
        let algorithm = match key.kind() {
            KeyKind::Es256 => CoreJwsSigningAlgorithm::EcdsaP256Sha256,
            KeyKind::EdDsa => CoreJwsSigningAlgorithm::EdDsa,
        };
        let set: CoreJsonWebKeySet = serde_json::from_value(jwks_document(&[&key])).unwrap();
        let verifier = CoreIdTokenVerifier::new_public_client(
            ClientId::new("app".into()),
            IssuerUrl::new(ISSUER.into()).unwrap(),
            set,
        )
        .set_allowed_algs([algorithm])
        .allow_all_jose_types()
        .set_time_fn(|| chrono::DateTime::from_timestamp(NOW, 0).unwrap());
        let id = IdToken {
            issuer: ISSUER,
            subject: "jane",
            client_id: "app",
            nonce: Some("n"),
            ..IdToken::default()
        };
        let token: CoreIdToken = id.sign(&key, now(), 60).parse().unwrap();
        assert!(token.claims(&verifier, &Nonce::new("n".into())).is_ok());
        assert!(token.claims(&verifier, &Nonce::new("m".into())).is_err());
    }
}
