use super::*;
use crate::testing::{World, id, worlds};
use crate::{AuthError, Token, find_session};

async fn token_of(world: &World, user: u8) -> Token {
    let token = Token::random(&mut rand::rng());
    let now = freehold_base::Clock::now(&world.clock);
    let new = crate::NewSession::browser(&world.directory, id(user));
    crate::begin_session(&world.database, &token, &new, now).await.unwrap();
    token
}

async fn caller(world: &World, token: Option<&Token>, hint: TenantHint<'_>) -> Result<Caller, AuthError> {
    identify(
        &world.database,
        &world.directory,
        token,
        &hint,
        freehold_base::Clock::now(&world.clock),
    )
    .await
}

fn tenant_of(caller: &Caller) -> Option<(RowId, bool)> {
    caller
        .tenant
        .as_ref()
        .map(|tenant| (tenant.id, tenant.membership.is_some()))
}

#[tokio::test]
async fn the_tenant_is_the_named_one_or_the_only_one() {
    for world in worlds("tenants").await {
        let acme = id(11).to_string();
        for (user, hint, expected, roles) in [
            (1, TenantHint::None, Some((id(11), true)), vec!["agent", "lead"]),
            (
                1,
                TenantHint::Named("acme"),
                Some((id(11), true)),
                vec!["agent", "lead"],
            ),
            (1, TenantHint::Named(&acme), Some((id(11), true)), vec!["agent", "lead"]),
            (
                1,
                TenantHint::Host {
                    column: "slug",
                    value: "acme",
                },
                Some((id(11), true)),
                vec!["agent", "lead"],
            ),
            (1, TenantHint::Named("globex"), Some((id(12), false)), vec![]),
            (1, TenantHint::Named("nowhere"), None, vec![]),
            (1, TenantHint::Named("' OR true --"), None, vec![]),
            // A blocked membership is none, and does not stand beside the only active one.
            (2, TenantHint::None, Some((id(11), true)), vec!["requester"]),
            (2, TenantHint::Named("globex"), Some((id(12), false)), vec![]),
            (3, TenantHint::None, None, vec![]),
            (3, TenantHint::Named("globex"), Some((id(12), true)), vec!["agent"]),
        ] {
            let token = token_of(&world, user).await;
            let caller = caller(&world, Some(&token), hint.clone()).await.unwrap();
            assert_eq!(
                (tenant_of(&caller), caller.roles.iter().map(String::as_str).collect()),
                (expected, roles),
                "{user} {hint:?}"
            );
            assert_eq!(
                caller.profile.as_deref(),
                Some(if user == 1 { "staff" } else { "member" })
            );
        }
        let nobody = caller(&world, None, TenantHint::Named("acme")).await.unwrap();
        assert_eq!(
            (nobody.person.clone(), tenant_of(&nobody)),
            (None, Some((id(11), false)))
        );
        assert_eq!(nobody.profile.as_deref(), Some("visitor"));
        assert_eq!(
            tenant_of(&caller(&world, None, TenantHint::Named("nowhere")).await.unwrap()),
            None
        );
    }
}

#[tokio::test]
async fn membership_fields_have_their_types() {
    for world in worlds("fields").await {
        let token = token_of(&world, 1).await;
        let fields = caller(&world, Some(&token), TenantHint::None)
            .await
            .unwrap()
            .tenant
            .unwrap()
            .membership
            .unwrap();
        for (name, expected) in [
            ("on_call", Value::Boolean(true)),
            ("started_at", Value::Date(2)),
            ("wakes_at", Value::Time(2_000_000)),
            ("seen_at", Value::DateTime(1_500_000)),
            ("rate", Value::Decimal("84.50".parse().unwrap())),
            ("note", Value::Json("{\"a\": 1}".into())),
            ("score", Value::Float(0.5)),
            ("roles", Value::TextList(vec!["lead".into(), "agent".into()])),
        ] {
            assert_eq!(fields.get(name), Some(&expected), "{name}");
        }
    }
}

#[tokio::test]
async fn sessions_end() {
    for world in worlds("sessions").await {
        let asked = async |token: &Token| caller(&world, Some(token), TenantHint::None).await;
        assert!(matches!(
            asked(&Token::random(&mut rand::rng())).await,
            Err(AuthError::BadSession)
        ));
        assert!(
            matches!(asked(&token_of(&world, 4).await).await, Err(AuthError::BadSession)),
            "a blocked user"
        );

        let token = token_of(&world, 1).await;
        for _ in 0..11 * 3 {
            world.clock.pass(20 * 60);
            assert!(asked(&token).await.is_ok(), "in use");
        }
        world.clock.pass(20 * 60);
        world.clock.pass(20 * 60);
        assert!(matches!(asked(&token).await, Err(AuthError::BadSession)), "idle");

        let token = token_of(&world, 1).await;
        for _ in 0..35 {
            world.clock.pass(20 * 60);
            asked(&token).await.unwrap();
        }
        let now = freehold_base::Clock::now(&world.clock);
        assert_eq!(
            crate::purge_sessions(&world.database, &world.directory, now)
                .await
                .unwrap(),
            2
        );
        world.clock.pass(20 * 60);
        assert!(
            matches!(asked(&token).await, Err(AuthError::BadSession)),
            "twelve hours"
        );
    }
}

