use super::authenticator::{HOME, Key, Scene, bytes, create, get, text};
use super::*;
use crate::FactorError;
use serde_json::{Value, json};

const ADA: Uuid = Uuid::from_u128(0xADA);
const BOB: Uuid = Uuid::from_u128(0xB0B);

fn site() -> RelyingParty {
    RelyingParty::new(
        "example.com",
        &["https://app.example.com", "https://example.com"],
        "Example",
    )
    .unwrap()
}

/// A passkey of that user, registered in this scene.
fn register(user: Uuid, seed: u8, scene: &Scene) -> Result<(Key, StoredPasskey), FactorError> {
    let begun = site().begin_registration(user, "ada@example.com", "Ada", &[]).unwrap();
    let (key, answer) = create(&begun.options, seed, scene);
    Ok((key, site().finish_registration(&begun.state, &answer.to_string())?))
}

fn ada() -> (Key, StoredPasskey) {
    register(ADA, 1, &HOME).unwrap()
}

/// What comes of asking for a passkey, which answers in this scene.
fn sign_in(ask: Ask<'_>, key: &Key, stored: &StoredPasskey, scene: &Scene) -> Result<Outcome, FactorError> {
    let begun = site().begin_authentication(ask).unwrap();
    let answer = get(&begun.options, key, scene).to_string();
    assert_eq!(RelyingParty::credential_id(&answer), Ok(key.id.clone()));
    site().finish_authentication(&begun.state, &answer, stored)
}

#[test]
fn a_passkey_is_registered_and_lets_in() {
    let (key, stored) = ada();
    assert_eq!(stored.credential_id(), key.id);
    assert_eq!(key.user, ADA.as_bytes());
    assert_eq!(stored.user_id(), ADA);
    assert!(stored.user_verified() && stored.in_device() && !stored.synchronised());
    // It goes to the database and back.
    let stored: StoredPasskey = serde_json::from_value(serde_json::to_value(&stored).unwrap()).unwrap();
    let mine = [stored.clone()];
    for ask in [Ask::SecondFactor(&mine), Ask::OnlyFactor(&mine), Ask::Discoverable] {
        let outcome = sign_in(ask, &key, &stored, &Scene { counter: 7, ..HOME }).unwrap();
        assert_eq!(outcome.credential_id, key.id);
        assert_eq!(
            (outcome.user_id, outcome.counter, outcome.user_verified),
            (ADA, 7, true)
        );
        assert_eq!(outcome.updated.counter(), 7);
        assert_eq!(outcome.updated.credential_id(), key.id);
    }
    // Without counters, as passkeys of several devices are.
    assert_eq!(sign_in(Ask::Discoverable, &key, &stored, &HOME).unwrap().counter, 0);
}

#[test]
fn the_browser_is_asked_for_the_right_thing() {
    let (_, stored) = ada();
    let begun = site()
        .begin_registration(ADA, "ada@example.com", "Ada", std::slice::from_ref(&stored))
        .unwrap();
    let options: Value = serde_json::from_str(&begun.options).unwrap();
    let options = &options["publicKey"];
    assert_eq!(options["rp"], json!({"name": "Example", "id": "example.com"}));
    assert_eq!(bytes(&options["user"]["id"]), ADA.as_bytes());
    assert_eq!(options["attestation"], "none");
    assert_eq!(options["excludeCredentials"][0]["id"], text(stored.credential_id()));
    assert_eq!(options["authenticatorSelection"]["userVerification"], "preferred");
    assert_eq!(options["authenticatorSelection"]["residentKey"], "preferred");
    assert_eq!(bytes(&options["challenge"]).len(), 32);
    assert_eq!(options["pubKeyCredParams"][0], json!({"type": "public-key", "alg": -7}));
    let mine = [stored.clone()];
    for (ask, verification, allowed) in [
        (Ask::SecondFactor(&mine), "preferred", 1),
        (Ask::OnlyFactor(&mine), "required", 1),
        (Ask::Discoverable, "required", 0),
    ] {
        let begun = site().begin_authentication(ask).unwrap();
        let again = site().begin_authentication(ask).unwrap();
        let options: Value = serde_json::from_str(&begun.options).unwrap();
        let options = &options["publicKey"];
        assert_eq!(options["userVerification"], verification);
        assert_eq!(options["rpId"], "example.com");
        assert_eq!(options["allowCredentials"].as_array().unwrap().len(), allowed);
        assert_ne!(begun.options, again.options, "the challenge");
        assert!(
            !begun.state.contains("\"counter\""),
            "the passkey is read again later: {}",
            begun.state
        );
    }
    // An empty list would let any passkey answer.
    for ask in [Ask::SecondFactor(&[]), Ask::OnlyFactor(&[])] {
        assert_eq!(
            site().begin_authentication(ask).err(),
            Some(FactorError::UnknownPasskey)
        );
    }
    assert_eq!(
        site().begin_registration(ADA, "", "Ada", &[]).err(),
        Some(FactorError::UserName)
    );
}

