//! The mutation root and the inputs of writes.

use super::desk::{Caller, catalog};
use super::{prepare, told};
use crate::graphql::type_system::{MUTATION, TypeKind};
use crate::graphql::visible::Visible;
use crate::graphql::{RoleSchema, RootWrite};
use serde_json::{Value, json};

/// The fields of an object or input type, comma-separated; `-` if there is no such type.
fn fields(schema: &RoleSchema, type_name: &str) -> String {
    let names: Vec<&str> = match schema.system().types.get(type_name).map(|def| &def.kind) {
        Some(TypeKind::Object { fields, .. }) => fields.keys().map(|name| &**name).collect(),
        Some(TypeKind::Input { fields }) => fields.keys().map(|name| &**name).collect(),
        Some(TypeKind::Enum { values }) => values.iter().map(|name| &**name).collect(),
        _ => return "-".to_owned(),
    };
    names.join(", ")
}

/// The type of a field, or of an argument or field of an input, as written.
fn type_of(schema: &RoleSchema, type_name: &str, field: &str) -> String {
    let found = match schema.system().types.get(type_name).map(|def| &def.kind) {
        Some(TypeKind::Input { fields }) => fields.get(field).map(|field| field.type_ref.to_string()),
        Some(TypeKind::Object { fields, .. }) => fields.get(field).map(|field| field.type_ref.to_string()),
        _ => None,
    };
    found.unwrap_or_else(|| "-".to_owned())
}

fn writer(catalog: &crate::catalog::Catalog) -> RoleSchema {
    Caller::of_everything(catalog).schema()
}

#[test]
fn without_writes_there_is_no_mutation_type() {
    let catalog = catalog();
    let schema = Caller::new(&catalog).sees("ticket", &["*"]).schema();
    assert!(schema.system().mutation.is_none());
    assert_eq!(fields(&schema, MUTATION), "-");
    assert_eq!(
        told(&prepare(&schema, "mutation { __typename }")),
        "GRAPHQL_VALIDATION_FAILED this schema has no mutations"
    );
    // Rights that come to nothing are none: no field can be given, no list be changed.
    let schema = Caller::new(&catalog)
        .sees("ticket", &["*"])
        .updates("ticket", &[])
        .transitions("ticket", &[])
        .schema();
    assert_eq!(fields(&schema, MUTATION), "-");
}

#[test]
fn root_fields_are_there_by_what_rules_open() {
    let catalog = catalog();
    let check = |caller: Caller<'_>, expected: &str| assert_eq!(fields(&caller.schema(), MUTATION), expected);
    let new = || Caller::new(&catalog).sees("team", &["*"]);
    check(new().creates("team", &["name"]), "createTeam, createTeams");
    check(new().updates("team", &["name"]), "updateTeam, updateTeams");
    check(new().deletes("team"), "deleteTeam, deleteTeams");
    check(
        new().creates("team", &["name"]).updates("team", &["name"]),
        "createTeam, createTeams, updateTeam, updateTeams, upsertTeam",
    );
    // Without a list there is no filter to choose rows by.
    let unlisted = || Caller::new(&catalog).reads("team", &["*"]);
    check(unlisted().updates("team", &["name"]), "updateTeam");
    check(unlisted().deletes("team"), "deleteTeam");
    check(
        unlisted().creates("team", &["name"]).updates("team", &["name"]),
        "createTeam, createTeams, updateTeam, upsertTeam",
    );
    // A new row whose fields the rules set themselves.
    check(new().creates("team", &[]), "createTeam");
    let ticket = || Caller::new(&catalog).sees("ticket", &["*"]);
    check(ticket().transitions("ticket", &["status"]), "transitionTicket");
    check(ticket().transitions("ticket", &["phase"]), "transitionTicketPhase");
    check(
        ticket().transitions("ticket", &["*"]),
        "transitionTicket, transitionTicketPhase",
    );
}

