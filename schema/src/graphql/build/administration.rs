//! Root fields of administration: each is there for those who hold its action.

use super::Scope;
use super::write_input::{add_tenant, input_argument};
use crate::catalog::Catalog;
use crate::graphql::root_write::RootWrite;
use crate::graphql::type_system::{InputField, OutputField, Text, TypeDef, TypeRef, TypeSystem};
use indexmap::IndexMap;

/// A root field about a member: name, the actions that open it, arguments with their types, description.
type OfMember = (
    &'static str,
    &'static [&'static str],
    &'static [(&'static str, &'static str)],
    &'static str,
);

const OF_MEMBERS: [OfMember; 9] = [
    (
        "inviteMember",
        &["invite_member"],
        &[("email", "Email!"), ("name", "String"), ("roles", "[String!]!")],
        "Makes somebody a member, with roles that the caller manages. `name` is for those who are new.",
    ),
    (
        "setMemberRoles",
        &["set_member_roles"],
        &[("user", "ID!"), ("roles", "[String!]!")],
        "Gives a member these roles and no others.",
    ),
    (
        "removeMember",
        &["remove_member"],
        &[("user", "ID!")],
        "Ends a membership; the answer is the member as they were.",
    ),
    (
        "blockMember",
        &["block_member"],
        &[("user", "ID!")],
        "Keeps a member out until they are unblocked.",
    ),
    (
        "unblockMember",
        &["block_member", "unblock_member"],
        &[("user", "ID!")],
        "Lets a blocked member in again.",
    ),
    (
        RESET_PASSWORD,
        &["reset_password"],
        &[("user", "ID!")],
        "Ends a member's sessions and lets them choose a new password.",
    ),
    (
        UNLOCK,
        &["block_member", "unblock_member"],
        &[("user", "ID!")],
        "Lets a member try again whom wrong passwords have locked out.",
    ),
    (
        "revokeSessions",
        &["revoke_sessions"],
        &[("user", "ID!")],
        "Signs a member out in every browser and app; keys stay.",
    ),
    (
        "removeSecondFactors",
        &["reset_password"],
        &[("user", "ID!")],
        "Forgets a member's second factors and recovery codes, and signs them out.",
    ),
];

const RESET_PASSWORD: &str = "resetPassword";
const UNLOCK: &str = "unlockMember";

pub(super) fn add(scope: &Scope<'_>, fields: &mut IndexMap<Text, OutputField>, system: &mut TypeSystem) {
    let holds = |action: &str| scope.visible.actions.iter().any(|held| held == action);
    for (name, actions, arguments, told) in OF_MEMBERS {
        let usable = ![RESET_PASSWORD, UNLOCK].contains(&name) || scope.catalog.passwords.is_some();
        if !usable || !has_roles(scope.catalog) || !actions.iter().any(|action| holds(action)) {
            continue;
        }
        let mut field = OutputField::new(TypeRef::required("MemberPayload")).describe(told);
        for (argument, type_ref) in arguments {
            let mut value = InputField::new(TypeRef::read(type_ref));
            if name == "inviteMember" && *argument == "roles" {
                value = value.or(Vec::<&str>::new());
            }
            field = field.argument(*argument, value);
        }
        fields.insert(name.into(), field);
    }
    if has_roles(scope.catalog) {
        add_keys(&holds, fields, system);
    }
    if holds("create_tenant") {
        add_create_tenant(scope, fields, system);
    }
}

/// `createOrganisation`
fn add_create_tenant(scope: &Scope<'_>, fields: &mut IndexMap<Text, OutputField>, system: &mut TypeSystem) {
    let Some(tenancy) = scope.catalog.tenancy else { return };
    let def = scope.catalog.entity(tenancy.entity);
    let mut field = OutputField::new(TypeRef::required("ViewerTenant"))
        .describe("Adds a tenant, whose first member the caller is.");
    if add_tenant(scope, tenancy.entity, system) {
        field = field.argument("input", input_argument(def, "CreateInput"));
    }
    fields.insert(RootWrite::CreateOne.name(def).into(), field);
}

/// `createApiKey`, `revokeApiKey`
fn add_keys(holds: &dyn Fn(&str) -> bool, fields: &mut IndexMap<Text, OutputField>, system: &mut TypeSystem) {
    if holds("create_api_key") {
        let optional = |type_ref, told: &'static str| InputField::new(type_ref).describe(told);
        let input = IndexMap::from([
            (
                Text::from("user"),
                optional(
                    TypeRef::named("ID"),
                    "Whose rights it has; by default the caller's own.",
                ),
            ),
            (
                "name".into(),
                InputField::new(TypeRef::required("String")).describe("What people call it."),
            ),
            (
                "roles".into(),
                optional(
                    TypeRef::list("String"),
                    "The roles that count with it, of those that its owner has; by default all of them, as they are now.",
                ),
            ),
            (
                "expiresDays".into(),
                optional(TypeRef::named("Int"), "Days until it ends, 1 to 3650; by default 90."),
            ),
            (
                "readOnly".into(),
                InputField::new(TypeRef::named("Boolean"))
                    .or(false)
                    .describe("It changes nothing."),
            ),
        ]);
        system.types.insert(
            "ApiKeyInput".to_owned(),
            TypeDef::input(input).describe("A key of a machine, good in the request's tenant."),
        );
        let field = OutputField::new(TypeRef::required("ApiKeyCreated"))
            .describe("Makes a key, whose text is in this answer and nowhere else.")
            .argument("input", InputField::new(TypeRef::required("ApiKeyInput")));
        fields.insert("createApiKey".into(), field);
    }
    if holds("revoke_api_key") {
        let field = OutputField::new(TypeRef::required("ApiKey"))
            .describe("Ends a key at once.")
            .argument("id", InputField::new(TypeRef::required("ID")));
        fields.insert("revokeApiKey".into(), field);
    }
}

/// Whether people have roles: in their memberships, or without tenants on their own row.
pub(super) fn has_roles(catalog: &Catalog) -> bool {
    catalog.tenancy.is_some() || catalog.entity(catalog.user).find_field("roles").is_some()
}