/// Scenes that neither ceremony believes.
fn lies() -> Vec<(Scene, FactorError)> {
    let mut lies: Vec<_> = [
        "https://evil.test",
        "http://app.example.com",
        "https://app.example.com:444",
        "https://other.example.com",
        "https://app.example.com.",
        "null",
    ]
    .into_iter()
    .map(|origin| (Scene { origin, ..HOME }, FactorError::Origin))
    .collect();
    lies.push((Scene { framed: true, ..HOME }, FactorError::Origin));
    for rp_id in ["evil.test", "app.example.com", "Example.com"] {
        lies.push((Scene { rp_id, ..HOME }, FactorError::OtherRelyingParty));
    }
    lies.push((Scene { present: false, ..HOME }, FactorError::NotPresent));
    lies.push((
        Scene {
            kind: Some("payment.get"),
            ..HOME
        },
        FactorError::Refused,
    ));
    lies
}

#[test]
fn another_page_site_or_purpose_is_refused() {
    let (key, stored) = ada();
    let mine = [stored.clone()];
    for (scene, fault) in lies() {
        assert_eq!(
            register(ADA, 2, &scene).err(),
            Some(fault),
            "{} {}",
            scene.origin,
            scene.rp_id
        );
        for ask in [Ask::SecondFactor(&mine), Ask::OnlyFactor(&mine), Ask::Discoverable] {
            assert_eq!(
                sign_in(ask, &key, &stored, &scene).err(),
                Some(fault),
                "{} {}",
                scene.origin,
                scene.rp_id
            );
        }
    }
    // Each half of one ceremony is no half of the other.
    let scene = Scene {
        kind: Some("webauthn.get"),
        ..HOME
    };
    assert_eq!(register(ADA, 2, &scene).err(), Some(FactorError::Refused));
    let scene = Scene {
        kind: Some("webauthn.create"),
        ..HOME
    };
    assert_eq!(
        sign_in(Ask::Discoverable, &key, &stored, &scene).err(),
        Some(FactorError::Refused)
    );
}

#[test]
fn an_answer_is_for_its_own_challenge() {
    let site = site();
    let (key, stored) = ada();
    let mine = [stored.clone()];
    for ask in [Ask::SecondFactor(&mine), Ask::OnlyFactor(&mine), Ask::Discoverable] {
        let (first, second) = (
            site.begin_authentication(ask).unwrap(),
            site.begin_authentication(ask).unwrap(),
        );
        let answer = get(&first.options, &key, &HOME).to_string();
        assert!(site.finish_authentication(&first.state, &answer, &stored).is_ok());
        assert_eq!(
            site.finish_authentication(&second.state, &answer, &stored).err(),
            Some(FactorError::Challenge)
        );
    }
    let begin = || site.begin_registration(ADA, "ada", "Ada", &[]).unwrap();
    let (first, second) = (begin(), begin());
    let answer = create(&first.options, 2, &HOME).1.to_string();
    assert_eq!(
        site.finish_registration(&second.state, &answer).err(),
        Some(FactorError::Challenge)
    );
}

