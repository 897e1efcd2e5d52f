//! What nobody gets around: ordinary mutations do not touch who is who.

use super::Office;
use freehold_tests::on_both_databases;
use serde_json::json;

on_both_databases! {
    fn no_input_has_what_administration_gives(database) {
        let office = Office::new(database);
        let olga = office.person("olga");
        let names = |name: &str| {
            let data = olga.query(&format!("{{ __type(name: {name:?}) {{ inputFields {{ name }} }} }}"));
            let fields = data["__type"]["inputFields"].as_array().cloned().unwrap_or_default();
            fields.iter().filter_map(|field| field["name"].as_str().map(str::to_owned)).collect::<Vec<_>>()
        };
        // The rules list `user`, `roles` and `status`, and `email`, `profile` and `status`.
        assert_eq!(names("MembershipUpdateInput"), ["onCall"]);
        assert_eq!(names("UserUpdateInput"), ["name", "phone"]);
        let data = olga.query("{ __type(name: \"Mutation\") { fields { name } } }");
        let fields = data["__type"]["fields"].to_string();
        for name in ["Membership\"", "Memberships\"", "createUser", "deleteUser", "upsertUser", "transitionUser", "deleteCompany"] {
            let own = ["updateMembership", "updateMemberships"].map(|own| format!("\"{own}\""));
            let rest = own.iter().fold(fields.clone(), |text, own| text.replace(own, ""));
            assert!(!rest.contains(name), "{name}: {fields}");
        }
        let ann = office.membership("ann", "acme").expect("a membership")["id"].clone();
        for field in [
            format!("updateMembership(id: {ann}, input: {{roles: [OWNER]}}) {{ id }}"),
            format!("updateMembership(id: {ann}, input: {{status: BLOCKED}}) {{ id }}"),
            format!("updateMembership(id: {ann}, input: {{user: <bo>}}) {{ id }}"),
            format!("deleteMembership(id: {ann}) {{ id }}"),
            "createMembership(input: {user: <cleo>, roles: [OWNER]}) { id }".to_owned(),
            "createUser(input: {email: \"x@y.test\"}) { id }".to_owned(),
            "updateUser(id: <olga>, input: {email: \"x@y.test\"}) { id }".to_owned(),
            "updateUser(id: <olga>, input: {profile: \"guest\"}) { id }".to_owned(),
            "updateUser(id: <olga>, input: {status: BLOCKED}) { id }".to_owned(),
        ] {
            office.refused("olga", &field, "GRAPHQL_VALIDATION_FAILED");
        }
    }

    fn a_rule_that_sets_roles_sets_none(database) {
        let office = Office::new(database);
        let ann = office.membership("ann", "acme").expect("a membership");
        office.done("olga", &format!("updateMembership(id: {}, input: {{onCall: true}}) {{ id }}", ann["id"]));
        let after = office.membership("ann", "acme").expect("a membership");
        assert!(after["on_call"] == json!(true) || after["on_call"] == json!(1));
        assert_eq!((&after["roles"], &after["status"]), (&ann["roles"], &ann["status"]), "`set: {{roles: …, status: …}}` has no effect");
        let report = freehold_tests::command(&["check", &freehold_tests::fixture("office").display().to_string()]);
        for word in ["`roles` changes by `setMemberRoles` alone", "`status` changes by `blockMember`"] {
            assert!(report.stderr.contains(word) || report.stdout.contains(word), "{word}\n{}{}", report.stdout, report.stderr);
        }
    }

    fn a_person_has_one_profile(database) {
        let office = Office::new(database);
        let tables = office.reader.tables();
        assert!(tables["user"].iter().all(|row| row["profile"].is_string()));
        // A second membership of the same person in the same tenant is impossible, past the server too.
        let ann = office.membership("ann", "acme").expect("a membership");
        let columns = "version, created_at, updated_at, tenant_id, user_id, roles, status, number, on_call";
        let id = match database {
            freehold_tests::Database::Sqlite => "x'00000000000180008000000000000001'",
            freehold_tests::Database::Postgres => "'00000000-0001-8000-8000-000000000001'",
        };
        let again = format!(
            "INSERT INTO membership (id, {columns}) SELECT {id}, {columns} FROM membership WHERE number = {} AND tenant_id = (SELECT id FROM company WHERE slug = 'acme')",
            ann["number"]
        );
        let tried = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| office.server.execute(&again)));
        assert!(tried.is_err(), "a person was made a member twice");
        // A tenant is an ordinary row but for how it comes.
        office.done("olga", "updateCompany(id: <acme>, input: {name: \"Acme and sons\"}) { name }");
        office.refused("olga", "updateCompany(id: <globex>, input: {name: \"x\"}) { name }", "NOT_FOUND");
    }
}