#[test]
fn a_key_is_for_upserts_when_it_can_be_given_and_read() {
    let catalog = catalog();
    let check = |seen: &[&str], given: &[&str], expected: &str| {
        let schema = Caller::new(&catalog)
            .reads("team", &["name"])
            .reads("ticket", seen)
            .creates("ticket", given)
            .updates("ticket", &["body"])
            .schema();
        assert_eq!(fields(&schema, "TicketUniqueKey"), expected, "{seen:?} {given:?}");
        let has = fields(&schema, MUTATION).contains("upsertTicket");
        assert_eq!(has, expected != "-");
    };
    check(&["*"], &["*"], "EXTERNAL_KEY, TEAM_AND_SUBJECT");
    check(&["*"], &["team", "subject"], "TEAM_AND_SUBJECT");
    check(&["*"], &["subject"], "-");
    check(&["team"], &["*"], "-");
    check(&["external_key"], &["*"], "EXTERNAL_KEY");
    // Without update, and for an entity of which nothing is read.
    let schema = Caller::new(&catalog)
        .sees("team", &["*"])
        .creates("team", &["*"])
        .schema();
    assert_eq!(fields(&schema, "TeamUniqueKey"), "-");
    let unseen = Caller::new(&catalog)
        .creates("team", &["*"])
        .updates("team", &["*"])
        .schema();
    assert_eq!(fields(&unseen, MUTATION), "createTeam, createTeams, updateTeam");
}

#[test]
fn a_member_of_the_key_enum_leads_back_to_its_key() {
    use crate::graphql::shape::{find_unique_key, unique_key_name};
    let catalog = catalog();
    for entity in catalog.entities.values() {
        for key in &entity.unique {
            assert_eq!(find_unique_key(entity, &unique_key_name(entity, key)), Some(key));
        }
    }
    let ticket = catalog.find_entity("ticket").unwrap();
    assert_eq!(find_unique_key(ticket, "TEAM"), None);
}

#[test]
fn what_is_written_and_not_read_has_a_type_of_its_own_and_nothing_else() {
    let catalog = catalog();
    let schema = Caller::new(&catalog)
        .sees("ticket", &["*"])
        .sees("vote", &["*"])
        .creates("feedback", &["*"])
        .deletes("feedback")
        .updates("comment", &["text"])
        .schema();
    assert_eq!(fields(&schema, "Feedback"), "id");
    assert_eq!(
        fields(&schema, MUTATION),
        "updateComment, createFeedback, createFeedbacks, deleteFeedback"
    );
    assert_eq!(fields(&schema, "FeedbackCreateInput"), "text, mood, ticket");
    assert_eq!(fields(&schema, "FeedbackMood"), "GOOD, BAD");
    for absent in [
        "FeedbackFilter",
        "FeedbackOrderBy",
        "FeedbackConnection",
        "CommentFilter",
    ] {
        assert_eq!(fields(&schema, absent), "-", "{absent}");
    }
    assert_eq!(
        fields(&schema, "Query"),
        "ticket, ticketByExternalKey, tickets, vote, votes, node, viewer"
    );
    assert!(!schema.applies("Node", "Feedback") && !schema.applies("Node", "Comment"));
    // Nothing leads to it: no reference, no member of a union, no list, no filter.
    assert_eq!(type_of(&schema, "Vote", "comment"), "-");
    assert_eq!(type_of(&schema, "VoteFilter", "comment"), "-");
    assert_eq!(type_of(&schema, "Ticket", "comments"), "-");
    assert!(schema.applies("TicketAbout", "Ticket") && !schema.applies("TicketAbout", "Comment"));
}

#[test]
fn inputs_are_as_required_as_the_rules_say() {
    let catalog = catalog();
    let schema = writer(&catalog);
    for (field, new, changed) in [
        ("subject", "String!", "String"),
        ("body", "HTML", "HTML"),
        ("status", "-", "-"),
        ("priority", "TicketPriority", "TicketPriority"),
        ("tags", "[TicketTags!]", "[TicketTags!]"),
        ("team", "ID!", "ID"),
        ("about", "ID", "ID"),
        ("source", "String!", "-"),
        ("site", "URL", "URL"),
        ("reporter", "Email", "Email"),
        ("due", "Date", "Date"),
        ("atHour", "Time", "Time"),
        ("seenAt", "DateTime", "DateTime"),
        ("hours", "Decimal", "Decimal"),
        ("extra", "JSON", "JSON"),
        ("number", "-", "-"),
        ("photo", "-", "-"),
        ("owner", "-", "-"),
        (
            "comments",
            "TicketCommentsNestedCreateInput",
            "TicketCommentsNestedUpdateInput",
        ),
    ] {
        assert_eq!(type_of(&schema, "TicketCreateInput", field), new, "{field}");
        assert_eq!(type_of(&schema, "TicketUpdateInput", field), changed, "{field}");
    }
    let owned = Caller::new(&catalog).creates("ping", &["owner", "note"]).schema();
    assert_eq!(fields(&owned, "PingCreateInput"), "owner, note");
}