#[test]
fn a_passkey_of_someone_else_does_not_answer() {
    let (key, stored) = ada();
    let (bobs_key, bobs) = register(BOB, 2, &HOME).unwrap();
    let (mine, his) = ([stored.clone()], [bobs.clone()]);
    // Bob's passkey where Ada's was asked for, with either's entry.
    for entry in [&stored, &bobs] {
        for ask in [Ask::SecondFactor(&mine), Ask::OnlyFactor(&mine)] {
            assert_eq!(
                sign_in(ask, &bobs_key, entry, &HOME).err(),
                Some(FactorError::UnknownPasskey)
            );
        }
    }
    // Ada's own, but its entry is Bob's, or its user is.
    assert_eq!(
        sign_in(Ask::OnlyFactor(&his), &key, &bobs, &HOME).err(),
        Some(FactorError::UnknownPasskey)
    );
    let lying = Key {
        user: BOB.as_bytes().to_vec(),
        ..ada().0
    };
    for ask in [Ask::Discoverable, Ask::OnlyFactor(&mine)] {
        assert_eq!(
            sign_in(ask, &lying, &stored, &HOME).err(),
            Some(FactorError::UnknownPasskey)
        );
    }
    // Bob's key pair under the id of Ada's.
    let forged = Key {
        id: key.id.clone(),
        user: key.user.clone(),
        ..bobs_key
    };
    for ask in [Ask::Discoverable, Ask::SecondFactor(&mine)] {
        assert_eq!(
            sign_in(ask, &forged, &stored, &HOME).err(),
            Some(FactorError::Signature)
        );
    }
    // A key that does not say whose it is, which one of U2F does not.
    let silent = Scene {
        tells_user: false,
        ..HOME
    };
    assert!(sign_in(Ask::SecondFactor(&mine), &key, &stored, &silent).is_ok());
    assert_eq!(
        sign_in(Ask::Discoverable, &key, &stored, &silent).err(),
        Some(FactorError::UnknownPasskey)
    );
}

#[test]
fn a_counter_that_goes_back_or_stands_still_is_refused() {
    let (key, stored) = register(ADA, 1, &Scene { counter: 5, ..HOME }).unwrap();
    assert_eq!(stored.counter(), 5);
    let mine = [stored.clone()];
    for ask in [Ask::SecondFactor(&mine), Ask::Discoverable] {
        for counter in [0, 1, 4, 5] {
            let fault = sign_in(ask, &key, &stored, &Scene { counter, ..HOME }).err();
            assert_eq!(fault, Some(FactorError::Counter), "{counter}");
        }
    }
    // It is the counter of the entry that counts, not the one of when the ceremony began.
    let begun = site().begin_authentication(Ask::SecondFactor(&mine)).unwrap();
    let answer = get(&begun.options, &key, &Scene { counter: 6, ..HOME }).to_string();
    let updated = site()
        .finish_authentication(&begun.state, &answer, &stored)
        .unwrap()
        .updated;
    assert_eq!(updated.counter(), 6);
    assert_eq!(
        site().finish_authentication(&begun.state, &answer, &updated).err(),
        Some(FactorError::Counter)
    );
}

