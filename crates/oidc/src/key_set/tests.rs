use super::*;
use crate::testing::{FakeHttp, TestKey, at, hs256, now, run, tampered};
use serde_json::json;

const ALGORITHMS: [&str; 5] = ["RS256", "PS256", "ES256", "ES384", "EdDSA"];

fn set(keys: &[&Value]) -> KeySet {
    KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

fn check(keys: &[&Value], token: &str, expected: Result<(), TokenError>) {
    let found = Jws::parse(token).and_then(|jws| set(keys).verify(&jws).map(|_| ()));
    assert_eq!(found, expected);
}

#[test]
fn every_algorithm_is_verified() {
    for algorithm in ALGORITHMS {
        let key = TestKey::new(algorithm, "a");
        let token = key.token(&json!({"sub": "somebody who is there"}));
        check(&[&key.jwk], &token, Ok(()));
        check(
            &[&key.jwk],
            &tampered(&token, 1).replace("==", ""),
            match Jws::parse(&tampered(&token, 1)) {
                Ok(_) => Err(TokenError::Signature),
                Err(error) => Err(error),
            },
        );
        check(&[&key.jwk], &tampered(&token, 2), Err(TokenError::Signature));
        let (signed, _) = token.rsplit_once('.').unwrap();
        check(&[&key.jwk], &format!("{signed}."), Err(TokenError::Signature));
        check(&[&key.jwk], &format!("{signed}.AAAA"), Err(TokenError::Signature));
        // A signature of zeroes: CVE-2022-21449.
        check(
            &[&key.jwk],
            &format!("{signed}.{}", crate::json::encode(&[0; 64])),
            Err(TokenError::Signature),
        );
        let other = json!({"sub": "somebody else altogether"}).to_string();
        let parts = token.split('.').collect::<Vec<_>>();
        let forged = format!("{}.{}.{}", parts[0], crate::json::encode(other.as_bytes()), parts[2]);
        check(&[&key.jwk], &forged, Err(TokenError::Signature));
    }
}

#[test]
fn keys_sign_with_their_own_algorithm() {
    for algorithm in ALGORITHMS {
        let key = TestKey::new(algorithm, "a");
        for other in ALGORITHMS.into_iter().filter(|other| *other != algorithm) {
            let mut header = key.header();
            header["alg"] = json!(other);
            let token = key.token_with(&header, &json!({}));
            let rsa = algorithm.ends_with("S256") && other.ends_with("S256") && ![algorithm, other].contains(&"ES256");
            check(
                &[&key.jwk],
                &token,
                Err(if rsa {
                    TokenError::Signature
                } else {
                    TokenError::UnknownKey
                }),
            );
        }
        // The key says what it is for.
        let mut jwk = key.jwk.clone();
        jwk["alg"] = json!(algorithm);
        check(&[&jwk], &key.token(&json!({})), Ok(()));
    }
    let (key, mut jwk) = (TestKey::new("RS256", "a"), TestKey::new("RS256", "a").jwk);
    jwk["alg"] = json!("PS256");
    check(&[&jwk], &key.token(&json!({})), Err(TokenError::UnknownKey));
}

#[test]
fn the_public_key_is_no_secret() {
    for algorithm in ALGORITHMS {
        let key = TestKey::new(algorithm, "a");
        let material = ["n", "x"].into_iter().find_map(|name| key.jwk[name].as_str()).unwrap();
        for secret in [
            key.jwk.to_string().as_bytes(),
            material.as_bytes(),
            &decode(material).unwrap(),
        ] {
            for alg in ["HS256", "hs256", "none", algorithm] {
                let token = hs256(secret, &json!({"alg": alg, "kid": "a"}), &json!({}));
                let expected = if alg == algorithm {
                    TokenError::Signature
                } else {
                    TokenError::Algorithm
                };
                check(&[&key.jwk], &token, Err(expected));
            }
        }
    }
    // And a shared one in a key set is none either.
    let oct = json!({"kty": "oct", "k": "c2VjcmV0", "kid": "a", "alg": "HS256"});
    check(
        &[&oct],
        &hs256(b"secret", &json!({"alg": "HS256", "kid": "a"}), &json!({})),
        Err(TokenError::Algorithm),
    );
}

#[test]
fn the_headers_own_keys_are_not_read() {
    let (key, evil) = (TestKey::new("ES256", "a"), TestKey::new("ES256", "a"));
    for (name, value) in [
        ("jwk", evil.jwk.clone()),
        ("jku", json!("https://evil.example/keys")),
        ("x5u", json!("https://evil.example/chain")),
        ("x5c", json!(["MIIB"])),
    ] {
        let mut header = evil.header();
        header[name] = value;
        check(
            &[&key.jwk],
            &evil.token_with(&header, &json!({})),
            Err(TokenError::Signature),
        );
        let mut header = key.header();
        header[name] = json!("whatever");
        check(&[&key.jwk], &key.token_with(&header, &json!({})), Ok(()));
    }
}

#[test]
fn keys_are_told_apart() {
    let (one, two) = (TestKey::new("ES256", "one"), TestKey::new("ES256", "two"));
    let nameless = one.token_with(&json!({"alg": "ES256"}), &json!({}));
    check(&[&one.jwk, &two.jwk], &one.token(&json!({})), Ok(()));
    check(&[&one.jwk, &two.jwk], &nameless, Err(TokenError::AmbiguousKey));
    check(&[&one.jwk], &nameless, Ok(()));
    check(&[&two.jwk], &nameless, Err(TokenError::Signature));
    check(&[], &nameless, Err(TokenError::UnknownKey));
    check(&[&two.jwk], &one.token(&json!({})), Err(TokenError::UnknownKey));

    // A name twice: whichever stands first, neither counts.
    let twin = TestKey::new("ES256", "one");
    for keys in [[&one.jwk, &twin.jwk], [&twin.jwk, &one.jwk]] {
        check(&keys, &one.token(&json!({})), Err(TokenError::AmbiguousKey));
    }
    // Of different kinds it is no question which (RFC 7517 section 4.5).
    let other = TestKey::new("EdDSA", "one");
    check(&[&one.jwk, &other.jwk], &one.token(&json!({})), Ok(()));

    // A key without a name has signed nothing that names one.
    let mut jwk = one.jwk.clone();
    jwk.as_object_mut().unwrap().remove("kid");
    check(&[&jwk], &one.token(&json!({})), Err(TokenError::UnknownKey));
    // A name is no path, and not compared by halves.
    let mut header = one.header();
    for id in ["../../dev/null", "on", "ONE", "one ", ""] {
        header["kid"] = json!(id);
        check(
            &[&one.jwk],
            &one.token_with(&header, &json!({})),
            Err(TokenError::UnknownKey),
        );
    }
}

#[test]
fn weak_and_foreign_keys_are_left_out() {
    let count = |key: Value| set(&[&key]).0.len();
    let edit = |key: &TestKey, name: &str, value: Value| {
        let mut jwk = key.jwk.clone();
        jwk[name] = value;
        jwk
    };
    let (rsa, ec) = (TestKey::new("RS256", "a"), TestKey::new("ES256", "a"));
    assert_eq!(count(edit(&ec, "x5t", json!("x"))), 1);
    assert_eq!(count(edit(&ec, "key_ops", json!(["verify"]))), 1);
    for (name, value) in [
        ("use", json!("enc")),
        ("use", json!(1)),
        ("key_ops", json!(["sign"])),
        ("key_ops", json!("verify")),
        ("alg", json!("ES384")),
        ("alg", json!("HS256")),
        ("alg", json!("none")),
        ("d", json!("AAAA")),
        ("crv", json!("P-384")),
        ("crv", json!("secp256k1")),
        ("kty", json!("oct")),
        ("kty", json!("RSA")),
        ("x", json!("AAAA")),
        ("x", json!(null)),
        ("kid", json!(7)),
    ] {
        assert_eq!(count(edit(&ec, name, value.clone())), 0, "{name} {value}");
    }
    assert_eq!(
        count(edit(&rsa, "n", json!(crate::json::encode(&[0xFF; 128])))),
        0,
        "1024 bits"
    );
    assert_eq!(
        count(edit(
            &rsa,
            "n",
            json!(crate::json::encode(&[&[0; 200][..], &[0xFF; 128]].concat()))
        )),
        0
    );
    assert_eq!(
        count(edit(&rsa, "n", json!(crate::json::encode(&[0xFF; 1025])))),
        0,
        "more than 8192 bits"
    );
    // A zero in front is a mistake, and harmless.
    let modulus = decode(rsa.jwk["n"].as_str().unwrap()).unwrap();
    let padded = edit(&rsa, "n", json!(crate::json::encode(&[&[0][..], &modulus].concat())));
    check(&[&padded], &rsa.token(&json!({})), Ok(()));
    // With an exponent of one every message is its own signature.
    for exponent in [[1].as_slice(), &[0], &[2], &[]] {
        let weak = edit(&rsa, "e", json!(crate::json::encode(exponent)));
        let token = rsa.token(&json!({}));
        let jws = Jws::parse(&token).unwrap();
        assert_eq!(
            set(&[&weak]).verify(&jws).map(|_| ()),
            Err(TokenError::Signature),
            "{exponent:?}"
        );
    }
    // A point that is on no curve.
    let off = edit(&ec, "y", json!(crate::json::encode(&[1; 32])));
    check(&[&off], &ec.token(&json!({})), Err(TokenError::Signature));
}

#[test]
fn documents_that_are_none() {
    for text in [
        "",
        "[]",
        "{}",
        r#"{"keys":{}}"#,
        r#"{"keys":null}"#,
        r#"{"keys":[],"keys":[]}"#,
        "<html>",
    ] {
        assert!(KeySet::parse(text.as_bytes()).is_none(), "{text}");
    }
    assert!(KeySet::parse(json!({"keys": vec![json!({}); 201]}).to_string().as_bytes()).is_none());
    // One that is no key spoils no other.
    let key = TestKey::new("ES256", "a");
    let document = json!({"keys": ["x", null, {}, {"kty": "new"}, key.jwk]}).to_string();
    assert_eq!(KeySet::parse(document.as_bytes()).map(|keys| keys.0.len()), Some(1));
}

#[test]
fn unknown_names_fetch_the_keys_anew_once_a_minute() {
    const URL: &str = "https://id.acme.example/keys";
    run(async {
        let (http, cache) = (FakeHttp::default(), Cache::new());
        let (old, new, evil) = (
            TestKey::new("ES256", "old"),
            TestKey::new("ES256", "new"),
            TestKey::new("ES256", "evil"),
        );
        let ask = async |key: &TestKey, seconds: i64| {
            let token = key.token(&json!({}));
            let jws = Jws::parse(&token).unwrap();
            verified(&http, &cache, (URL, Plain::Never), jws, at(seconds))
                .await
                .map(|_| ())
        };
        http.set(URL, &json!({"keys": [old.jwk]}));
        ask(&old, 0).await.unwrap();
        // Rotation.
        http.set(URL, &json!({"keys": [old.jwk, new.jwk]}));
        ask(&new, 60).await.unwrap();
        ask(&old, 61).await.unwrap();
        assert_eq!(http.count(URL), 2);
        // A flood of names that nobody has.
        for seconds in 62..180 {
            let error = ask(&evil, seconds).await.unwrap_err();
            assert!(matches!(error, OidcError::Token(TokenError::UnknownKey)), "{error}");
        }
        assert_eq!(http.count(URL), 3);
        // A wrong signature or a nameless token fetches nothing.
        let forged = evil.token_with(&new.header(), &json!({}));
        let nameless = evil.token_with(&json!({"alg": "RS256"}), &json!({}));
        for token in [forged, nameless] {
            let jws = Jws::parse(&token).unwrap();
            assert!(
                verified(&http, &cache, (URL, Plain::Never), jws, at(1000))
                    .await
                    .is_err()
            );
        }
        assert_eq!(http.count(URL), 3);
        // A key that is withdrawn is gone within the hour.
        http.set(URL, &json!({"keys": [new.jwk]}));
        assert!(ask(&old, 4000).await.is_err());
        // An outage is one.
        http.unplug(URL);
        assert!(ask(&new, 9000).await.unwrap_err().is_outage());
        assert!(
            verified(
                &http,
                &Cache::new(),
                ("http://id.acme.example", Plain::Never),
                Jws::parse(&new.token(&json!({}))).unwrap(),
                now()
            )
            .await
            .is_err()
        );
    });
}
