//! Root fields about people's sessions, factors and keys, and about sign-ins: each is there for those who hold an action of it.

use super::Scope;
use super::administration::has_roles;
use crate::graphql::type_system::{InputField, OutputField, QUERY, Text, TypeDef, TypeKind, TypeRef, TypeSystem};
use indexmap::IndexMap;

/// A root field: name, type, the actions any of which opens it, arguments with their types, description.
type Question = (
    &'static str,
    &'static str,
    &'static [&'static str],
    &'static [(&'static str, &'static str)],
    &'static str,
);

/// Who administers people in any way.
const ADMINISTRATION: &[&str] = &[
    "invite_member",
    "set_member_roles",
    "remove_member",
    "block_member",
    "unblock_member",
    "reset_password",
    "create_api_key",
    "revoke_api_key",
    "revoke_sessions",
    "read_audit",
];

const QUESTIONS: [Question; 5] = [
    (
        "memberSessions",
        "[MemberSession!]!",
        &["revoke_sessions"],
        &[("user", "ID!")],
        "Where a member is signed in, the last used first. Keys are no sessions.",
    ),
    (
        "memberFactors",
        "[MemberFactor!]!",
        &["reset_password"],
        &[("user", "ID!")],
        "The second factors of a member.",
    ),
    (
        "apiKeys",
        "[ApiKey!]!",
        &["create_api_key", "revoke_api_key"],
        &[("user", "ID")],
        "Keys that are good in the request's tenant: the caller's own, and those of members whom the caller manages.",
    ),
    (
        "identityProviders",
        "[IdentityProvider!]!",
        ADMINISTRATION,
        &[],
        "Who else signs people in, here.",
    ),
    (
        "signInStats",
        "SignInStats!",
        &["read_audit"],
        &[("since", "DateTime"), ("until", "DateTime")],
        "Sign-ins of members, as the audit log has them.",
    ),
];

/// Those that are about somebody's roles, which an app may have none of.
const OF_MEMBERS: [&str; 3] = ["memberSessions", "memberFactors", "apiKeys"];

/// Name, type, description.
type FixedField = (&'static str, &'static str, &'static str);

/// Name, description, fields.
type FixedObject = (&'static str, &'static str, &'static [FixedField]);

const OBJECTS: [FixedObject; 7] = [
    (
        "MemberSession",
        "Where somebody is signed in.",
        &[
            ("id", "ID!", ""),
            ("kind", "String!", "`browser`, or `token`: an app."),
            ("createdAt", "DateTime!", "When it began."),
            ("lastSeenAt", "DateTime!", "When it was last used, to the minute."),
            ("expiresAt", "DateTime!", "When it ends in any case."),
            ("userAgent", "String", "What the client calls itself."),
            ("address", "String", "Where it began."),
            ("provider", "String", "The identity provider that signed them in."),
        ],
    ),
    (
        "MemberFactor",
        "A second factor.",
        &[
            ("kind", "String!", "`totp` or `passkey`."),
            ("createdAt", "DateTime!", "When it was set up."),
            ("lastUsedAt", "DateTime", "When it was last used."),
        ],
    ),
    (
        "ApiKey",
        "A key of a machine. What opens is not kept.",
        &[
            ("id", "ID!", ""),
            ("user", "ID!", "Whose rights it has."),
            ("name", "String!", "What people call it."),
            ("hint", "String!", "The first characters of its text."),
            (
                "roles",
                "[String!]",
                "The roles that count with it; null: all of its owner's.",
            ),
            ("readOnly", "Boolean!", "It changes nothing."),
            ("createdAt", "DateTime!", "When it was made."),
            ("lastUsedAt", "DateTime", "When it was last used, to the minute."),
            ("expiresAt", "DateTime!", "When it ends."),
        ],
    ),
    (
        "ApiKeyCreated",
        "A key that was just made.",
        &[
            ("id", "ID!", ""),
            ("key", "String!", "Its text, shown this once."),
            ("hint", "String!", "The first characters of its text."),
            ("expiresAt", "DateTime!", "When it ends."),
        ],
    ),
    (
        "IdentityProvider",
        "Who else signs people in.",
        &[
            ("name", "String!", "Its name in the model."),
            ("kind", "String!", "`oidc` or `saml`."),
            ("label", "String!", "The text of its button."),
            (
                "tenants",
                "[String!]",
                "Null: it is for the people of all tenants. Of others than the request's none is named.",
            ),
        ],
    ),
    (
        "SignInStats",
        "Sign-ins, as the audit log has them.",
        &[
            ("signIns", "Int!", "Sign-ins that succeeded."),
            ("users", "Int!", "How many people these were."),
            ("failures", "Int!", "Sign-ins that failed."),
            ("lockouts", "Int!", "How often somebody was locked out."),
            (
                "byMethod",
                "[SignInMethod!]!",
                "Sign-ins that succeeded by how, most first.",
            ),
        ],
    ),
    (
        "SignInMethod",
        "A way to sign in.",
        &[
            ("method", "String!", "`password`, or whatever the audit log calls it."),
            ("signIns", "Int!", "Sign-ins that succeeded."),
        ],
    ),
];

pub(super) fn add(scope: &Scope<'_>, system: &mut TypeSystem) {
    for (name, description, fields) in OBJECTS {
        let fields: IndexMap<Text, OutputField> = fields
            .iter()
            .map(|(field, type_ref, told)| {
                let output = OutputField::new(TypeRef::read(type_ref));
                let told = Some(*told).filter(|told| !told.is_empty());
                let output = match told {
                    Some(told) => output.describe(told),
                    None => output,
                };
                (Text::Borrowed(*field), output)
            })
            .collect();
        // Those that nothing leads to are pruned.
        system
            .types
            .insert(name.to_owned(), TypeDef::object(fields).describe(description));
    }
    let holds = |action: &str| scope.visible.actions.iter().any(|held| held == action);
    for (name, type_ref, actions, arguments, told) in QUESTIONS {
        let has_people = has_roles(scope.catalog) || !OF_MEMBERS.contains(&name);
        if !has_people || !actions.iter().any(|action| holds(action)) {
            continue;
        }
        let field = OutputField::new(TypeRef::read(type_ref)).describe(told);
        let field = arguments.iter().fold(field, |field, (argument, type_ref)| {
            field.argument(*argument, InputField::new(TypeRef::read(type_ref)))
        });
        if let Some(TypeDef {
            kind: TypeKind::Object { fields, .. },
            ..
        }) = system.types.get_mut(QUERY)
        {
            fields.insert(name.into(), field);
        }
    }
}