#[test]
fn nested_writes_are_there_by_the_rules_of_the_listed_entity() {
    let catalog = catalog();
    let check = |caller: Caller<'_>, parent: &str, list: &str, new: &str, changed: &str| {
        let schema = caller.schema();
        assert_eq!(fields(&schema, &format!("{parent}{list}NestedCreateInput")), new);
        assert_eq!(fields(&schema, &format!("{parent}{list}NestedUpdateInput")), changed);
    };
    let ticket = || {
        Caller::new(&catalog)
            .sees("ticket", &["*"])
            .sees("comment", &["*"])
            .creates("ticket", &["subject"])
            .updates("ticket", &["subject"])
    };
    check(ticket(), "Ticket", "Comments", "-", "-");
    check(
        ticket().creates("comment", &["ticket", "text"]),
        "Ticket",
        "Comments",
        "create",
        "create",
    );
    // The row has to refer back, and to have something besides.
    check(ticket().creates("comment", &["text"]), "Ticket", "Comments", "-", "-");
    check(ticket().creates("comment", &["ticket"]), "Ticket", "Comments", "-", "-");
    check(ticket().deletes("comment"), "Ticket", "Comments", "-", "delete");
    check(
        ticket().updates("comment", &["text"]),
        "Ticket",
        "Comments",
        "-",
        "update",
    );
    check(
        ticket().updates("comment", &["ticket", "text"]),
        "Ticket",
        "Comments",
        "connect",
        "update, connect",
    );
    // A reference that may be null can be cut.
    let comment = Caller::new(&catalog)
        .sees("comment", &["*"])
        .sees("vote", &["*"])
        .creates("comment", &["text"])
        .updates("comment", &["text"])
        .updates("vote", &["comment"]);
    check(comment, "Comment", "Votes", "connect", "update, connect, disconnect");
    // The list has to be seen.
    let unseen = Caller::new(&catalog)
        .sees("ticket", &["subject"])
        .sees("comment", &["*"])
        .updates("ticket", &["subject"])
        .deletes("comment");
    check(unseen, "Ticket", "Comments", "-", "-");
    // An update that takes nothing but lists is one too.
    let lists = Caller::new(&catalog)
        .sees("ticket", &["*"])
        .sees("comment", &["*"])
        .updates("ticket", &[])
        .deletes("comment")
        .schema();
    assert_eq!(fields(&lists, "TicketUpdateInput"), "comments");
}

#[test]
fn a_nested_row_does_not_say_what_it_is_nested_in() {
    let catalog = catalog();
    let schema = writer(&catalog);
    assert_eq!(fields(&schema, "CommentCreateInput"), "ticket, text, votes");
    assert_eq!(fields(&schema, "TicketCommentsCreateInput"), "text, votes");
    assert_eq!(fields(&schema, "CommentVotesCreateInput"), "weight");
    assert_eq!(
        type_of(&schema, "TicketCommentsNestedUpdateInput", "update"),
        "[CommentUpdateItem!]"
    );
    assert_eq!(type_of(&schema, "CommentUpdateItem", "input"), "CommentUpdateInput!");
    assert_eq!(fields(&schema, "CommentUpdateItem"), "id, input, ifVersion");
    // The tenant of a row is the server's.
    assert_eq!(fields(&schema, "OrganisationTicketsNestedUpdateInput"), "-");
}

