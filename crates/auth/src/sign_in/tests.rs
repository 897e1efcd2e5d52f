use super::*;
use crate::testing::{World, id, worlds};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// A complete sign-in, as a person without a second factor has it.
#[derive(Debug)]
struct SignedIn {
    user: RowId,
    token: crate::Token,
}

async fn attempt(world: &World, email: &str, password: &str) -> Result<SignedIn, AuthError> {
    let (database, directory) = (&world.database, &world.directory);
    let attempt = Attempt { email, password };
    let proven = check_password(database, directory, &world.passwords, attempt, &world.clock).await?;
    forgive(database, proven.user).await?;
    let token = crate::Token::random(&mut rand::rng());
    let new = crate::NewSession::browser(directory, proven.user);
    crate::begin_session(database, &token, &new, world.clock.now()).await?;
    Ok(SignedIn {
        user: proven.user,
        token,
    })
}

#[tokio::test]
async fn a_code_is_counted_with_the_passwords_before_it() {
    for world in worlds("codes").await {
        let (database, directory, clock) = (&world.database, &world.directory, &world.clock);
        let wrong_code = async || {
            let heard = begin_attempt(database, directory, id(1), clock).await.unwrap();
            heard.then_some(fail(database, directory, id(1), clock.now()).await.unwrap())
        };
        let right_password = async || {
            let attempt = Attempt {
                email: "ann@x.test",
                password: "secret",
            };
            check_password(database, directory, &world.passwords, attempt, clock).await
        };
        // Whoever has the password gets no more than three codes, however often they show it.
        assert_eq!(wrong_code().await, Some(false));
        assert!(right_password().await.is_ok());
        assert_eq!(wrong_code().await, Some(false));
        assert!(right_password().await.is_ok());
        assert_eq!(wrong_code().await, Some(true));
        assert_eq!(wrong_code().await, None);
        assert!(right_password().await.is_err());
        // Nobody's attempts are counted who has no password.
        for _ in 0..5 {
            assert!(begin_attempt(database, directory, id(9), clock).await.unwrap());
            assert!(!fail(database, directory, id(9), clock.now()).await.unwrap());
        }
    }
}

#[tokio::test]
async fn an_address_is_verified_as_it_is_stored() {
    for world in worlds("verified").await {
        let (database, directory, clock) = (&world.database, &world.directory, &world.clock);
        let verified = async || {
            let attempt = Attempt {
                email: "ann@x.test",
                password: "secret",
            };
            let proven = check_password(database, directory, &world.passwords, attempt, clock).await;
            proven.unwrap().verified
        };
        assert!(verified().await);
        let phc = world.passwords.hash("secret", &mut rand::rng()).unwrap();
        set_password(database, id(1), phc.clone(), Address::AsItWas, clock.now())
            .await
            .unwrap();
        assert!(verified().await, "it stays as it was");
        let other = "UPDATE fh_credential SET verified_email = 'other@x.test'";
        database.execute_unprepared(other).await.unwrap();
        assert!(!verified().await, "another address");
        set_password(database, id(1), phc, Address::AsItWas, clock.now())
            .await
            .unwrap();
        assert!(!verified().await, "it stays as it was");
        verify_address(database, id(1)).await.unwrap();
        assert!(verified().await);
    }
}

#[tokio::test]
async fn only_the_right_password_of_an_active_user() {
    for world in worlds("password").await {
        assert_eq!(attempt(&world, "ann@x.test", "secret").await.unwrap().user, id(1));
        assert_eq!(attempt(&world, " Ann@X.test ", "secret").await.unwrap().user, id(1));
        for (email, password) in [
            ("ann@x.test", "Secret"),
            ("di@x.test", "secret"),
            ("zoe@x.test", "secret"),
            ("", ""),
            ("%", "secret"),
            ("\0", "\0"),
        ] {
            let error = attempt(&world, email, password).await.unwrap_err();
            assert!(matches!(error, AuthError::SignInRefused(_)), "{email} {error:?}");
        }
    }
}

#[tokio::test]
async fn who_has_no_profile_has_no_account() {
    for mut world in worlds("profile").await {
        // Bo has none of his own.
        let bo = attempt(&world, "bo@x.test", "secret").await.unwrap();
        let tenant = crate::TenantHint::None;
        let identified = async |world: &World| {
            let (database, now) = (&world.database, world.clock.now());
            crate::identify(database, &world.directory, Some(&bo.token), &tenant, now).await
        };
        assert_eq!(identified(&world).await.unwrap().profile.as_deref(), Some("member"));
        world.directory.default_profile = None;
        let error = attempt(&world, "bo@x.test", "secret").await.unwrap_err();
        assert!(matches!(error, AuthError::SignInRefused(_)), "{error:?}");
        assert!(matches!(identified(&world).await, Err(AuthError::BadSession)));
        assert!(attempt(&world, "ann@x.test", "secret").await.is_ok());
    }
}

#[tokio::test]
async fn three_failures_block_for_ten_minutes() {
    for world in worlds("lockout").await {
        for round in 0..2 {
            for _ in 0..2 {
                assert!(attempt(&world, "ann@x.test", "wrong").await.is_err());
            }
            assert!(
                attempt(&world, "ann@x.test", "secret").await.is_ok(),
                "two failures are forgiven, round {round}"
            );
        }
        for _ in 0..3 {
            assert!(attempt(&world, "ann@x.test", "wrong").await.is_err());
        }
        assert!(attempt(&world, "ann@x.test", "secret").await.is_err(), "blocked");
        assert!(
            attempt(&world, "bo@x.test", "secret").await.is_ok(),
            "another account is not"
        );
        world.clock.pass(10 * 60 - 1);
        assert!(attempt(&world, "ann@x.test", "secret").await.is_err(), "still blocked");
        world.clock.pass(1);
        assert!(attempt(&world, "ann@x.test", "wrong").await.is_err());
        assert!(
            attempt(&world, "ann@x.test", "secret").await.is_ok(),
            "counting begins anew"
        );
    }
}

