//! What the audit log says of administration: who did what to whom, with roles before and after, and no address.

use super::{Office, choose};
use freehold_tests::{Person, command, on_both_databases};
use serde_json::{Value, json};

/// Records of administration, the oldest first.
fn log(person: &Person<'_>, kind: &str) -> Vec<Value> {
    let data = person.query(&format!(
        "{{ auditLog(kind: {kind}, first: 100) {{ nodes {{ user entity rowId detail requestId kind }} }} }}"
    ));
    let mut records = data["auditLog"]["nodes"].as_array().expect("nodes").clone();
    records.reverse();
    records
}

on_both_databases! {
    fn all_of_it_is_recorded(database) {
        let office = Office::new(database);
        for field in [
            "inviteMember(email: \"zoe@new.test\", name: \"Zoe Zander\", roles: [\"requester\"]) { id }",
            "inviteMember(email: \"cleo@office.test\") { id }",
            "setMemberRoles(user: <ann>, roles: [\"agent\", \"requester\"]) { id }",
            "blockMember(user: <ann>) { id }",
            "unblockMember(user: <ann>) { id }",
            "resetPassword(user: <ann>) { id }",
            "removeMember(user: <ann>) { id }",
        ] {
            office.done("adam", field);
        }
        let olga = office.person("olga");
        let records = log(&olga, "ADMINISTRATION");
        let zoe = office.reader.tables()["user"].iter().find(|row| row["email"] == "zoe@new.test").expect("a user")["id"].clone();
        let (ann, cleo) = (json!(office.id("ann")), json!(office.id("cleo")));
        let told: Vec<(Value, Value)> = records.iter().map(|record| (record["rowId"].clone(), record["detail"].clone())).collect();
        assert_eq!(told, [
            (zoe, json!({"operation": "invite_member", "roles": ["requester"]})),
            (cleo, json!({"operation": "invite_member", "roles": []})),
            (ann.clone(), json!({"operation": "set_member_roles", "rolesBefore": ["requester"], "roles": ["agent", "requester"]})),
            (ann.clone(), json!({"operation": "block_member"})),
            (ann.clone(), json!({"operation": "unblock_member"})),
            (ann.clone(), json!({"operation": "reset_password"})),
            (ann.clone(), json!({"operation": "remove_member", "rolesBefore": ["agent", "requester"]})),
        ]);
        assert!(records.iter().all(|record| record["user"] == office.id("adam") && record["entity"] == "user"
            && record["requestId"].as_str().is_some_and(|id| id.len() == 32)), "{records:?}");

        office.refused("adam", "blockMember(user: <olga>) { id }", "FORBIDDEN");
        office.refused("adam", "blockMember(user: <gil>) { id }", "NOT_FOUND");
        office.refused("adam", "inviteMember(email: \"new@office.test\", roles: [\"owner\"]) { id }", "FORBIDDEN");
        let denied = log(&olga, "DENIED");
        let told: Vec<Value> = denied.iter().map(|record| json!([record["rowId"], record["detail"]["code"], record["detail"]["operation"]])).collect();
        assert_eq!(told, [
            json!([office.id("olga"), "FORBIDDEN", "block_member"]),
            json!([office.id("gil"), "NOT_FOUND", "block_member"]),
            json!([Value::Null, "FORBIDDEN", "invite_member"]),
        ]);
        // No address, no name, no password, no token: not in the log, nor in what the server prints.
        let tables = office.reader.tables();
        let stored = format!("{:?}{:?}", tables["fh_audit"], tables["fh_audit_chain"]);
        let log = office.server.complaints();
        for secret in ["@", "Zander", "zoe"] {
            assert!(!stored.contains(secret) && !log.contains(secret), "{secret}\n{stored}\n{log}");
        }
        for letter in office.letters() {
            let token = letter.token().unwrap_or("no token").to_owned();
            assert!(!stored.contains(&token) && !log.contains(&token));
        }
        // What is ordinary in the same operation is recorded beside it.
        office.done("olga", "updateCompany(id: <acme>, input: {motto: \"x\"}) { id }");
        let writes = super::audit::log(&olga, "WRITE");
        assert_eq!(writes.last().expect("a record")["detail"]["operation"], "update");
    }

    fn founders_and_choices_are_recorded(database) {
        let office = Office::new(database);
        let ann = office.person("ann");
        let answer = office.ask(&ann, "createCompany(input: {name: \"N\", slug: \"new\"}) { id }");
        assert_eq!(answer.code(), "", "{}", answer.text);
        // The first record of the new tenant's chain; its founder may read it.
        let records = log(&ann.tenant("new"), "ADMINISTRATION");
        assert_eq!(records.len(), 1);
        let expected = json!({"operation": "create_tenant", "roles": ["owner"]});
        assert_eq!((&records[0]["detail"], &records[0]["user"], &records[0]["rowId"]), (&expected, &json!(office.id("ann")), &json!(office.id("ann"))));

        office.done("adam", "resetPassword(user: <bo>) { id }");
        let token = office.letter().token().expect("a link").to_owned();
        assert_eq!(choose(&office.server, &token, "tall-window-73x").status, 204);
        let olga = office.person("olga");
        let records = log(&olga, "ADMINISTRATION");
        let last = records.last().expect("a record");
        assert_eq!((&last["detail"]["operation"], &last["user"], &last["rowId"]), (&json!("choose_password"), &json!(office.id("bo")), &json!(office.id("bo"))));
        // The operator of the environment is told of what is no tenant's own: new tenants, and people's passwords.
        let model = office.server.folder().model().display().to_string();
        let mut arguments = vec!["audit", "list", model.as_str(), "--json", "--kind", "administration"];
        let place = office.server.place();
        arguments.extend(place.iter().map(String::as_str));
        let listed = command(&arguments);
        for operation in ["reset_password", "choose_password"] {
            assert!(listed.stdout.contains(operation), "{operation}\n{}{}", listed.stdout, listed.stderr);
        }
        let verified = command(&[&["audit", "verify", model.as_str()][..], &place.iter().map(String::as_str).collect::<Vec<_>>()].concat());
        assert_eq!(verified.code, Some(0), "{}{}", verified.stdout, verified.stderr);
    }
}
