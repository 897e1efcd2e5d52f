//! People and tenants.

use super::*;

#[test]
fn administration_is_parsed() {
    let user = id("user", 1);
    let invited = administration(
        LEAD,
        "inviteMember",
        json!({"email": " Ann@ACME.test ", "roles": ["agent", "agent"]}),
    );
    let Administration::Invite { email, name, roles } = invited else {
        panic!("an invitation")
    };
    assert_eq!(
        (email.as_str(), name, roles),
        ("Ann@acme.test", None, vec!["agent".to_owned()])
    );
    assert!(
        matches!(administration(LEAD, "setMemberRoles", json!({"user": user, "roles": ["requester"]})),
        Administration::SetRoles { roles, .. } if roles == ["requester"])
    );
    assert!(
        matches!(administration(LEAD, "removeMember", json!({"user": user})), Administration::Remove { user: found } if found.to_string() == user)
    );
    assert!(matches!(
        administration(LEAD, "blockMember", json!({"user": user})),
        Administration::Block { blocked: true, .. }
    ));
    // Whoever may block may undo it.
    assert!(matches!(
        administration(LEAD, "unblockMember", json!({"user": user})),
        Administration::Block { blocked: false, .. }
    ));
    assert!(matches!(
        administration(LEAD, "resetPassword", json!({"user": user})),
        Administration::ResetPassword { .. }
    ));
    for (name, expected) in [
        ("unlockMember", "unlock_member"),
        ("revokeSessions", "revoke_sessions"),
        ("removeSecondFactors", "remove_second_factors"),
    ] {
        assert_eq!(administration(LEAD, name, json!({"user": user})).operation(), expected);
    }
    check(
        LEAD,
        "inviteMember",
        json!({"email": "nobody", "name": 1, "roles": ["agnet", 1]}),
        &["email email", "name type", "roles.0 role", "roles.1 type"],
    );
    check(
        LEAD,
        "setMemberRoles",
        json!({"user": "x", "roles": ["king"]}),
        &["user type", "roles.0 role"],
    );
}

#[test]
fn keys_are_parsed() {
    let key = |input: Json| match administration(LEAD, "createApiKey", json!({"input": input})) {
        Administration::CreateKey(key) => key,
        other => panic!("{other:?}"),
    };
    let plain = key(json!({"name": " Robot "}));
    assert_eq!(
        (
            plain.name.as_str(),
            plain.days,
            plain.user,
            plain.roles,
            plain.read_only
        ),
        ("Robot", 90, None, None, false)
    );
    // Whoever runs the plan draws.
    assert!(plain.drawn.is_none());
    let user = id("user", 1);
    let full = key(json!({"name": "x", "user": user, "roles": ["agent"], "expiresDays": 3650, "readOnly": true}));
    assert_eq!(full.user.map(|user| user.to_string()), Some(user));
    assert_eq!(
        (full.roles, full.days, full.read_only),
        (Some(vec!["agent".to_owned()]), 3650, true)
    );
    let checked = |input: Json, expected: &[&str]| check(LEAD, "createApiKey", json!({"input": input}), expected);
    checked(
        json!({"name": " ", "user": "x", "roles": ["king"], "expiresDays": 0}),
        &[
            "input.user type",
            "input.name name",
            "input.expiresDays range",
            "input.roles.0 role",
        ],
    );
    checked(
        json!({"name": "a\nb", "expiresDays": 3651}),
        &["input.name name", "input.expiresDays range"],
    );
    checked(json!({"name": "x".repeat(101)}), &["input.name name"]);
    check(LEAD, "revokeApiKey", json!({"id": "x"}), &["id type"]);
}

#[test]
fn a_role_is_suggested_only_to_those_who_manage_it() {
    let message = |roles: &[&str], role: &str| {
        let arguments = json!({"user": id("user", 1), "roles": [role]});
        let errors = planned(roles, &[("setMemberRoles", arguments)]).unwrap_err();
        errors[0].problems[0].message.clone()
    };
    assert_eq!(message(LEAD, "agnet"), "no such role; did you mean `agent`?");
    // `lead` is a role, but not one that leads manage.
    assert_eq!(message(LEAD, "leat"), "no such role");
}

#[test]
fn a_tenant_is_made_of_its_own_fields() {
    let (catalog, _) = app();
    let organisation = catalog.find_entity("organisation").unwrap();
    let country = id("country", 1);
    let made = administration(
        &[],
        "createOrganisation",
        json!({"input": {"slug": "acme", "name": "Acme", "country": country}}),
    );
    let Administration::CreateTenant {
        values,
        references,
        roles,
    } = made
    else {
        panic!("a tenant")
    };
    assert_eq!(
        names(organisation, values.iter().map(|(field, _)| *field)),
        ["name", "slug", "country", "plan", "phase"]
    );
    assert_eq!(
        names(organisation, references.iter().map(|check| check.field)),
        ["country"]
    );
    assert!(references[0].source.is_some());
    assert_eq!(roles, ["lead"]);
    check(
        &[],
        "createOrganisation",
        json!({"input": {"name": "a name that is far too long", "owner": null, "phase": "RUNNING", "plan": "PAID", "id": "x"}}),
        &[
            "input.name length_max",
            "input.id unknown",
            "input.owner unknown",
            "input.plan unknown",
            "input.phase unknown",
            "input.slug required",
        ],
    );
    for slug in ["", " ", "größe", "a b", "a\u{1}b", &id("organisation", 1)] {
        let errors = planned(
            &[],
            &[("createOrganisation", json!({"input": {"name": "A", "slug": slug}}))],
        );
        assert!(errors.is_err(), "`{slug}` addresses nothing");
    }
    check(
        &[],
        "createOrganisation",
        json!({"input": {"name": "A", "slug": "größe"}}),
        &["input.slug slug"],
    );
}
