use super::*;
use crate::testing::{World, id, worlds};
use crate::{AuthError, Token, find_session, session};

async fn token_of(world: &World, user: u8) -> Token {
    let token = Token::random(&mut rand::rng());
    let now = freehold_base::Clock::now(&world.clock);
    session::begin(&world.database, &token, id(user), now, Some("test"), None)
        .await
        .unwrap();
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
        assert_eq!(crate::purge_sessions(&world.database, now).await.unwrap(), 2);
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

#[test]
fn what_is_expected_is_what_has_not_changed() {
    let token = Token::parse(&"7".repeat(64)).unwrap();
    let now = Timestamp(1_800_000_000_000_000);
    let text = |text: &str| Value::Text(text.to_owned());
    let (seen, ends) = (now.0 - 1_000_000, now.0 + 1_000_000);
    let row = |seen: i64, ends: i64, status: &str, roles: &str| {
        vec![
            Value::Uuid(id(1).uuid()),
            Value::Int(seen),
            Value::Int(ends),
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
        row(seen, ends, "active", "[]")[..7].to_vec(),
    ];
    let lookup = Lookup {
        sql: String::new(),
        values: Vec::new(),
        columns: vec![ValueType::Text; 8],
    };
    for before in &rows {
        for after in rows.iter().map(Some).chain([None]) {
            let after = after.map(Vec::as_slice);
            for token in [None, Some(&token)] {
                let expected = expected(&lookup, token, Some(before), now);
                let holds = expected.is_some_and(|expected| expected.holds(after));
                let unchanged = is_unchanged(token, Some(before), after, now);
                assert_eq!(holds, unchanged, "{before:?} {after:?} {}", token.is_some());
            }
        }
    }
    assert_eq!(expected(&lookup, None, None, now), None);
}