#[test]
fn defaults_are_told_and_not_taken() {
    let catalog = catalog();
    let schema = writer(&catalog);
    let Some(TypeKind::Input { fields }) = schema.system().types.get("TicketCreateInput").map(|def| &def.kind) else {
        panic!("no input")
    };
    for (field, expected) in [
        ("priority", "How urgent it is.\n\nBy default `LOW`."),
        ("tags", "By default `[HARDWARE]`."),
        ("reporter", "By default `\"a@b.test\"`."),
        ("due", "By default `\"2026-01-31\"`."),
        ("atHour", "By default `\"09:30:00\"`."),
        ("seenAt", "By default `\"2026-01-31T09:30:00Z\"`."),
        ("hours", "By default `\"1.50\"`."),
        ("weight", "By default `0.5`."),
        ("points", "By default `3`."),
        ("urgent", "By default `false`."),
        ("extra", "By default `{\"a\":[1]}`."),
        ("source", "Deprecated: Say it in \"body\"."),
    ] {
        assert_eq!(fields[field].description.as_deref(), Some(expected), "{field}");
    }
    assert!(fields.values().all(|field| field.default.is_none()));
    // What must be given cannot be deprecated.
    assert_eq!(
        (
            fields["source"].deprecated.as_deref(),
            fields["site"].deprecated.as_deref()
        ),
        (None, Some("Nobody reads it."))
    );
}

#[test]
fn administration_is_there_by_action() {
    let catalog = catalog();
    let check = |actions: &[&str], expected: &str| {
        let schema = Caller::new(&catalog).holds(actions).schema();
        assert_eq!(fields(&schema, MUTATION), expected, "{actions:?}");
    };
    check(&["invite_member"], "inviteMember");
    check(&["set_member_roles"], "setMemberRoles");
    check(&["remove_member"], "removeMember");
    check(&["block_member"], "blockMember, unblockMember, unlockMember");
    check(&["unblock_member"], "unblockMember, unlockMember");
    check(&["reset_password"], "resetPassword, removeSecondFactors");
    check(&["revoke_sessions"], "revokeSessions");
    check(&["create_api_key"], "createApiKey");
    check(&["revoke_api_key"], "revokeApiKey");
    check(&["create_tenant"], "createOrganisation");
    check(&["read_audit", "review_images"], "-");
    // What nobody may say of a new tenant is not asked, nor is an input that would be empty.
    let schema = Caller::new(&catalog)
        .holds(&["create_tenant"])
        .founds(&["name"])
        .schema();
    assert_eq!(fields(&schema, "OrganisationCreateInput"), "name");
    let schema = Caller::new(&catalog).holds(&["create_tenant"]).schema();
    assert_eq!(fields(&schema, "OrganisationCreateInput"), "-");
    // Without the action its fields open nothing.
    let schema = Caller::new(&catalog).founds(&["name"]).schema();
    assert_eq!(
        (fields(&schema, MUTATION), fields(&schema, "OrganisationCreateInput")),
        ("-".into(), "-".into())
    );
    let schema = Caller::new(&catalog)
        .holds(&["create_tenant", "invite_member"])
        .founds(&["name", "slug", "plan", "contact"])
        .schema();
    assert_eq!(fields(&schema, "OrganisationCreateInput"), "name, slug, plan, contact");
    for (field, expected) in [("name", "String!"), ("plan", "OrganisationPlan"), ("contact", "ID")] {
        assert_eq!(type_of(&schema, "OrganisationCreateInput", field), expected);
    }
    assert_eq!(type_of(&schema, MUTATION, "createOrganisation"), "ViewerTenant!");
    assert_eq!(type_of(&schema, MUTATION, "inviteMember"), "MemberPayload!");
    assert_eq!(fields(&schema, "MemberPayload"), "id, user, email, name, roles, status");
    // Its own rows are neither seen nor listed by that.
    assert_eq!(fields(&schema, "Organisation"), "-");

    let mut without_passwords = catalog.clone();
    without_passwords.passwords = None;
    let schema = Caller::new(&without_passwords)
        .holds(&["reset_password", "unblock_member"])
        .schema();
    assert_eq!(fields(&schema, MUTATION), "unblockMember, removeSecondFactors");
    // Nobody has roles: nobody manages anybody.
    let mut alone = without_passwords;
    alone.tenancy = None;
    let schema = Caller::new(&alone).holds(&["create_tenant", "invite_member"]).schema();
    assert_eq!(fields(&schema, MUTATION), "-");
}

