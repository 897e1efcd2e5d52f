//! An app without tenants: people hold roles themselves.

use super::{choose, letters, mutations, sign_in};
use freehold_tests::{Database, Folder, Person, Server, Start, on_both_databases};
use serde_json::{Value, json};

const APP: &str = "
app: shop
security: production
anonymous_profile: visitor
default_profile: member
entities:
  note: {access: open, fields: {title: {type: text}}}
  user: {access: open, public: false, fields: {badge: {type: autonumber}}}
profiles: {member: {sets: []}, visitor: {sets: []}}
roles:
  clerk: {sets: [notes]}
  chief: {sets: [notes, people], manages: [clerk]}
  owner: {sets: [notes, people], manages: [clerk, chief]}
permission_sets:
  notes:
    - {entity: note, allow: [read, list], read: [title]}
  people:
    - {entity: user, allow: [read, list], read: [name, email, status, roles, badge]}
    - {actions: [invite_member, set_member_roles, remove_member, block_member, reset_password, read_audit]}
";

const SEED: &str = "
users:
  - {email: ann@shop.test, password: violet-harbour-47, name: Ann, roles: [clerk]}
  - {email: bo@shop.test, password: copper-lantern-12, name: Bo, roles: [chief]}
  - {email: cleo@shop.test, password: quiet-orchard-83, name: Cleo, roles: [owner]}
";

fn shop(database: Database) -> Server {
    let folder = Folder::new();
    folder.write("app.yaml", APP);
    folder.write("seed.yaml", SEED);
    Start::with_folder(folder, database).start()
}

fn id(person: &Person<'_>) -> Value {
    person.query("{ viewer { user { id } } }")["viewer"]["user"]["id"].clone()
}

on_both_databases! {
    fn people_are_members(database) {
        let server = shop(database);
        let [ann, bo, cleo] = ["ann", "bo", "cleo"].map(|name| server.sign_in(&format!("{name}@shop.test")));
        assert_eq!(mutations(&ann), [""; 0]);
        assert_eq!(mutations(&bo), ["blockMember", "inviteMember", "removeMember", "resetPassword", "setMemberRoles", "unblockMember", "unlockMember"]);
        let ask = |person: &Person<'_>, field: &str| person.answer(&format!("mutation {{ it: {field} }}"));
        let done = |person: &Person<'_>, field: &str| {
            let answer = ask(person, field);
            assert_eq!(answer.code(), "", "{field}: {}\n{}", answer.text, server.complaints());
            answer.body["data"]["it"].clone()
        };
        let who = "{ id user email name roles status }";
        let zoe = done(&bo, &format!("inviteMember(email: \"zoe@shop.test\", name: \"Zoe\", roles: [\"clerk\"]) {who}"));
        assert_eq!(zoe, json!({"id": zoe["id"], "user": zoe["id"], "email": "zoe@shop.test", "name": "Zoe", "roles": ["clerk"], "status": "active"}));
        let letter = letters(&server).remove(0);
        assert_eq!(choose(&server, letter.token().expect("a link"), "tall-window-73x").status, 204);
        let session = sign_in(&server, "zoe@shop.test", "tall-window-73x").expect("a session");
        assert_eq!(session.query("{ viewer { roles } notes { totalCount } }"), json!({"viewer": {"roles": ["clerk"]}, "notes": {"totalCount": 0}}));
        for email in ["zoe@shop.test", "ZOE@Shop.Test"] {
            assert_eq!(ask(&bo, &format!("inviteMember(email: {email:?}) {{ id }}")).code(), "CONFLICT");
        }
        let (zoe, cleo_id) = (zoe["user"].clone(), id(&cleo));

        // Roles, on the next request.
        done(&bo, &format!("setMemberRoles(user: {zoe}, roles: []) {{ id }}"));
        assert_eq!(session.refusal("{ notes { totalCount } }"), "GRAPHQL_VALIDATION_FAILED");
        done(&cleo, &format!("setMemberRoles(user: {zoe}, roles: [\"chief\"]) {{ id }}"));
        assert_eq!(session.query("{ viewer { roles } }")["viewer"]["roles"], json!(["chief"]));
        for field in [
            format!("setMemberRoles(user: {zoe}, roles: []) {{ id }}"),
            format!("setMemberRoles(user: {}, roles: [\"owner\"]) {{ id }}", id(&ann)),
            format!("removeMember(user: {cleo_id}) {{ id }}"),
            format!("setMemberRoles(user: {}, roles: []) {{ id }}", id(&bo)),
        ] {
            assert_eq!(ask(&bo, &field).code(), "FORBIDDEN", "{field}");
        }
        done(&cleo, &format!("setMemberRoles(user: {zoe}, roles: [\"clerk\"]) {{ id }}"));

        // A block keeps out of everything, sessions included.
        done(&bo, &format!("blockMember(user: {zoe}) {{ id }}"));
        assert_eq!(session.refusal("{ viewer { roles } }"), "UNAUTHENTICATED");
        assert!(sign_in(&server, "zoe@shop.test", "tall-window-73x").is_none());
        // Nor does a link let anybody in who is blocked, until they are not.
        done(&bo, &format!("resetPassword(user: {zoe}) {{ id }}"));
        let letter = letters(&server).remove(0);
        assert_eq!(choose(&server, letter.token().expect("a link"), "short-chimney-5").status, 404);
        done(&bo, &format!("unblockMember(user: {zoe}) {{ id }}"));
        assert_eq!(choose(&server, letter.token().expect("a link"), "short-chimney-5").status, 204);
        assert!(sign_in(&server, "zoe@shop.test", "short-chimney-5").is_some());

        // Who is removed is blocked, and without roles: their rows stay theirs.
        let gone = done(&bo, &format!("removeMember(user: {zoe}) {who}"));
        assert_eq!((&gone["roles"], &gone["name"]), (&json!(["clerk"]), &json!("Zoe")), "as they were");
        let rows = &server.reader().tables()["user"];
        let row = rows.iter().find(|row| row["id"] == zoe).expect("the row stays");
        assert_eq!((&row["status"], row["roles"].to_string().contains("clerk")), (&json!("blocked"), false));
        assert!(row["badge"].is_number());
        assert!(sign_in(&server, "zoe@shop.test", "short-chimney-5").is_none());
        assert_eq!(ask(&bo, "removeMember(user: \"00000000-0001-8000-8000-000000000001\") { id }").code(), "NOT_FOUND");

        let log = bo.query("{ auditLog(kind: ADMINISTRATION, first: 50) { nodes { detail } } }");
        let last = &log["auditLog"]["nodes"][0]["detail"];
        assert_eq!(last, &json!({"operation": "remove_member", "rolesBefore": ["clerk"]}));
    }
}
