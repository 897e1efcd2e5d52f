use super::*;
use crate::testing::run;

const EXCHANGE: &str = "https://github.com/login/oauth/access_token";
const USER: &str = "https://api.github.com/user";
const ADDRESSES: &str = "https://api.github.com/user/emails";

fn world() -> World {
    let mut world = World::new();
    world.provider = Provider::of(Preset::GitHub, "github", "app", Some(Secret::new("word"))).unwrap();
    world.http.set(
        EXCHANGE,
        &json!({"access_token": "access", "token_type": "bearer", "scope": "read:user,user:email"}),
    );
    world.http.set(USER, &json!({"id": 583_231, "login": "octocat", "name": null, "email": "written@anywhere.example", "email_verified": true, "company": "acme", "sub": "1", "iss": "x"}));
    world.http.set(
        ADDRESSES,
        &json!([
            {"email": "old@acme.example", "primary": false, "verified": true, "visibility": null},
            {"email": "jane@acme.example", "primary": true, "verified": true, "visibility": "public"},
        ]),
    );
    world
}

#[test]
fn accounts_are_numbers() {
    run(async {
        let world = world();
        let found = world.back("code=c&state=state").await.unwrap();
        assert_eq!(
            (found.issuer.as_str(), found.subject.as_str()),
            ("https://github.com", "583231")
        );
        assert_eq!(
            (found.email.as_deref(), found.email_verified),
            (Some("jane@acme.example"), true)
        );
        assert_eq!(found.name.as_deref(), Some("octocat"));
        assert_eq!(crate::pick(&Value::Object(found.raw), "company"), ["acme"]);
        assert_eq!(world.http.last(USER, "authorization").0, "Bearer access");
        assert_eq!(world.http.last(USER, "user-agent").0, "freehold");
        assert!(world.http.last(EXCHANGE, "accept").1.contains("code_verifier="));
    });
}

#[test]
fn addresses_are_believed_only_if_verified() {
    run(async {
        let world = world();
        world.http.set(
            ADDRESSES,
            &json!([{"email": "jane@acme.example", "primary": true, "verified": false}]),
        );
        let found = world.back("code=c&state=state").await.unwrap();
        assert_eq!(
            (found.email.as_deref(), found.email_verified),
            (Some("jane@acme.example"), false)
        );
        for status in [403, 404] {
            world
                .http
                .set_raw(ADDRESSES, status, "application/json", b"{}".to_vec());
            let found = world.back("code=c&state=state").await.unwrap();
            assert_eq!((found.email, found.email_verified), (None, false));
        }
        world.http.set_raw(ADDRESSES, 502, "text/html", Vec::new());
        assert!(world.back("code=c&state=state").await.unwrap_err().is_outage());
    });
}

#[test]
fn refusals_come_with_status_200() {
    run(async {
        let world = world();
        world.http.set(
            EXCHANGE,
            &json!({"error": "bad_verification_code", "error_description": "x"}),
        );
        assert!(
            matches!(world.back("code=c&state=state").await, Err(OidcError::Refused { error }) if error == "bad_verification_code")
        );
        world.http.set(EXCHANGE, &json!({"error": "<script>"}));
        assert!(
            matches!(world.back("code=c&state=state").await, Err(OidcError::Refused { error }) if error == "unknown")
        );
    });
}

#[test]
fn what_is_no_account_is_refused() {
    run(async {
        let world = world();
        for answer in [json!({}), json!({"id": "583231"}), json!({"id": -1}), json!([])] {
            world.http.set(USER, &answer);
            assert!(world.back("code=c&state=state").await.is_err(), "{answer}");
        }
        let metadata = discover(&world.http, &world.cache, &world.provider, now())
            .await
            .unwrap();
        let url = authorization_url(&world.provider, &metadata, &world.attempt, None, Some("octocat")).unwrap();
        assert!(
            url.contains("scope=read%3Auser+user%3Aemail")
                && url.contains("login=octocat")
                && !url.contains("openid")
                && !url.contains("nonce")
        );
    });
}