#[test]
fn root_fields_lead_back_to_what_they_write() {
    let catalog = catalog();
    let mut seen = std::collections::HashSet::new();
    for entity in catalog.entities.values() {
        for write in RootWrite::all(entity) {
            let name = write.name(entity);
            let (found, what) = RootWrite::find(&catalog, &name).unwrap();
            assert_eq!((found.id, what), (entity.id, write), "{name}");
            assert!(seen.insert(name));
        }
    }
    for other in [
        "createTicke",
        "upsertTickets",
        "transitionTeam",
        "transitionTicketStatus",
        "inviteMember",
        "create",
        "",
    ] {
        assert_eq!(
            RootWrite::find(&catalog, other).map(|(_, write)| write),
            None,
            "{other}"
        );
    }
}

#[test]
fn every_name_of_the_schema_is_reserved() {
    // An entity of that name would be refused: so no two types are ever one.
    let catalog = catalog();
    let schema = Caller::of_everything(&catalog)
        .holds(&["create_tenant", "invite_member", "block_member"])
        .founds(&["*"])
        .schema();
    let model = include_str!("desk.yaml");
    for name in schema.system().types.keys() {
        let mut snake = String::new();
        for letter in name.chars() {
            if letter.is_ascii_uppercase() && !snake.is_empty() {
                snake.push('_');
            }
            snake.push(letter.to_ascii_lowercase());
        }
        if catalog.find_entity(&snake).is_some() {
            continue;
        }
        let text = model.replace(
            "entities:\n",
            &format!("entities:\n  {snake}: {{access: open, plural: the_plural}}\n"),
        );
        let file = crate::source::SourceFile {
            name: "app.yaml".into(),
            text,
        };
        let diagnostics = crate::compile(&crate::source::Sources::new(vec![file])).diagnostics;
        assert!(
            diagnostics.iter().any(|fault| fault.check == "graphql-name"),
            "an entity `{snake}` would take the type `{name}`"
        );
    }
}

#[test]
fn the_mutation_type_is_introspected() {
    let catalog = catalog();
    let schema = Caller::of_everything(&catalog)
        .holds(&["invite_member", "create_tenant"])
        .founds(&["*"])
        .schema();
    let query = "{ __schema { mutationType { name } } __type(name: \"Mutation\") { kind fields { name args { name type { kind ofType { name } } defaultValue } } }
        input: __type(name: \"TicketCreateInput\") { inputFields(includeDeprecated: true) { name defaultValue isDeprecated type { kind } } } }";
    let prepared = prepare(&schema, query).unwrap();
    let answer = |at: usize| -> Value { serde_json::from_str(prepared.introspection[at].1.get()).unwrap() };
    assert_eq!(answer(0), json!({"mutationType": {"name": "Mutation"}}));
    let by_name = |list: &Value, name: &str| {
        list.as_array()
            .unwrap()
            .iter()
            .find(|one| one["name"] == name)
            .unwrap()
            .clone()
    };
    let mutation = answer(1);
    let argument = |field: &str, argument: &str| by_name(&by_name(&mutation["fields"], field)["args"], argument);
    assert_eq!(argument("deleteTickets", "atMost")["defaultValue"], "1");
    assert_eq!(
        argument("deleteTickets", "atMost")["type"],
        json!({"kind": "NON_NULL", "ofType": {"name": "Int"}})
    );
    assert_eq!(argument("inviteMember", "roles")["defaultValue"], "[]");
    assert_eq!(argument("updateTicket", "ifVersion")["defaultValue"], Value::Null);
    let input = answer(2);
    for (field, kind, deprecated) in [
        ("subject", "NON_NULL", false),
        ("priority", "ENUM", false),
        ("source", "NON_NULL", false),
        ("site", "SCALAR", true),
    ] {
        let found = by_name(&input["inputFields"], field);
        assert_eq!(
            (&found["type"]["kind"], &found["isDeprecated"], &found["defaultValue"]),
            (&json!(kind), &json!(deprecated), &Value::Null),
            "{field}"
        );
    }
}

#[test]
fn nothing_is_open_to_who_sees_nothing() {
    let schema = RoleSchema::build(&catalog(), &Visible::default());
    assert!(schema.system().mutation.is_none());
}
