//! Members come and go, and their roles with them.

use super::{Office, choose, is_outside, mutations, sign_in, together};
use freehold_tests::on_both_databases;
use serde_json::{Value, json};

const WHO: &str = "{ id user email name roles status __typename }";

on_both_databases! {
    fn every_action_opens_its_own_field(database) {
        let office = Office::new(database);
        let all = ["blockMember", "createCompany", "inviteMember", "removeMember", "resetPassword", "setMemberRoles", "unblockMember", "unlockMember"];
        let held = |fields: &[&str]| {
            // Everybody may found a company, but for guests.
            let mut fields: Vec<String> = fields.iter().map(|name| (*name).to_owned()).collect();
            fields.push("createCompany".to_owned());
            fields.sort();
            fields
        };
        for (name, fields) in [
            ("ann", &[][..]),
            ("bo", &[]),
            ("inviter", &["inviteMember"]),
            ("setter", &["setMemberRoles"]),
            ("remover", &["removeMember"]),
            ("blocker", &["blockMember", "unblockMember", "unlockMember"]),
            ("unblocker", &["unblockMember", "unlockMember"]),
            ("resetter", &["resetPassword"]),
        ] {
            let person = office.person(name);
            assert_eq!(mutations(&person), held(fields), "{name}");
            for field in all.iter().filter(|field| **field != "createCompany" && !fields.contains(field)) {
                let arguments = match *field {
                    "inviteMember" => "(email: \"x@y.test\")",
                    "setMemberRoles" => "(user: <dan>, roles: [])",
                    _ => "(user: <dan>)",
                };
                assert_eq!(office.ask(&person, &format!("{field}{arguments} {{ id }}")).code(), "GRAPHQL_VALIDATION_FAILED", "{name} {field}");
            }
        }
        assert_eq!(mutations(&office.person("adam")), all);
        // A right of one tenant is none in another, nor in none; of nobody there is none at all.
        for tenant in ["globex", "nowhere"] {
            assert_eq!(mutations(&office.person("adam").tenant(tenant)), held(&[]), "{tenant}");
        }
        assert_eq!(mutations(&office.server.anonymous().tenant("acme")), [""; 0]);
        assert_eq!(mutations(&office.person("gil")), [""; 0]);
        // One action is enough to do it.
        for (name, field) in [
            ("inviter", "inviteMember(email: \"new@office.test\", roles: [\"requester\"]) { status }"),
            ("setter", "setMemberRoles(user: <ann>, roles: [\"agent\"]) { status }"),
            ("remover", "removeMember(user: <dan>) { status }"),
            ("resetter", "resetPassword(user: <dan>) { status }"),
        ] {
            if name == "resetter" {
                office.refused(name, field, "NOT_FOUND");
            } else {
                assert_eq!(office.done(name, field)["status"], "active", "{name}");
            }
        }
        office.done("setter", "setMemberRoles(user: <ann>, roles: [\"requester\"]) { status }");
        assert_eq!(office.done("blocker", "blockMember(user: <ann>) { status }")["status"], "blocked");
        assert_eq!(office.done("unblocker", "unblockMember(user: <ann>) { status }")["status"], "active");
        assert_eq!(office.done("resetter", "resetPassword(user: <ann>) { status }")["status"], "active");
    }

    fn somebody_new_is_invited(database) {
        let office = Office::new(database);
        let member = office.done("adam", &format!("inviteMember(email: \" Zoe@NEW.test \", name: \"Zoe\", roles: [\"requester\", \"requester\"]) {WHO}"));
        assert_eq!(
            (&member["name"], &member["roles"], &member["status"], &member["__typename"]),
            (&json!("Zoe"), &json!(["requester"]), &json!("active"), &json!("MemberPayload"))
        );
        assert_eq!(member["email"].as_str().map(str::to_lowercase).as_deref(), Some("zoe@new.test"));
        let tables = office.reader.tables();
        let users: Vec<_> = tables["user"].iter().filter(|row| row["id"] == member["user"]).collect();
        assert_eq!(users.len(), 1);
        assert_eq!(
            (&users[0]["email"], &users[0]["profile"], &users[0]["owner_id"], &users[0]["created_by_id"]),
            (&json!("zoe@new.test"), &json!("founder"), &member["user"], &json!(office.id("adam"))),
            "one profile, and a row of their own"
        );
        let letter = office.letter();
        assert_eq!(letter.to(), "zoe@new.test");
        let token = letter.token().expect("a link").to_owned();
        assert_eq!(token.len(), 64);
        assert!(!office.server.log().contains(&token));
        let stored = format!("{:?}", office.reader.tables());
        assert!(!stored.contains(&token), "the database has the token's hash alone");

        assert!(sign_in(&office.server, "zoe@new.test", "").is_none(), "nobody without a password comes in");
        assert_eq!(choose(&office.server, &token, "tall-window-73x").status, 204);
        // In any case of the address.
        let zoe = sign_in(&office.server, "Zoe@New.Test", "tall-window-73x").expect("a session");
        assert_eq!(zoe.query("{ viewer { roles tenant { slug } user { name profile } } notes { totalCount } }"), json!({
            "viewer": {"roles": ["requester"], "tenant": {"slug": "acme"}, "user": {"name": "Zoe", "profile": "founder"}},
            "notes": {"totalCount": 1},
        }));
        // Autonumbers and defaults of memberships are the model's.
        let made = tables["membership"].iter().find(|row| row["user_id"] == member["user"]).expect("a membership");
        assert_eq!(made["number"], json!(15), "fourteen are in the seed");
    }

    fn somebody_known_is_invited(database) {
        let office = Office::new(database);
        let cleo = office.person("cleo");
        assert!(is_outside(&cleo.tenant("acme")));
        let member = office.done("adam", &format!("inviteMember(email: \"CLEO@Office.test\", name: \"Not her name\", roles: [\"agent\"]) {WHO}"));
        assert_eq!((&member["user"], &member["name"], &member["roles"]), (&json!(office.id("cleo")), &json!("Cleo"), &json!(["agent"])));
        let letter = office.letter();
        assert_eq!((letter.to(), letter.token()), ("cleo@office.test", None), "who is known has a password");
        // At once, in the session that she has, and nothing of hers has changed elsewhere.
        assert_eq!(cleo.tenant("acme").query("{ viewer { roles } notes { nodes { title } } }"), json!({"viewer": {"roles": ["agent"]}, "notes": {"nodes": [{"title": "Desk"}]}}));
        assert_eq!(cleo.query("{ viewer { roles user { name } } notes { nodes { title } } }"), json!({"viewer": {"roles": ["owner"], "user": {"name": "Cleo"}}, "notes": {"nodes": [{"title": "Moon"}]}}));
        for email in ["cleo@office.test", "CLEO@office.TEST", "adam@office.test"] {
            let answer = office.refused("adam", &format!("inviteMember(email: {email:?}, roles: []) {{ id }}"), "CONFLICT");
            assert_eq!(answer.body["errors"][0]["message"], "this person is a member already");
        }
        // Whoever may not read names and addresses is not told them for inviting somebody: only what they have said.
        let member = office.done("inviter", &format!("inviteMember(email: \"gil@office.test\", roles: []) {WHO}"));
        assert_eq!((&member["email"], &member["name"]), (&json!("gil@office.test"), &Value::Null));
        assert_eq!(office.letters().len(), 1);
    }

    fn what_an_invitation_may_not_say(database) {
        let office = Office::new(database);
        for (name, roles) in [("adam", "org_admin"), ("adam", "owner"), ("adam", "inviter"), ("inviter", "agent"), ("olga", "owner")] {
            for email in ["new@office.test", "cleo@office.test"] {
                let field = format!("inviteMember(email: {email:?}, roles: [\"requester\", {roles:?}]) {{ id }}");
                let answer = office.refused(name, &field, "FORBIDDEN");
                assert_eq!(answer.body["errors"][0]["message"], format!("you do not manage the role `{roles}`"));
            }
        }
        let answer = office.refused("adam", "inviteMember(email: \"new@office.test\", roles: [\"requestor\"]) { id }", "BAD_USER_INPUT");
        let problem = &answer.body["errors"][0]["extensions"]["problems"][0];
        assert_eq!((&problem["path"], &problem["rule"]), (&json!(["roles", 0]), &json!("role")));
        assert_eq!(problem["message"], "no such role; did you mean `requester`?");
        for email in ["", "nobody", "a@b@c.test", "a b@c.test", "a@b.test\\r\\nBcc: c@d.test"] {
            office.refused("adam", &format!("inviteMember(email: \"{email}\") {{ id }}"), "BAD_USER_INPUT");
        }
        assert!(office.letters().is_empty());
    }

    fn roles_change_at_once(database) {
        let office = Office::new(database);
        let ann = office.person("ann");
        let write = |person: &freehold_tests::Person<'_>| person.answer("mutation { createNote(input: {title: \"x\"}) { id } }").code().to_owned();
        assert_eq!(write(&ann), "GRAPHQL_VALIDATION_FAILED");
        let member = office.done("adam", &format!("setMemberRoles(user: <ann>, roles: [\"agent\", \"requester\"]) {WHO}"));
        assert_eq!(member["roles"], json!(["agent", "requester"]));
        assert_eq!((write(&ann), ann.query("{ viewer { roles } }")["viewer"]["roles"].clone()), (String::new(), json!(["agent", "requester"])));
        let before = office.membership("ann", "acme").expect("a membership");
        office.done("adam", "setMemberRoles(user: <ann>, roles: []) { id }");
        // Zero roles are a membership still.
        assert!(is_outside(&ann));
        assert_eq!(ann.query("{ viewer { roles tenant { slug } memberships { status } } }"), json!({"viewer": {"roles": [], "tenant": {"slug": "acme"}, "memberships": [{"status": "active"}]}}));
        let after = office.membership("ann", "acme").expect("a membership");
        let version = |row: &serde_json::Map<String, Value>| row["version"].as_i64();
        assert_eq!(version(&after), version(&before).map(|version| version + 1));
        assert_eq!((&after["updated_by_id"], &after["on_call"]), (&json!(office.id("adam")), &before["on_call"]));
    }

    fn nobody_gives_more_than_they_manage(database) {
        let office = Office::new(database);
        let unmanaged = "the member holds roles that you do not manage";
        for (name, field, told) in [
            ("adam", "setMemberRoles(user: <ann>, roles: [\"org_admin\"]) { id }", "you do not manage the role `org_admin`"),
            ("adam", "setMemberRoles(user: <ann>, roles: [\"requester\", \"owner\"]) { id }", "you do not manage the role `owner`"),
            ("adam", "setMemberRoles(user: <olga>, roles: []) { id }", unmanaged),
            ("adam", "setMemberRoles(user: <inviter>, roles: [\"requester\"]) { id }", unmanaged),
            ("adam", "removeMember(user: <olga>) { id }", unmanaged),
            ("adam", "blockMember(user: <olga>) { id }", unmanaged),
            ("adam", "resetPassword(user: <olga>) { id }", unmanaged),
            ("remover", "removeMember(user: <bo>) { id }", unmanaged),
            ("blocker", "blockMember(user: <bo>) { id }", unmanaged),
            ("resetter", "resetPassword(user: <bo>) { id }", unmanaged),
            ("adam", "setMemberRoles(user: <adam>, roles: [\"owner\"]) { id }", "this cannot be done to oneself"),
            ("adam", "setMemberRoles(user: <adam>, roles: [\"org_admin\"]) { id }", "this cannot be done to oneself"),
            ("adam", "setMemberRoles(user: <adam>, roles: []) { id }", "this cannot be done to oneself"),
            ("adam", "removeMember(user: <adam>) { id }", "this cannot be done to oneself"),
            ("adam", "blockMember(user: <adam>) { id }", "this cannot be done to oneself"),
            ("adam", "unblockMember(user: <adam>) { id }", "this cannot be done to oneself"),
            ("adam", "resetPassword(user: <adam>) { id }", "this cannot be done to oneself"),
        ] {
            let answer = office.refused(name, field, "FORBIDDEN");
            assert_eq!(answer.body["errors"][0]["message"], told, "{name}: {field}");
        }
        // Who manages the manager may.
        office.done("olga", "setMemberRoles(user: <adam>, roles: [\"requester\"]) { id }");
        assert!(mutations(&office.person("adam")).len() == 1, "the company that anybody may found");
    }

    fn who_is_out_is_out_on_the_next_request(database) {
        let office = Office::new(database);
        // One session each, begun before.
        let (ann, dan) = (office.person("ann"), office.person("dan"));
        let elsewhere = dan.tenant("globex");
        assert!(!is_outside(&ann) && !is_outside(&dan) && !is_outside(&elsewhere));
        office.done("blocker", "blockMember(user: <ann>) { id }");
        assert!(is_outside(&ann));
        assert_eq!(ann.query("{ viewer { roles tenant { slug } } }"), json!({"viewer": {"roles": [], "tenant": null}}));
        office.refused("blocker", "unblockMember(user: <dan>) { id }", "CONFLICT");
        office.done("unblocker", "unblockMember(user: <ann>) { id }");
        assert!(!is_outside(&ann));

        office.done("blocker", "blockMember(user: <dan>) { id }");
        assert!(is_outside(&dan) && !is_outside(&elsewhere), "a block is of one tenant");
        let member = office.done("remover", &format!("removeMember(user: <dan>) {WHO}"));
        assert_eq!((&member["roles"], &member["status"], &member["name"]), (&json!(["requester"]), &json!("blocked"), &Value::Null), "as it was");
        assert!(is_outside(&dan) && !is_outside(&elsewhere));
        assert!(office.membership("dan", "acme").is_none() && office.membership("dan", "globex").is_some());
        office.refused("remover", "removeMember(user: <dan>) { id }", "NOT_FOUND");
        // Comes back as a new member.
        office.done("adam", "inviteMember(email: \"dan@office.test\", roles: [\"requester\"]) { id }");
        assert!(!is_outside(&dan));
        let member = office.done("adam", &format!("removeMember(user: <dan>) {WHO}"));
        assert_eq!((&member["name"], &member["email"]), (&json!("Dan"), &json!("dan@office.test")), "who may read it is told");
    }

    fn what_hangs_on_a_membership(database) {
        let office = Office::new(database);
        let memberships = |name: &str| office.membership(name, "acme").expect("a membership")["id"].clone();
        let (ann, bo) = (memberships("ann"), memberships("bo"));
        office.done("olga", &format!("createBadge(input: {{wearer: {ann}}}) {{ id }}"));
        office.done("olga", &format!("createKey(input: {{holder: {bo}}}) {{ id }}"));
        // Its key has to be handed over first.
        let answer = office.refused("adam", "removeMember(user: <bo>) { id }", "CONFLICT");
        assert_eq!(answer.body["errors"][0]["message"], "the row is still referred to");
        office.done("olga", &format!("createDuty(input: {{worker: {ann}}}) {{ id }}"));
        // The action is not enough for what is no member: that has rules of its own.
        let answer = office.refused("remover", "removeMember(user: <ann>) { id }", "FORBIDDEN");
        assert_eq!(answer.body["errors"][0]["message"], "no rule lets you delete all that would go with this row");
        office.done("adam", "removeMember(user: <ann>) { id }");
        let tables = office.reader.tables();
        assert_eq!((tables["badge"].len(), tables["duty"].len(), tables["key"].len()), (0, 0, 1), "a badge goes with its wearer");
    }

    fn who_is_no_member_is_not_there(database) {
        let office = Office::new(database);
        let missing = "00000000-0001-8000-8000-000000000001";
        let (cleo, note) = (office.id("cleo"), office.id("desk"));
        let membership = office.membership("ann", "acme").expect("a membership")["id"].as_str().expect("an id").to_owned();
        for (name, field) in [
            ("adam", "setMemberRoles(user: WHO, roles: [\"requester\"])"),
            ("adam", "setMemberRoles(user: WHO, roles: [\"owner\"])"),
            ("adam", "removeMember(user: WHO)"),
            ("adam", "blockMember(user: WHO)"),
            ("adam", "unblockMember(user: WHO)"),
            ("adam", "resetPassword(user: WHO)"),
        ] {
            let told = |id: &str| {
                let answer = office.refused(name, &format!("{} {{ id name }}", field.replace("WHO", &format!("{id:?}"))), "NOT_FOUND");
                (answer.status, answer.without_request_id().to_string())
            };
            let expected = told(missing);
            // Of another tenant, of another entity, of the same tenant but a membership's.
            for id in [cleo, note, membership.as_str(), office.id("gil")] {
                assert_eq!(told(id), expected, "{field}");
            }
        }
        office.refused("adam", "removeMember(user: \"no id\") { id }", "BAD_USER_INPUT");
        assert!(office.letters().is_empty());
    }

    fn one_operation_is_all_or_nothing(database) {
        let office = Office::new(database);
        let adam = office.person("adam");
        let before = office.stored();
        let wrong = "mutation {
            note: createNote(input: {title: \"Welcome\"}) { id }
            zoe: inviteMember(email: \"zoe@new.test\", roles: [\"requester\"]) { id }
            ann: setMemberRoles(user: <ann>, roles: [\"agent\"]) { id }
            bo: blockMember(user: <bo>) { id }
            reset: resetPassword(user: <ann>) { id }
            olga: removeMember(user: <olga>) { id }
        }";
        let answer = adam.answer(&office.fill(wrong));
        assert_eq!((answer.code(), &answer.body["errors"][0]["path"]), ("FORBIDDEN", &json!(["olga"])), "{}", answer.text);
        office.unchanged(&before, "an operation");
        assert!(office.letters().is_empty(), "no letter of what came to nothing");

        let right = wrong.replace("olga: removeMember(user: <olga>)", "dan: removeMember(user: <dan>)");
        let answer = adam.answer(&office.fill(&right));
        assert_eq!(answer.code(), "", "{}", answer.text);
        assert_eq!(answer.body["data"].as_object().map(serde_json::Map::len), Some(6));
        let mut to: Vec<String> = office.letters().iter().map(|letter| letter.to().to_owned()).collect();
        to.sort();
        assert_eq!(to, ["ann@office.test", "zoe@new.test"]);
        assert_eq!(office.membership("bo", "acme").expect("a membership")["status"], "blocked");
    }

    fn two_managers_do_not_remove_each_other(database) {
        for round in 0..6 {
            let office = Office::new(database);
            let (chris, dora) = (office.person("chris"), office.person("dora"));
            let verb = ["removeMember", "blockMember"][round % 2];
            let tries = [(&chris, "<dora>"), (&dora, "<chris>")].map(|(person, other)| {
                let text = office.fill(&format!("mutation {{ {verb}(user: {other}) {{ id }} }}"));
                move || person.answer(&text).code().to_owned()
            });
            let codes = together(tries.into());
            assert!(codes.contains(&String::new()) && codes.iter().any(|code| !code.is_empty()), "{codes:?}");
            let memberships = &office.reader.tables()["membership"];
            let company = json!(office.id("board"));
            let left = memberships.iter().filter(|row| row["tenant_id"] == company && row["status"] == "active");
            assert_eq!(left.count(), 1, "one of them is left to manage\n{}", office.server.complaints());
        }
    }

    fn two_who_invite_the_same_person_at_once(database) {
        let office = Office::new(database);
        let (adam, cleo) = (office.person("adam"), office.person("cleo"));
        for round in 0..6 {
            let text = format!("mutation {{ it: inviteMember(email: \"new{round}@office.test\", roles: [\"requester\"]) {{ user }} }}");
            let tries = [&adam, &cleo].map(|person| || {
                let answer = person.answer(&text);
                assert_eq!(answer.code(), "", "{}\n{}", answer.text, person.server().complaints());
                answer.body["data"]["it"]["user"].clone()
            });
            let users = together(tries.into());
            assert_eq!(users[0], users[1], "one person, a member of both");
        }
        assert_eq!(office.letters().iter().filter(|letter| letter.token().is_some()).count(), 6);
    }
}