#[tokio::test]
async fn the_audit_log_hears_what_the_client_does_not() {
    for world in worlds("causes").await {
        let mut heard = Vec::new();
        for (email, password) in [
            ("zoe@x.test", "secret"),
            ("di@x.test", "secret"),
            ("ann@x.test", "wrong"),
            ("ann@x.test", "wrong"),
            ("ann@x.test", "wrong"),
            ("ann@x.test", "secret"),
        ] {
            match attempt(&world, email, password).await {
                Err(AuthError::SignInRefused(refused)) => heard.push((refused.user, refused.cause)),
                other => panic!("{email} {other:?}"),
            }
        }
        let ann = Some(id(1));
        assert_eq!(
            heard,
            [
                (None, RefusalCause::NoAccount),
                (None, RefusalCause::NoAccount),
                (ann, RefusalCause::WrongPassword),
                (ann, RefusalCause::WrongPassword),
                (ann, RefusalCause::LockedOut),
                (ann, RefusalCause::Blocked),
            ]
        );
    }
}

#[tokio::test]
async fn the_tenants_of_a_person_are_those_of_active_memberships() {
    for world in worlds("tenants_of").await {
        for (user, expected) in [
            (1, vec![id(11)]),
            (2, vec![id(11)]),
            (3, vec![id(11), id(12)]),
            (9, vec![]),
        ] {
            let found = crate::tenants_of(&world.database, &world.directory, id(user))
                .await
                .unwrap();
            assert_eq!(found, expected, "{user}");
        }
    }
}

#[tokio::test]
async fn an_app_states_its_own_lockout() {
    for mut world in worlds("own_lockout").await {
        world.directory.lockout = Some(Lockout {
            failures_max: 1,
            block: Duration::from_hours(1),
        });
        assert!(attempt(&world, "ann@x.test", "wrong").await.is_err());
        world.clock.pass(60 * 60 - 1);
        assert!(attempt(&world, "ann@x.test", "secret").await.is_err(), "blocked");
        world.clock.pass(1);
        assert!(attempt(&world, "ann@x.test", "secret").await.is_ok());
    }
}

#[tokio::test]
async fn without_passwords_nobody_is_heard() {
    for mut world in worlds("passwords_off").await {
        world.directory.lockout = None;
        for (email, password) in [("ann@x.test", "secret"), ("ann@x.test", "wrong"), ("zoe@x.test", "x")] {
            let error = attempt(&world, email, password).await.unwrap_err();
            assert!(matches!(error, AuthError::PasswordsOff), "{email} {error:?}");
        }
    }
}

#[tokio::test]
async fn refusals_run_the_same_statements() {
    for mut world in worlds("statements").await {
        for _ in 0..3 {
            assert!(attempt(&world, "ann@x.test", "wrong").await.is_err());
        }
        let count = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&count);
        world.database.set_metric_callback(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        // Blocked, unknown, known, and a user who is blocked.
        for (email, password) in [
            ("ann@x.test", "secret"),
            ("zoe@x.test", "secret"),
            ("bo@x.test", "wrong"),
            ("di@x.test", "secret"),
        ] {
            assert!(attempt(&world, email, password).await.is_err());
            assert_eq!(count.swap(0, Ordering::Relaxed), 3, "{email}");
        }
    }
}

#[test]
fn an_attempt_does_not_show_its_password() {
    let attempt = Attempt {
        email: "ann@x.test",
        password: "violet-harbour-47",
    };
    let shown = format!("{attempt:?}");
    assert!(shown.contains("ann@x.test") && !shown.contains("violet"), "{shown}");
}

#[tokio::test]
async fn attempts_at_the_same_time_count_each() {
    for world in worlds("concurrent").await {
        let good = futures_util::future::join_all((0..12).map(|_| attempt(&world, "bo@x.test", "secret"))).await;
        assert!(
            good.iter().all(Result::is_ok),
            "a person may sign in from many places at once"
        );
        let guesses = (0..20).map(|it| attempt(&world, "ann@x.test", if it == 19 { "secret" } else { "wrong" }));
        let guessed = futures_util::future::join_all(guesses).await;
        assert!(guessed.iter().all(Result::is_err), "the twentieth guess is not heard");
    }
}

#[tokio::test]
async fn a_new_password_ends_sessions_and_lifts_the_block() {
    for world in worlds("reset").await {
        let signed_in = attempt(&world, "ann@x.test", "secret").await.unwrap();
        for _ in 0..3 {
            assert!(attempt(&world, "ann@x.test", "wrong").await.is_err());
        }
        let phc = world.passwords.hash("new", &mut rand::rng()).unwrap();
        set_password(&world.database, id(1), phc, Address::AsItWas, world.clock.now())
            .await
            .unwrap();
        assert!(attempt(&world, "ann@x.test", "new").await.is_ok());
        let found = crate::find_session(&world.database, &world.directory, &signed_in.token, world.clock.now()).await;
        assert!(matches!(found, Err(AuthError::BadSession)));
    }
}