#[test]
fn without_a_verified_user_it_is_a_second_factor_at_most() {
    let blind = Scene {
        verified: false,
        ..HOME
    };
    let (key, stored) = register(ADA, 1, &blind).unwrap();
    assert!(!stored.user_verified());
    let mine = [stored.clone()];
    let outcome = sign_in(Ask::SecondFactor(&mine), &key, &stored, &blind).unwrap();
    assert!(!outcome.user_verified && !outcome.updated.user_verified());
    for ask in [Ask::OnlyFactor(&mine), Ask::Discoverable] {
        assert_eq!(
            sign_in(ask, &key, &stored, &blind).err(),
            Some(FactorError::NotVerified)
        );
    }
    // Once it has a PIN it must use it.
    let updated = sign_in(Ask::OnlyFactor(&mine), &key, &stored, &HOME).unwrap().updated;
    assert!(updated.user_verified());
    let mine = [updated.clone()];
    assert_eq!(
        sign_in(Ask::SecondFactor(&mine), &key, &updated, &blind).err(),
        Some(FactorError::NotVerified)
    );
    let (key, stored) = ada();
    let mine = [stored.clone()];
    assert_eq!(
        sign_in(Ask::SecondFactor(&mine), &key, &stored, &blind).err(),
        Some(FactorError::NotVerified)
    );
}

#[test]
fn no_byte_of_an_answer_can_be_changed() {
    let site = site();
    let (key, stored) = ada();
    let begun = site.begin_authentication(Ask::Discoverable).unwrap();
    let answer = get(&begun.options, &key, &HOME);
    assert!(
        site.finish_authentication(&begun.state, &answer.to_string(), &stored)
            .is_ok()
    );
    for part in ["signature", "authenticatorData", "clientDataJSON", "userHandle"] {
        let original = bytes(&answer["response"][part]);
        for at in 0..original.len() {
            let mut changed = original.clone();
            changed[at] ^= 1;
            let mut other = answer.clone();
            other["response"][part] = text(&changed).into();
            assert!(
                site.finish_authentication(&begun.state, &other.to_string(), &stored)
                    .is_err(),
                "{part} {at}"
            );
            other["response"][part] = text(&original[..at]).into();
            assert!(
                site.finish_authentication(&begun.state, &other.to_string(), &stored)
                    .is_err(),
                "{part} to {at}"
            );
        }
    }
    let mut other = answer.clone();
    let mut signature = bytes(&answer["response"]["signature"]);
    let last = signature.len() - 1;
    signature[last] ^= 1;
    other["response"]["signature"] = text(&signature).into();
    let fault = site
        .finish_authentication(&begun.state, &other.to_string(), &stored)
        .err();
    assert_eq!(fault, Some(FactorError::Signature));
}

#[test]
fn registering_is_safe_from_odd_answers() {
    let site = site();
    let begun = site.begin_registration(ADA, "ada", "Ada", &[]).unwrap();
    let (_, answer) = create(&begun.options, 1, &HOME);
    let object = bytes(&answer["response"]["attestationObject"]);
    for at in 0..object.len() {
        // None of these may panic; a changed key or id is a passkey of its own.
        for bit in 0..8 {
            let mut changed = object.clone();
            changed[at] ^= 1 << bit;
            let mut other = answer.clone();
            other["response"]["attestationObject"] = text(&changed).into();
            if let Ok(stored) = site.finish_registration(&begun.state, &other.to_string()) {
                assert_eq!(stored.user_id(), ADA);
            }
        }
        let mut other = answer.clone();
        other["response"]["attestationObject"] = text(&object[..at]).into();
        assert!(
            site.finish_registration(&begun.state, &other.to_string()).is_err(),
            "{at}"
        );
    }
    let mut other = answer.clone();
    other["rawId"] = text(&[9; 32]).into();
    assert_eq!(
        site.finish_registration(&begun.state, &other.to_string()).err(),
        Some(FactorError::Refused)
    );
    // EdDSA was not offered.
    let fault = register(
        ADA,
        1,
        &Scene {
            algorithm: 0x27,
            ..HOME
        },
    )
    .err();
    assert!(
        matches!(fault, Some(FactorError::Algorithm | FactorError::Refused)),
        "{fault:?}"
    );
    // Nesting that would overflow a stack.
    let mut other = answer.clone();
    other["response"]["attestationObject"] = text(&vec![0x81; 20_000]).into();
    assert!(site.finish_registration(&begun.state, &other.to_string()).is_err());
    let deep = format!("{}{}", "[".repeat(15_000), "]".repeat(15_000));
    assert_eq!(
        site.finish_registration(&begun.state, &deep).err(),
        Some(FactorError::Unreadable)
    );
    assert_eq!(
        site.finish_registration(&begun.state, &" ".repeat(1 << 20)).err(),
        Some(FactorError::Unreadable)
    );
}