#[tokio::test]
async fn a_session_names_its_memberships() {
    for world in worlds("memberships").await {
        let token = token_of(&world, 3).await;
        let now = freehold_base::Clock::now(&world.clock);
        let view = find_session(&world.database, &world.directory, &token, now)
            .await
            .unwrap();
        assert_eq!(view.user.email, "cy@x.test");
        let held: Vec<(&str, &str, &str)> = view
            .memberships
            .iter()
            .map(|it| (it.tenant.slug.as_str(), it.tenant.name.as_str(), it.roles[0].as_str()))
            .collect();
        assert_eq!(held, [("acme", "The acme", "lead"), ("globex", "The globex", "agent")]);
        crate::end_session(&world.database, &token).await.unwrap();
        assert!(
            find_session(&world.database, &world.directory, &token, now)
                .await
                .is_err()
        );
    }
}

#[tokio::test]
async fn whoever_is_not_here_can_be_described() {
    for world in worlds("described").await {
        let now = freehold_base::Clock::now(&world.clock);
        let of = async |person: PersonName<'_>, hint: TenantHint<'_>| {
            let found = describe(&world.database, &world.directory, &person, &hint, now)
                .await
                .unwrap();
            found.map(|it| (tenant_of(&it.caller), it.caller.roles.len(), it.may_sign_in, it.belongs))
        };
        let acme = Some((id(11), true));
        for (person, hint, expected) in [
            (PersonName::Id(id(1)), TenantHint::None, Some((acme, 2, true, true))),
            (
                PersonName::Email("ANN@x.test"),
                TenantHint::Named("acme"),
                Some((acme, 2, true, true)),
            ),
            (
                PersonName::Id(id(1)),
                TenantHint::Named("globex"),
                Some((Some((id(12), false)), 0, true, false)),
            ),
            (
                PersonName::Id(id(1)),
                TenantHint::Named("nowhere"),
                Some((None, 0, true, false)),
            ),
            // A blocked membership grants nothing, and is one that somebody may ask about.
            (
                PersonName::Id(id(2)),
                TenantHint::Named("globex"),
                Some((Some((id(12), false)), 0, true, true)),
            ),
            (
                PersonName::Email("di@x.test"),
                TenantHint::None,
                Some((None, 0, false, false)),
            ),
            (PersonName::Email("nobody@x.test"), TenantHint::None, None),
            (PersonName::Id(id(9)), TenantHint::None, None),
        ] {
            assert_eq!(of(person, hint.clone()).await, expected, "{person:?} {hint:?}");
        }
        // As a session has it.
        let token = token_of(&world, 1).await;
        let (ann, hint) = (PersonName::Id(id(1)), TenantHint::None);
        let found = describe(&world.database, &world.directory, &ann, &hint, now)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            found.caller,
            caller(&world, Some(&token), TenantHint::None).await.unwrap()
        );
    }
}

fn with(mut row: Vec<Value>, index: usize, value: Value) -> Vec<Value> {
    row[index] = value;
    row
}

#[tokio::test]
async fn terms_narrow_what_a_session_is_good_for() {
    for mut world in worlds("terms").await {
        world.directory.strong_roles = vec!["lead".to_owned()];
        let begin = async |user: u8, terms: Terms, tenant: Option<RowId>| {
            let token = Token::random(&mut rand::rng());
            let new = crate::NewSession {
                terms,
                tenant,
                ..crate::NewSession::browser(&world.directory, id(user))
            };
            let now = freehold_base::Clock::now(&world.clock);
            crate::begin_session(&world.database, &token, &new, now).await.unwrap();
            token
        };
        let strong = Terms {
            strong: true,
            ..Terms::default()
        };
        let scoped = |roles: &[&str]| Terms {
            roles: Some(roles.iter().map(|it| (*it).to_owned()).collect()),
            ..strong.clone()
        };
        for (terms, expected) in [
            (Terms::default(), vec!["agent"]),
            (strong.clone(), vec!["agent", "lead"]),
            (scoped(&["lead", "org_admin"]), vec!["lead"]),
            (scoped(&[]), vec![]),
        ] {
            let token = begin(1, terms.clone(), None).await;
            let found = caller(&world, Some(&token), TenantHint::None).await.unwrap();
            assert_eq!(found.roles, expected, "{terms:?}");
        }
        // Cy is a member of both: a key of one of them is in the other one a stranger's, and needs no hint for its own.
        let key = begin(3, strong.clone(), Some(id(12))).await;
        for (hint, tenant, roles) in [
            (TenantHint::None, Some((id(12), true)), vec!["agent"]),
            (TenantHint::Named("globex"), Some((id(12), true)), vec!["agent"]),
            (TenantHint::Named("acme"), Some((id(11), false)), vec![]),
        ] {
            let found = caller(&world, Some(&key), hint.clone()).await.unwrap();
            assert_eq!(tenant_of(&found), tenant, "{hint:?}");
            assert_eq!(found.roles, roles, "{hint:?}");
        }
        // Keys do not end by not being used.
        let lasting = begin(
            1,
            Terms {
                lasting: true,
                ..Terms::default()
            },
            None,
        )
        .await;
        world.clock.pass(11 * 60 * 60);
        assert!(caller(&world, Some(&lasting), TenantHint::None).await.is_ok());
        assert!(caller(&world, Some(&key), TenantHint::None).await.is_err());
        world.clock.pass(60 * 60);
        assert!(caller(&world, Some(&lasting), TenantHint::None).await.is_err());
    }
}

