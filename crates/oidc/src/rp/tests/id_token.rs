use super::*;
use crate::TokenError;
use crate::json::encode;
use crate::testing::{hs256, run, tampered};

#[test]
fn good_tokens_sign_in() {
    for algorithm in ["RS256", "PS256", "ES256", "ES384", "EdDSA"] {
        run(async {
            let world = World::with(algorithm);
            let found = world.sign_in(&world.key.token(&claims())).await.unwrap();
            assert_eq!(
                (found.issuer.as_str(), found.subject.as_str()),
                (ISSUER, "248289761001")
            );
            assert_eq!(
                (found.email.as_deref(), found.email_verified),
                (Some("jane@acme.example"), true)
            );
            assert_eq!(
                (found.name.as_deref(), found.acr.as_deref(), found.sid.as_deref()),
                (Some("Jane"), Some("2"), Some("s1"))
            );
            assert_eq!(
                (found.amr, found.auth_time),
                (vec!["pwd".to_owned(), "otp".to_owned()], Some(NOW - 10))
            );
            assert_eq!(crate::pick(&Value::Object(found.raw), "groups"), ["staff"]);
        });
    }
}

#[test]
fn the_code_goes_with_its_verifier_and_our_secret() {
    run(async {
        let mut world = World::new();
        let token = world.key.token(&claims());
        world.sign_in(&token).await.unwrap();
        let (authorization, body) = world.http.last(TOKEN, "authorization");
        assert_eq!(authorization, "Basic YXBwOndvcmQ=");
        for part in [
            "grant_type=authorization_code",
            "code=c",
            "code_verifier=dBjftJeZ4CVP",
            "redirect_uri=https%3A%2F%2Fapp.example%2Fcallback",
        ] {
            assert!(body.contains(part), "{body}");
        }
        assert!(!body.contains("word"));
        // Into the form, where Basic is not known; and a public client has none.
        world.cache = Cache::new();
        world.http.set(
            DOCUMENT,
            &edited(
                document(),
                &json!({"token_endpoint_auth_methods_supported": ["client_secret_post"]}),
            ),
        );
        world.sign_in(&token).await.unwrap();
        let (authorization, body) = world.http.last(TOKEN, "authorization");
        assert!(authorization.is_empty() && body.contains("client_id=app&client_secret=word"));
        world.provider.client_secret = None;
        world.sign_in(&token).await.unwrap();
        assert!(!world.http.last(TOKEN, "authorization").1.contains("client_secret"));
    });
}

#[test]
fn claims_are_checked() {
    use TokenError::{AccessToken, Audience, Claim, Expired, Issuer, Nonce, NotYetValid};
    run(async {
        let world = World::new();
        let check = async |edits: Value, expected: TokenError| {
            let found = world.sign_in(&world.key.token(&edited(claims(), &edits))).await;
            assert!(
                matches!(&found, Err(OidcError::Token(error)) if *error == expected),
                "{edits}: {found:?}"
            );
        };
        check(json!({"iss": "https://evil.example"}), Issuer).await;
        check(json!({"iss": "https://id.acme.example/"}), Issuer).await;
        check(json!({"iss": null}), Claim("iss")).await;
        check(json!({"iss": [ISSUER]}), Claim("iss")).await;
        check(json!({"sub": null}), Claim("sub")).await;
        check(json!({"sub": ""}), Claim("sub")).await;
        check(json!({"aud": "other"}), Audience).await;
        check(json!({"aud": null}), Claim("aud")).await;
        check(json!({"aud": ["app", "other"]}), Audience).await;
        check(json!({"aud": ["app", "other"], "azp": "app"}), Audience).await;
        check(json!({"azp": "other"}), Audience).await;
        check(json!({"exp": NOW - 60}), Expired).await;
        check(json!({"exp": null}), Claim("exp")).await;
        check(json!({"exp": "2099-01-01"}), Claim("exp")).await;
        check(json!({"iat": NOW + 61}), NotYetValid).await;
        check(json!({"iat": NOW + 10_000_000, "exp": NOW + 20_000_000}), NotYetValid).await;
        check(json!({"iat": null}), Claim("iat")).await;
        check(json!({"nbf": NOW + 61}), NotYetValid).await;
        check(json!({"nonce": "other"}), Nonce).await;
        check(json!({"nonce": "nonce "}), Nonce).await;
        check(json!({"nonce": ""}), Claim("nonce")).await;
        check(json!({"nonce": null}), Claim("nonce")).await;
        check(json!({"at_hash": encode(&[0; 16])}), AccessToken).await;
        check(json!({"at_hash": ""}), AccessToken).await;
        check(json!({"at_hash": 1}), Claim("at_hash")).await;
        check(json!({"auth_time": "yesterday"}), Claim("auth_time")).await;

        let good = edited(
            claims(),
            &json!({"azp": "app", "nbf": NOW, "at_hash": encode(&crate::Algorithm::Es256.half_digest("access"))}),
        );
        world.sign_in(&world.key.token(&good)).await.unwrap();
    });
}

#[test]
fn access_tokens_are_bound_by_the_algorithms_own_digest() {
    run(async {
        for (algorithm, digest, bytes) in [
            ("ES384", "sha384", 24),
            ("EdDSA", "sha512", 32),
            ("RS256", "sha256", 16),
        ] {
            let world = World::with(algorithm);
            let half = crate::Algorithm::find(algorithm).unwrap().half_digest("access");
            assert_eq!(half.len(), bytes, "{digest}");
            world
                .sign_in(&world.key.token(&edited(claims(), &json!({"at_hash": encode(&half)}))))
                .await
                .unwrap();
        }
    });
}

