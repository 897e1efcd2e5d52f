use super::*;
use crate::testing::{at, run};

async fn ask(world: &World) -> Result<(), OidcError> {
    discover(&world.http, &world.cache, &world.provider, now())
        .await
        .map(|_| ())
}

#[test]
fn documents_are_read() {
    run(async {
        let world = World::new();
        let found = discover(&world.http, &world.cache, &world.provider, now())
            .await
            .unwrap();
        assert_eq!(found.token_endpoint, TOKEN);
        assert_eq!(found.jwks_uri.as_deref(), Some(KEYS));
        assert_eq!(
            found.end_session_endpoint.as_deref(),
            Some("https://id.acme.example/logout")
        );
        assert_eq!(found.algorithms, crate::Algorithm::ALL);
        assert!(!found.states_issuer);
        // Kept for an hour.
        world.http.unplug(DOCUMENT);
        discover(&world.http, &world.cache, &world.provider, at(3599))
            .await
            .unwrap();
        assert_eq!(world.http.count(DOCUMENT), 1);
        let error = discover(&world.http, &world.cache, &world.provider, at(3600))
            .await
            .unwrap_err();
        assert!(error.is_outage());
    });
}

#[test]
fn a_slash_at_the_end_belongs_to_the_issuer() {
    run(async {
        let mut world = World::new();
        world.provider.issuer = format!("{ISSUER}/");
        assert!(matches!(ask(&world).await, Err(OidcError::IssuerMismatch { .. })));
        world
            .http
            .set(DOCUMENT, &edited(document(), &json!({"issuer": format!("{ISSUER}/")})));
        ask(&world).await.unwrap_err();
        world.cache = Cache::new();
        ask(&world).await.unwrap();
    });
}

#[test]
fn documents_of_others_are_refused() {
    for issuer in [
        "https://evil.example",
        "https://id.acme.example/",
        "http://id.acme.example",
        "https://ID.acme.example",
    ] {
        run(async {
            let world = World::new();
            world
                .http
                .set(DOCUMENT, &edited(document(), &json!({"issuer": issuer})));
            let found = ask(&world).await;
            assert!(
                matches!(found, Err(OidcError::IssuerMismatch { .. })),
                "{issuer}: {found:?}"
            );
        });
    }
}

#[test]
fn endpoints_are_https() {
    for name in [
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
        "end_session_endpoint",
    ] {
        // This machine too: a public issuer has no business here.
        for url in [
            "http://id.acme.example/x",
            "http://localhost/x",
            "http://127.0.0.1/x",
            "ftp://id.acme.example/x",
            "file:///etc/passwd",
            "https://user@id.acme.example/x",
            "https://id.acme.example/x#y",
        ] {
            run(async {
                let world = World::new();
                world.http.set(DOCUMENT, &edited(document(), &json!({name: url})));
                let found = ask(&world).await;
                assert!(
                    matches!(found, Err(OidcError::BadUrl { .. })),
                    "{name} {url}: {found:?}"
                );
            });
        }
    }
}

#[test]
fn issuers_are_https_or_here() {
    run(async {
        let mut world = World::new();
        for issuer in [
            "http://id.acme.example",
            "id.acme.example",
            "",
            "https://id.acme.example?x",
            "https://id.acme.example#x",
            "file:///x",
        ] {
            world.provider.issuer = issuer.into();
            let found = ask(&world).await;
            assert!(matches!(found, Err(OidcError::BadUrl { .. })), "{issuer}: {found:?}");
        }
        let here = "http://localhost:8080";
        world.provider.issuer = here.into();
        let document = document().to_string().replace(ISSUER, here);
        world.http.set_raw(
            "http://localhost:8080/.well-known/openid-configuration",
            200,
            "application/json",
            document.into_bytes(),
        );
        ask(&world).await.unwrap();
    });
}

#[test]
fn what_is_no_document_is_told() {
    let check = |status: u16, body: Vec<u8>, outage: bool| {
        run(async {
            let world = World::new();
            world.http.set_raw(DOCUMENT, status, "text/html", body);
            let error = ask(&world).await.unwrap_err();
            assert_eq!(error.is_outage(), outage, "{status} {error}");
        });
    };
    let good = document().to_string().into_bytes();
    check(500, good.clone(), true);
    check(503, good.clone(), true);
    check(429, good.clone(), true);
    check(404, good.clone(), false);
    // A redirect is not followed, whatever its body.
    for status in [301, 302, 303, 307, 308] {
        check(status, good.clone(), false);
    }
    check(200, b"<html>".to_vec(), false);
    check(200, b"{}".to_vec(), false);
    check(200, vec![b' '; crate::RESPONSE_BYTES_MAX + 1], false);
    for edits in [
        json!({"token_endpoint": null}),
        json!({"jwks_uri": null}),
        json!({"issuer": null}),
        json!({"id_token_signing_alg_values_supported": ["HS256", "none"]}),
        json!({"id_token_signing_alg_values_supported": []}),
    ] {
        check(200, edited(document(), &edits).to_string().into_bytes(), false);
    }
}

#[test]
fn outages_are_typed() {
    run(async {
        let world = World::new();
        world.http.unplug(DOCUMENT);
        assert!(matches!(ask(&world).await, Err(OidcError::Unreachable { .. })));
        assert!(matches!(ask(&world).await, Err(OidcError::StillUnreachable { .. })));
        assert_eq!(world.http.count(DOCUMENT), 1);
    });
}

#[test]
fn people_are_sent_with_everything() {
    run(async {
        let mut world = World::new();
        let metadata = discover(&world.http, &world.cache, &world.provider, now())
            .await
            .unwrap();
        let url = authorization_url(
            &world.provider,
            &metadata,
            &world.attempt,
            Some(Prompt::Login),
            Some("a&b=c"),
        )
        .unwrap();
        let url = url::Url::parse(&url).unwrap();
        assert!(url.as_str().starts_with("https://id.acme.example/authorize?tenant=1&"));
        let pairs = url
            .query_pairs()
            .into_owned()
            .collect::<std::collections::HashMap<_, _>>();
        for (name, value) in [
            ("response_type", "code"),
            ("client_id", "app"),
            ("redirect_uri", "https://app.example/callback"),
            ("scope", "openid email"),
            ("state", "state"),
            ("nonce", "nonce"),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
            ("prompt", "login"),
            ("login_hint", "a&b=c"),
        ] {
            assert_eq!(pairs.get(name).map(String::as_str), Some(value), "{name}");
        }
        assert!(!url.as_str().contains("word") && !url.as_str().contains("dBjft"));
        world.attempt.redirect_uri = "callback".into();
        assert!(authorization_url(&world.provider, &metadata, &world.attempt, None, None).is_err());
    });
}

#[test]
fn attempts_are_never_the_same() {
    let (one, two) = (
        Attempt::begin("https://a.example", &mut rand::rng()),
        Attempt::begin("https://a.example", &mut rand::rng()),
    );
    assert!(one.state != two.state && one.nonce != two.nonce && one.state != one.nonce);
    assert!(one.state.len() == 43 && !one.verifier.answers(&two.verifier.challenge()));
}