#[tokio::test]
async fn a_token_is_replaced_once_and_the_old_one_is_good_for_a_moment() {
    for world in worlds("rotate").await {
        let now = || freehold_base::Clock::now(&world.clock);
        let [old, new, other] = [0; 3].map(|_| Token::random(&mut rand::rng()));
        let session = crate::NewSession::browser(&world.directory, id(1));
        crate::begin_session(&world.database, &old, &session, now())
            .await
            .unwrap();
        let row = async |token: &Token| {
            let lookup = lookup(
                world.database.get_database_backend(),
                &world.directory,
                Some(token),
                &TenantHint::None,
            );
            look_up(&world.database, &lookup.unwrap()).await.unwrap().unwrap()
        };
        assert!(!is_to_be_rotated(&row(&old).await));
        crate::rotate_later(&world.database, id(1)).await.unwrap();
        assert!(is_to_be_rotated(&row(&old).await));
        assert!(crate::rotate(&world.database, &old, &new, now()).await.unwrap());
        assert!(!crate::rotate(&world.database, &old, &other, now()).await.unwrap());
        assert!(!is_to_be_rotated(&row(&old).await));
        for token in [&old, &new] {
            assert!(caller(&world, Some(token), TenantHint::None).await.is_ok());
        }
        assert!(caller(&world, Some(&other), TenantHint::None).await.is_err());
        let listed = crate::list_sessions(&world.database, &world.directory, crate::Sessions::Of(id(1)), now()).await;
        assert_eq!(
            listed.unwrap().iter().map(|it| it.token).collect::<Vec<_>>(),
            [new.hash()]
        );
        world.clock.pass(30);
        assert!(caller(&world, Some(&old), TenantHint::None).await.is_err());
        assert!(caller(&world, Some(&new), TenantHint::None).await.is_ok());
    }
}

#[test]
fn what_is_expected_is_what_has_not_changed() {
    let token = Token::parse(&"7".repeat(64)).unwrap();
    let now = Timestamp(1_800_000_000_000_000);
    let text = |text: &str| Value::Text(text.to_owned());
    let directory = Directory::default();
    let (seen, ends) = (now.0 - 1_000_000, now.0 + 1_000_000);
    let row = |seen: i64, ends: i64, status: &str, roles: &str| {
        vec![
            Value::Uuid(id(1).uuid()),
            Value::Int(seen),
            Value::Int(ends),
            Value::Null,
            Value::Int(0),
            text(status),
            text("member"),
            text(roles),
            Value::Null,
            Value::Null,
        ]
    };
    let rows = [
        row(seen, ends, "active", "[]"),
        row(now.0, ends, "active", "[]"),
        row(0, ends, "active", "[]"),
        row(seen, now.0, "active", "[]"),
        row(seen, ends + 1, "active", "[]"),
        row(seen, ends, "blocked", "[]"),
        row(seen, ends, "active", "[\"agent\"]"),
        row(seen, ends, "active", "[]")[..9].to_vec(),
        with(row(seen, ends, "active", "[]"), 3, text("{\"strong\":true}")),
        with(row(seen, ends, "active", "[]"), 3, text("{\"lasting\":true}")),
        with(row(0, ends, "active", "[]"), 3, text("{\"lasting\":true}")),
        with(row(seen, ends, "active", "[]"), 3, text("damaged")),
        with(row(seen, ends, "active", "[]"), 4, Value::Int(1)),
    ];
    let lookup = Lookup {
        sql: String::new(),
        values: Vec::new(),
        columns: vec![ValueType::Text; 10],
    };
    for before in &rows {
        for after in rows.iter().map(Some).chain([None]) {
            let after = after.map(Vec::as_slice);
            for token in [None, Some(&token)] {
                let expected = expected(&directory, &lookup, token, Some(before), now);
                let holds = expected.is_some_and(|expected| expected.holds(after));
                let unchanged = is_unchanged(&directory, token, Some(before), after, now);
                assert_eq!(holds, unchanged, "{before:?} {after:?} {}", token.is_some());
            }
        }
    }
    assert_eq!(expected(&directory, &lookup, None, None, now), None);
}
