use super::*;
use crate::TokenError;
use crate::testing::run;

const TID: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
const OTHER: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

fn microsoft() -> World {
    let mut world = World::with("RS256");
    world.provider = Provider::of(Preset::Microsoft, "microsoft", "app", Some(Secret::new("word"))).unwrap();
    world.http.set(
        "https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration",
        &edited(
            document(),
            &json!({"issuer": "https://login.microsoftonline.com/{tenantid}/v2.0"}),
        ),
    );
    world
}

fn issuer(tenant: &str) -> String {
    format!("https://login.microsoftonline.com/{tenant}/v2.0")
}

#[test]
fn microsofts_tenants_are_issuers() {
    run(async {
        let world = microsoft();
        let good = edited(
            claims(),
            &json!({"iss": issuer(TID), "tid": TID, "email_verified": null}),
        );
        let found = world.sign_in(&world.key.token(&good)).await.unwrap();
        assert_eq!(found.issuer, issuer(TID));
        // An administrator of any tenant writes any address.
        assert!(!found.email_verified);
        for edits in [
            json!({"iss": issuer(OTHER)}),
            json!({"tid": OTHER}),
            json!({"tid": null}),
            json!({"iss": issuer("common"), "tid": "common"}),
            json!({"iss": issuer("{tenantid}"), "tid": "{tenantid}"}),
            json!({"iss": "https://evil.example/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0"}),
        ] {
            let found = world.sign_in(&world.key.token(&edited(good.clone(), &edits))).await;
            assert!(
                matches!(
                    found,
                    Err(OidcError::Token(TokenError::Issuer | TokenError::Claim("tid")))
                ),
                "{edits}"
            );
        }
        // The callback names one tenant, the token another.
        world.http.set(
            TOKEN,
            &json!({"access_token": "a", "token_type": "Bearer", "id_token": world.key.token(&good)}),
        );
        world
            .back(&format!("code=c&state=state&iss={}", issuer(TID)))
            .await
            .unwrap();
        assert!(
            world
                .back(&format!("code=c&state=state&iss={}", issuer(OTHER)))
                .await
                .is_err()
        );
    });
}

#[test]
fn microsofts_keys_sign_for_whom_they_say() {
    run(async {
        let world = microsoft();
        let good = world
            .key
            .token(&edited(claims(), &json!({"iss": issuer(TID), "tid": TID})));
        world.http.set(
            KEYS,
            &json!({"keys": [edited(world.key.jwk.clone(), &json!({"issuer": issuer(OTHER)}))]}),
        );
        assert!(matches!(
            world.sign_in(&good).await,
            Err(OidcError::Token(TokenError::Issuer))
        ));
        let world = microsoft();
        world.http.set(
            KEYS,
            &json!({"keys": [edited(world.key.jwk.clone(), &json!({"issuer": issuer("{tenantid}")}))]}),
        );
        world.sign_in(&good).await.unwrap();
    });
}

#[test]
fn the_template_is_microsofts_alone() {
    run(async {
        let mut world = microsoft();
        world.provider.preset = Preset::Plain;
        let found = discover(&world.http, &world.cache, &world.provider, now()).await;
        assert!(matches!(found, Err(OidcError::IssuerMismatch { .. })));
    });
}

#[test]
fn googles_old_issuer_is_its_new_one() {
    run(async {
        let mut world = World::with("RS256");
        world.provider = Provider::of(Preset::Google, "google", "app", None).unwrap();
        world.http.set(
            "https://accounts.google.com/.well-known/openid-configuration",
            &edited(document(), &json!({"issuer": "https://accounts.google.com"})),
        );
        for iss in ["accounts.google.com", "https://accounts.google.com"] {
            let found = world
                .sign_in(&world.key.token(&edited(claims(), &json!({"iss": iss, "azp": "app"}))))
                .await
                .unwrap();
            assert_eq!(found.issuer, "https://accounts.google.com");
        }
        assert!(
            world
                .sign_in(&world.key.token(&edited(claims(), &json!({"iss": "google.com"}))))
                .await
                .is_err()
        );
    });
}