#[test]
fn trusted_audiences_are_stated() {
    run(async {
        let mut world = World::new();
        world.provider.trusted_audiences = vec!["api".into()];
        world
            .sign_in(
                &world
                    .key
                    .token(&edited(claims(), &json!({"aud": ["api", "app"], "azp": "app"}))),
            )
            .await
            .unwrap();
        let found = world
            .sign_in(&world.key.token(&edited(claims(), &json!({"aud": ["api", "app"]}))))
            .await;
        assert!(matches!(found, Err(OidcError::Token(TokenError::Claim("azp")))));
    });
}

#[test]
fn forgeries_are_refused() {
    run(async {
        let world = World::new();
        let check = async |token: String, expected: TokenError| {
            let found = world.sign_in(&token).await;
            assert!(
                matches!(&found, Err(OidcError::Token(error)) if *error == expected),
                "{token}: {found:?}"
            );
        };
        let good = world.key.token(&claims());
        let (signed, _) = good.rsplit_once('.').unwrap();
        let evil = TestKey::new("ES256", "key");
        let header = |edits: Value| edited(world.key.header(), &edits);
        check(tampered(&good, 2), TokenError::Signature).await;
        check(format!("{signed}."), TokenError::Signature).await;
        check(evil.token(&claims()), TokenError::Signature).await;
        check(
            evil.token_with(&edited(evil.header(), &json!({"jwk": evil.jwk})), &claims()),
            TokenError::Signature,
        )
        .await;
        check(
            world.key.token_with(&header(json!({"alg": "none"})), &claims()),
            TokenError::Algorithm,
        )
        .await;
        check(
            format!(
                "{}.{}.",
                encode(br#"{"alg":"none"}"#),
                encode(claims().to_string().as_bytes())
            ),
            TokenError::Algorithm,
        )
        .await;
        // With our own secret, which a client of ours may have leaked, and with the public key.
        for secret in [&b"word"[..], world.key.jwk.to_string().as_bytes(), b""] {
            check(
                hs256(secret, &header(json!({"alg": "HS256"})), &claims()),
                TokenError::Algorithm,
            )
            .await;
        }
        check(
            world.key.token_with(&header(json!({"alg": "ES384"})), &claims()),
            TokenError::UnknownKey,
        )
        .await;
        check(
            world.key.token_with(&header(json!({"kid": "other"})), &claims()),
            TokenError::UnknownKey,
        )
        .await;
        check(
            world.key.token_with(&header(json!({"crit": ["exp"]})), &claims()),
            TokenError::Kind,
        )
        .await;
        check(
            world.key.token_with(&header(json!({"typ": "logout+jwt"})), &claims()),
            TokenError::Kind,
        )
        .await;
        check(
            world.key.token_with(&header(json!({"typ": "at+jwt"})), &claims()),
            TokenError::Kind,
        )
        .await;
        check("a.b".into(), TokenError::Malformed).await;
        check(String::new(), TokenError::Malformed).await;
        check("a".repeat(40_000), TokenError::TooLong).await;
        let huge = edited(claims(), &json!({"groups": vec!["g"; 20_000]}));
        check(world.key.token(&huge), TokenError::TooLong).await;
    });
}

#[test]
fn algorithms_are_those_that_are_advertised() {
    run(async {
        let world = World::new();
        world.http.set(
            DOCUMENT,
            &edited(document(), &json!({"id_token_signing_alg_values_supported": ["RS256"]})),
        );
        let found = world.sign_in(&world.key.token(&claims())).await;
        assert!(matches!(found, Err(OidcError::Token(TokenError::Algorithm))));
        // Refused before any key was asked for.
        assert_eq!(world.http.count(KEYS), 0);
    });
}

#[test]
fn callbacks_answer_their_attempt() {
    run(async {
        let world = World::new();
        let token = world.key.token(&claims());
        world.sign_in(&token).await.unwrap();
        let codes = world.http.count(TOKEN);
        for query in [
            "code=c&state=other",
            "code=c&state=state&iss=https://evil.example",
            "error=access_denied&state=other",
            "error=access_denied&state=state&iss=https://evil.example",
            "code=c",
            "state=state",
        ] {
            let found = world.back(query).await;
            assert!(
                matches!(found, Err(OidcError::BadCallback { .. })),
                "{query}: {found:?}"
            );
        }
        let found = world.back("error=access_denied&state=state").await;
        assert!(matches!(found, Err(OidcError::Refused { error }) if error == "access_denied"));
        // No code of another provider was sent to this one.
        assert_eq!(world.http.count(TOKEN), codes);
        world
            .back("code=c&state=state&iss=https%3A%2F%2Fid.acme.example")
            .await
            .unwrap();

        // Who always states their issuer cannot be left out (RFC 9207 section 2.4).
        let world = World::new();
        world.http.set(
            DOCUMENT,
            &edited(
                document(),
                &json!({"authorization_response_iss_parameter_supported": true}),
            ),
        );
        assert!(matches!(
            world.sign_in(&token).await,
            Err(OidcError::BadCallback { .. })
        ));
        assert_eq!(world.http.count(TOKEN), 0);
    });
}

#[test]
fn an_empty_attempt_matches_nothing() {
    run(async {
        let mut world = World::new();
        world.attempt.nonce = String::new();
        let token = world.key.token(&edited(claims(), &json!({"nonce": ""})));
        assert!(world.sign_in(&token).await.is_err());
        world.attempt.state = String::new();
        assert!(world.back("code=c&state=").await.is_err());
    });
}