#[test]
fn a_registered_passkey_is_not_registered_again() {
    let (_, stored) = ada();
    let begun = site().begin_registration(ADA, "ada", "Ada", &[stored]).unwrap();
    let (_, answer) = create(&begun.options, 1, &HOME);
    assert_eq!(
        site().finish_registration(&begun.state, &answer.to_string()).err(),
        Some(FactorError::Registered)
    );
}

#[test]
fn a_state_is_of_one_ceremony() {
    let (key, stored) = ada();
    let site = site();
    let registration = site.begin_registration(ADA, "ada", "Ada", &[]).unwrap();
    let authentication = site.begin_authentication(Ask::Discoverable).unwrap();
    let answer = get(&authentication.options, &key, &HOME).to_string();
    for state in ["", "{}", "null", &registration.state] {
        assert_eq!(
            site.finish_authentication(state, &answer, &stored).err(),
            Some(FactorError::State)
        );
    }
    let answer = create(&registration.options, 2, &HOME).1.to_string();
    for state in ["", "{}", "null", &authentication.state] {
        assert_eq!(site.finish_registration(state, &answer).err(), Some(FactorError::State));
    }
    // A state does not let less in by being asked with another site.
    let other = RelyingParty::new("evil.test", &["https://evil.test"], "Evil").unwrap();
    let answer = get(&authentication.options, &key, &HOME).to_string();
    assert_eq!(
        other
            .finish_authentication(&authentication.state, &answer, &stored)
            .err(),
        Some(FactorError::Origin)
    );
}

#[test]
fn a_site_is_a_domain_and_pages_of_it() {
    for (rp_id, origins) in [
        ("example.com", vec!["https://example.com"]),
        (
            "example.com",
            vec!["https://a.b.example.com:8443", "https://example.com"],
        ),
        (
            "localhost",
            vec![
                "http://localhost:8080",
                "https://localhost",
                "http://app.localhost:3000",
            ],
        ),
    ] {
        assert!(
            RelyingParty::new(rp_id, &origins, "Example").is_ok(),
            "{rp_id} {origins:?}"
        );
    }
    for (rp_id, origins, name) in [
        ("example.com", vec![], "Example"),
        ("example.com", vec!["https://example.com"], " "),
        ("", vec!["https://example.com"], "Example"),
        ("com", vec!["https://example.com"], "Example"),
        (".com", vec!["https://example.com"], "Example"),
        ("example.com.", vec!["https://example.com."], "Example"),
        ("Example.com", vec!["https://example.com"], "Example"),
        ("https://example.com", vec!["https://example.com"], "Example"),
        ("127.0.0.1", vec!["https://127.0.0.1"], "Example"),
        ("example.com", vec!["http://example.com"], "Example"),
        ("example.com", vec!["https://example.com/"], "Example"),
        ("example.com", vec!["https://example.com/page"], "Example"),
        ("example.com", vec!["https://example.com:443"], "Example"),
        ("example.com", vec!["https://ada@example.com"], "Example"),
        ("example.com", vec!["https://badexample.com"], "Example"),
        ("example.com", vec!["https://example.com.evil.test"], "Example"),
        (
            "example.com",
            vec!["https://example.com", "https://evil.test"],
            "Example",
        ),
        ("app.example.com", vec!["https://example.com"], "Example"),
        ("example.com", vec!["ftp://example.com"], "Example"),
        ("example.com", vec!["null"], "Example"),
    ] {
        let result = RelyingParty::new(rp_id, &origins, name);
        assert!(
            matches!(result, Err(FactorError::RelyingParty(_))),
            "{rp_id} {origins:?}"
        );
    }
}