#[test]
fn userinfo_is_of_the_same_subject() {
    run(async {
        let mut world = World::new();
        world.provider.userinfo = true;
        let token = world.key.token(&edited(
            claims(),
            &json!({"email": null, "email_verified": null, "groups": null}),
        ));
        let sub = "248289761001";
        world.http.set(USERINFO, &json!({"sub": sub, "email": "jane@acme.example", "email_verified": true, "groups": ["g"], "name": "X", "iss": "x", "acr": "9", "tid": TID}));
        let found = world.sign_in(&token).await.unwrap();
        assert_eq!(
            (found.email.as_deref(), found.email_verified),
            (Some("jane@acme.example"), true)
        );
        assert_eq!(crate::pick(&Value::Object(found.raw.clone()), "groups"), ["g"]);
        assert_eq!(
            (found.name.as_deref(), found.acr.as_deref(), found.issuer.as_str()),
            (Some("Jane"), Some("2"), ISSUER)
        );
        assert!(!found.raw.contains_key("tid"));
        assert_eq!(world.http.last(USERINFO, "authorization").0, "Bearer access");

        for answer in [
            json!({"sub": "other", "email": "x"}),
            json!({"email": "x"}),
            json!({"sub": null}),
            json!({"sub": [sub]}),
        ] {
            world.http.set(USERINFO, &answer);
            assert!(
                matches!(world.sign_in(&token).await, Err(OidcError::UserinfoSubject)),
                "{answer}"
            );
        }
        for (status, kind, body) in [
            (200, "application/jwt", "e30.e30."),
            (200, "application/json", "[]"),
            (401, "application/json", "{}"),
            (302, "text/html", ""),
        ] {
            world.http.set_raw(USERINFO, status, kind, body.into());
            assert!(world.sign_in(&token).await.is_err(), "{status} {kind}");
        }
    });
}

#[test]
fn a_verified_address_is_that_one() {
    run(async {
        let mut world = World::new();
        world.provider.userinfo = true;
        // The token's address is not verified; that the endpoint's is, says nothing of it.
        let token = world.key.token(&edited(
            claims(),
            &json!({"email": "boss@acme.example", "email_verified": null}),
        ));
        world.http.set(
            USERINFO,
            &json!({"sub": "248289761001", "email": "jane@evil.example", "email_verified": true}),
        );
        let found = world.sign_in(&token).await.unwrap();
        assert_eq!(
            (found.email.as_deref(), found.email_verified),
            (Some("boss@acme.example"), false)
        );
        world
            .http
            .set(USERINFO, &json!({"sub": "248289761001", "email_verified": true}));
        assert!(!world.sign_in(&token).await.unwrap().email_verified);
    });
}

#[test]
fn what_the_token_endpoint_says_is_told_apart() {
    run(async {
        let world = World::new();
        let answer = async |status: u16, kind: &'static str, body: &str| {
            world.http.set_raw(TOKEN, status, kind, body.into());
            world.back("code=c&state=state").await.unwrap_err()
        };
        let error = answer(400, "application/json", r#"{"error":"invalid_grant"}"#).await;
        assert!(matches!(error, OidcError::Refused { error } if error == "invalid_grant"));
        let error = answer(401, "application/json", r#"{"error":"invalid_client"}"#).await;
        assert!(matches!(error, OidcError::Refused { .. }));
        for status in [500, 502, 503, 429] {
            assert!(
                answer(status, "application/json", r#"{"error":"server_error"}"#)
                    .await
                    .is_outage(),
                "{status}"
            );
        }
        for (status, kind, body) in [
            (200, "text/html", "<html>"),
            (200, "application/json", "{}"),
            (200, "application/json", ""),
            (302, "text/html", ""),
            (404, "text/html", "x"),
        ] {
            let error = answer(status, kind, body).await;
            assert!(
                matches!(error, OidcError::BadAnswer { .. } | OidcError::Status { .. }),
                "{status} {error}"
            );
            assert!(!error.is_outage());
        }
        let error = answer(200, "application/json", r#"{"access_token":"a","token_type":"Bearer"}"#).await;
        assert!(matches!(error, OidcError::NoIdToken));
        world.http.unplug(TOKEN);
        assert!(world.back("code=c&state=state").await.unwrap_err().is_outage());
    });
}

#[test]
fn futures_can_be_sent() {
    fn is_send<T: Send>(_: T) {}
    let world = World::new();
    let callback = Callback::parse("code=c&state=state").unwrap();
    is_send(finish(
        &world.http,
        &world.cache,
        &world.provider,
        callback,
        world.attempt.clone(),
        now(),
    ));
    is_send(discover(&world.http, &world.cache, &world.provider, now()));
    is_send(crate::verify_logout_token(
        &world.http,
        &world.cache,
        &world.provider,
        "",
        now(),
    ));
    // A closure is an HTTP client.
    let closure = |request: crate::Request| async move {
        Err::<crate::Response, crate::HttpError>(request.uri().to_string().into())
    };
    is_send(discover(&closure, &world.cache, &world.provider, now()));
    let error = run(discover(&closure, &world.cache, &world.provider, now())).unwrap_err();
    assert!(error.is_outage());
}
