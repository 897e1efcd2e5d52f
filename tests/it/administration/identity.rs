//! Sessions, second factors, lockouts and keys of others, and what is told of sign-ins.

use super::{Office, agent, is_outside, sign_in};
use freehold_tests::{Answer, Database, Folder, Person, Server, Start, on_both_databases, without_request_id};
use serde_json::{Map, Value, json};

/// Root fields that are about people's ways in, by what opens them.
const FIELDS: [(&str, &str); 10] = [
    ("mutation", "revokeSessions(user: <ann>) { id }"),
    ("mutation", "removeSecondFactors(user: <ann>) { id }"),
    ("mutation", "unlockMember(user: <ann>) { id }"),
    ("mutation", "createApiKey(input: {name: \"x\"}) { id }"),
    ("mutation", "revokeApiKey(id: <ann>) { id }"),
    ("query", "memberSessions(user: <ann>) { id }"),
    ("query", "memberFactors(user: <ann>) { kind }"),
    ("query", "apiKeys { id }"),
    ("query", "identityProviders { name }"),
    ("query", "signInStats { signIns }"),
];

fn name_of(field: &str) -> &str {
    field.split(['(', ' ']).next().unwrap_or_default()
}

impl Office {
    fn query(&self, name: &str, field: &str) -> Value {
        let data = self.person(name).query(&self.fill(&format!("{{ it: {field} }}")));
        data["it"].clone()
    }

    fn query_refused(&self, name: &str, field: &str) -> Answer {
        let answer = self.person(name).answer(&self.fill(&format!("{{ it: {field} }}")));
        assert!(!answer.code().is_empty(), "{name}: {field}: {}", answer.text);
        answer
    }

    /// Makes a key, and gives the whole answer.
    fn key(&self, name: &str, input: &str) -> Value {
        self.done(
            name,
            &format!("createApiKey(input: {{{input}}}) {{ id key hint expiresAt }}"),
        )
    }

    /// What somebody gets who has but a key.
    fn with_key(&self, key: &Value, tenant: Option<&str>, query: &str) -> Value {
        with_key(&self.server, key, tenant, query)
    }

    /// Rows of a table that belong to somebody.
    fn rows_of(&self, table: &str, name: &str) -> usize {
        let rows = self.reader.tables().remove(table).unwrap_or_default();
        rows.iter().filter(|row| row["user_id"] == self.id(name)).count()
    }

    /// Gives somebody a second factor, and codes for its loss.
    fn give_factor(&self, database: Database, name: &str) {
        let bytes = match database {
            Database::Sqlite => "x'0102'",
            Database::Postgres => "'\\x0102'",
        };
        let code = match database {
            Database::Sqlite => "CAST(email AS blob)",
            Database::Postgres => "convert_to(email, 'UTF8')",
        };
        for sql in [
            format!(
                "INSERT INTO fh_factor (id, user_id, kind, label, secret, created_at) \
                 SELECT id, id, 'totp', 'Old phone', {bytes}, 1000000 FROM \"user\" WHERE email = '{name}@office.test'"
            ),
            format!(
                "INSERT INTO fh_recovery (code_hash, user_id) SELECT {code}, id FROM \"user\" WHERE email = '{name}@office.test'"
            ),
        ] {
            self.server.execute(&sql);
        }
    }

    /// Refuses what is about these people, in the same way to everybody who asks: oneself, who is not managed, who belongs elsewhere
    /// too, who is no member, and who does not exist.
    fn is_bounded(&self, name: &str, field: &str) {
        for (other, code) in [
            (format!("<{name}>"), "FORBIDDEN"),
            ("<olga>".into(), "FORBIDDEN"),
            ("<bo>".into(), "FORBIDDEN"),
            ("<dan>".into(), "FORBIDDEN"),
        ] {
            self.refused(name, &field.replace("<ann>", &other), code);
        }
        let nobody = "\"01930000-0001-8001-8000-00000000dead\"";
        let [absent, foreign] = [nobody, "<cleo>"].map(|other| {
            let answer = self.refused(name, &field.replace("<ann>", other), "NOT_FOUND");
            without_request_id(answer.body)
        });
        assert_eq!(absent, foreign, "{field}");
    }

    /// Whether the log of Acme, and the environment's, have heard of it.
    fn is_recorded(&self, operation: &str, about: &str) {
        let log = self.query(
            "adam",
            "auditLog(kind: ADMINISTRATION, first: 50) { nodes { user rowId detail } }",
        );
        let nodes = log["nodes"].as_array().expect("records");
        let found = nodes.iter().find(|node| node["detail"]["operation"] == operation);
        let found = found.unwrap_or_else(|| panic!("no {operation} in {log}"));
        assert_eq!(found["rowId"], self.id(about), "{found}");
        assert!(found["user"].is_string() && !found.to_string().contains('@'), "{found}");
        let records = self.reader.tables().remove("fh_audit").unwrap_or_default();
        let is_of = |row: &&Map<String, Value>| {
            row["kind"] == "administration" && row["detail"].to_string().contains(&format!("{operation}\\\""))
        };
        let chains = records.iter().filter(is_of);
        assert_eq!(
            chains.count(),
            2,
            "the tenant's chain and the environment's: {operation}"
        );
    }
}

fn with_key(server: &Server, key: &Value, tenant: Option<&str>, query: &str) -> Value {
    let request = agent()
        .post(format!("{}/graphql", server.base()))
        .header("Authorization", format!("Bearer {}", key.as_str().expect("a key")))
        .header("Accept", "application/graphql-response+json")
        .content_type("application/json");
    let request = match tenant {
        Some(tenant) => request.header("X-Tenant", tenant),
        None => request,
    };
    let body = json!({ "query": query }).to_string();
    let text = super::reply(request.send(body.as_bytes()).expect("the server answers")).body;
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}"))
}

fn code(body: &Value) -> &str {
    body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
}

/// The root fields of these that a caller's schema has.
fn held(person: &Person<'_>) -> Vec<&'static str> {
    let data = person
        .query("{ q: __type(name: \"Query\") { fields { name } } m: __type(name: \"Mutation\") { fields { name } } }");
    let text = data.to_string();
    let names = FIELDS.iter().map(|(_, field)| name_of(field));
    names
        .filter(|name| text.contains(&format!("{{\"name\":\"{name}\"}}")))
        .collect()
}

const ROLES: &str = "{ viewer { roles } }";

on_both_databases! {
    fn each_by_its_action(database) {
        let office = Office::new(database);
        for (name, fields) in [
            ("ann", &[][..]),
            ("bo", &[]),
            ("inviter", &["identityProviders"]),
            ("blocker", &["unlockMember", "identityProviders"]),
            ("unblocker", &["unlockMember", "identityProviders"]),
            ("resetter", &["removeSecondFactors", "memberFactors", "identityProviders"]),
            ("revoker", &["revokeSessions", "memberSessions", "identityProviders"]),
            ("keymaker", &["createApiKey", "apiKeys", "identityProviders"]),
            ("keyender", &["revokeApiKey", "apiKeys", "identityProviders"]),
        ] {
            let person = office.person(name);
            assert_eq!(held(&person), fields, "{name}");
            for (kind, field) in FIELDS.iter().filter(|(_, field)| !fields.contains(&name_of(field))) {
                let answer = person.answer(&office.fill(&format!("{kind} {{ {field} }}")));
                assert_eq!(answer.code(), "GRAPHQL_VALIDATION_FAILED", "{name} {field}");
            }
            for type_name in ["ApiKey", "ApiKeyCreated", "ApiKeyInput", "MemberSession", "MemberFactor", "SignInStats"] {
                let found = person.query(&format!("{{ __type(name: \"{type_name}\") {{ name }} }}"));
                let is_led_to = match type_name {
                    "ApiKey" => fields.contains(&"apiKeys"),
                    "ApiKeyCreated" | "ApiKeyInput" => fields.contains(&"createApiKey"),
                    "MemberSession" => fields.contains(&"memberSessions"),
                    "MemberFactor" => fields.contains(&"memberFactors"),
                    _ => false,
                };
                assert_eq!(!found["__type"].is_null(), is_led_to, "{name} {type_name}");
            }
        }
        assert_eq!(held(&office.person("adam")).len(), FIELDS.len());
        for tenant in ["globex", "nowhere"] {
            assert_eq!(held(&office.person("adam").tenant(tenant)), [""; 0], "{tenant}");
        }
        assert_eq!(held(&office.server.anonymous().tenant("acme")), [""; 0]);
    }

    fn sessions_are_revoked(database) {
        let office = Office::new(database);
        let [here, there, bo] = ["ann", "ann", "bo"].map(|name| office.person(name));
        assert!(!is_outside(&here) && !is_outside(&there) && !is_outside(&bo));
        let key = office.key("keymaker", "user: <ann>, name: \"Robot\"")["key"].clone();
        let family = match database {
            Database::Sqlite => ("x'01'", "id"),
            Database::Postgres => ("'\\x01'", "id"),
        };
        office.server.execute(&format!(
            "INSERT INTO fh_refresh (token_hash, family, user_id, client, created_at, expires_at) \
             SELECT {}, {}, id, 'app', 1, 9000000000000000 FROM \"user\" WHERE email = 'ann@office.test'",
            family.0, family.1
        ));
        let live = here.listen("subscription { notes { totalCount } }", &json!({}));
        live.next();

        let shown = office.query("revoker", "memberSessions(user: <ann>) { kind createdAt lastSeenAt expiresAt userAgent address provider id }");
        let shown = shown.as_array().expect("a list").clone();
        assert_eq!(shown.len(), 2, "keys are no sessions: {shown:?}");
        assert!(shown.iter().all(|it| it["kind"] == "browser" && it["id"].is_string() && it["expiresAt"].is_string()));
        // What a session is called is nothing to come in with.
        let cookie = here.cookie().expect("a cookie").split('=').nth(1).unwrap_or_default().to_owned();
        assert!(!json!(shown).to_string().contains(&cookie));

        office.is_bounded("revoker", "revokeSessions(user: <ann>) { id }");
        for (other, code) in [("<olga>", "FORBIDDEN"), ("<bo>", "FORBIDDEN"), ("<dan>", "FORBIDDEN"), ("<cleo>", "NOT_FOUND")] {
            assert_eq!(office.query_refused("revoker", &format!("memberSessions(user: {other}) {{ id }}")).code(), code, "{other}");
        }
        assert!(!is_outside(&here) && !is_outside(&there));

        let member = office.done("revoker", "revokeSessions(user: <ann>) { user roles status }");
        assert_eq!(member, json!({"user": office.id("ann"), "roles": ["requester"], "status": "active"}));
        for person in [&here, &there] {
            assert_eq!(person.refusal(ROLES), "UNAUTHENTICATED", "on the next request");
        }
        assert_eq!(live.end(), "UNAUTHENTICATED");
        assert_eq!(office.rows_of("fh_refresh", "ann"), 0, "no app gets a new token");
        assert_eq!(office.with_key(&key, None, ROLES)["data"]["viewer"]["roles"], json!(["requester"]), "keys stay");
        assert!(!is_outside(&bo), "of her alone");
        assert_eq!(office.query("revoker", "memberSessions(user: <ann>) { id }"), json!([]));
        office.is_recorded("revoke_sessions", "ann");
        // She signs in again.
        assert!(!is_outside(&office.person("ann")));
    }

    fn second_factors_are_removed(database) {
        let office = Office::new(database);
        let ann = office.person("ann");
        for name in ["ann", "bo"] {
            office.give_factor(database, name);
        }
        let shown = office.query("resetter", "memberFactors(user: <ann>) { kind createdAt lastUsedAt }");
        assert_eq!(shown, json!([{"kind": "totp", "createdAt": "1970-01-01T00:00:01Z", "lastUsedAt": null}]));
        let fields = office.person("resetter").query("{ __type(name: \"MemberFactor\") { fields { name } } }");
        assert_eq!(fields["__type"]["fields"].as_array().map(Vec::len), Some(3), "neither secret nor label: {fields}");
        office.is_bounded("resetter", "removeSecondFactors(user: <ann>) { id }");
        for (other, code) in [("<bo>", "FORBIDDEN"), ("<dan>", "FORBIDDEN"), ("<cleo>", "NOT_FOUND")] {
            assert_eq!(office.query_refused("resetter", &format!("memberFactors(user: {other}) {{ kind }}")).code(), code, "{other}");
        }
        office.done("resetter", "removeSecondFactors(user: <ann>) { id }");
        assert_eq!([office.rows_of("fh_factor", "ann"), office.rows_of("fh_recovery", "ann")], [0, 0]);
        assert_eq!([office.rows_of("fh_factor", "bo"), office.rows_of("fh_recovery", "bo")], [1, 1]);
        assert_eq!(ann.refusal(ROLES), "UNAUTHENTICATED");
        assert_eq!(office.query("resetter", "memberFactors(user: <ann>) { kind }"), json!([]));
        office.is_recorded("remove_second_factors", "ann");
    }

    fn lockouts_are_lifted(database) {
        let office = Office::new(database);
        let ann = office.person("ann");
        let may = |name: &str, password: &str| sign_in(&office.server, &format!("{name}@office.test"), password).is_some();
        for name in ["ann", "dan"] {
            let right = office.server.password(&format!("{name}@office.test"));
            (0..3).for_each(|_| assert!(!may(name, "wrong-password-1")));
            assert!(!may(name, right), "locked out");
        }
        office.is_bounded("unblocker", "unlockMember(user: <ann>) { id }");
        // Ann was told that she is locked out.
        office.letters();
        office.done("unblocker", "unlockMember(user: <ann>) { id status }");
        assert!(may("ann", office.server.password("ann@office.test")), "at once, with the password she has");
        assert!(!is_outside(&ann), "nothing else has changed");
        assert!(!may("dan", office.server.password("dan@office.test")), "no tenant helps itself to more guesses");
        assert!(office.letters().is_empty());
        office.is_recorded("unlock_member", "ann");
    }

    fn a_key_is_made_for_a_member(database) {
        let office = Office::new(database);
        let made = office.key("keymaker", "user: <ann>, name: \"  Robot \", expiresDays: 2, readOnly: true");
        let key = &made["key"];
        let text = key.as_str().expect("a text");
        assert!(text.starts_with("fh_") && text.len() == 52 && made["hint"] == text[..8], "{made}");
        // It is Ann, in Acme alone.
        let me = office.with_key(key, None, "{ viewer { user { id } tenant { slug } roles } notes { totalCount } }");
        assert_eq!(me["data"]["viewer"]["user"]["id"], office.id("ann"), "{me}");
        assert_eq!((&me["data"]["viewer"]["tenant"]["slug"], &me["data"]["viewer"]["roles"]), (&json!("acme"), &json!(["requester"])));
        let elsewhere = office.with_key(key, Some("globex"), "{ notes { totalCount } }");
        assert_eq!(code(&elsewhere), "GRAPHQL_VALIDATION_FAILED");

        // The database has a hash.
        let rows = office.reader.tables().remove("fh_session").unwrap_or_default();
        let row = rows.iter().find(|row| row["kind"] == "key").expect("a row");
        assert_eq!(row["label"], json!(format!("{}\nRobot", &text[..8])));
        assert_eq!((&row["tenant_id"], &row["user_id"]), (&json!(office.id("acme")), &json!(office.id("ann"))));
        let terms: Value = serde_json::from_str(row["terms"].as_str().unwrap_or_default()).expect("JSON");
        assert_eq!(terms, json!({"lasting": true, "read_only": true, "roles": ["requester"]}));
        let days = (row["expires_at"].as_i64().zip(row["created_at"].as_i64())).map(|(end, start)| (end - start) / 86_400_000_000);
        assert_eq!(days, Some(2));
        let all = json!(office.reader.tables()).to_string();
        assert!(!all.contains(text) && !all.contains(&text[3..46]));
        assert!(!office.server.log().contains(text));

        // Who manages her sees what it is called, and no more of it.
        let listed = office.query("keyender", "apiKeys(user: <ann>) { id user name hint roles readOnly createdAt lastUsedAt expiresAt }");
        let listed = &listed[0];
        assert_eq!((&listed["id"], &listed["name"], &listed["hint"], &listed["roles"], &listed["readOnly"]),
            (&made["id"], &json!("Robot"), &made["hint"], &json!(["requester"]), &json!(true)));
        assert_eq!((&listed["user"], &listed["expiresAt"]), (&json!(office.id("ann")), &made["expiresAt"]));
        office.is_recorded("create_api_key", "ann");

        // A role that she gets later is not the key's.
        office.done("olga", "setMemberRoles(user: <ann>, roles: [\"requester\", \"org_admin\"]) { id }");
        assert_eq!(office.with_key(key, None, ROLES)["data"]["viewer"]["roles"], json!(["requester"]));
        assert_eq!(office.query("keymaker", "apiKeys { id }"), json!([]), "it is of somebody whom she does not manage any more");
        // One that she loses is.
        office.done("olga", "setMemberRoles(user: <ann>, roles: []) { id }");
        assert_eq!(office.with_key(key, None, ROLES)["data"]["viewer"]["roles"], json!([]));
        // Who is blocked is kept out with it, and who is removed leaves no key behind.
        office.done("olga", "setMemberRoles(user: <ann>, roles: [\"requester\"]) { id }");
        office.done("olga", "blockMember(user: <ann>) { id }");
        assert_eq!(code(&office.with_key(key, Some("acme"), "{ notes { totalCount } }")), "GRAPHQL_VALIDATION_FAILED");
        office.done("olga", "unblockMember(user: <ann>) { id }");
        office.done("olga", "removeMember(user: <ann>) { id }");
        assert_eq!(code(&office.with_key(key, Some("acme"), ROLES)), "UNAUTHENTICATED");
        office.done("olga", "inviteMember(email: \"ann@office.test\", roles: [\"requester\"]) { id }");
        assert_eq!(code(&office.with_key(key, Some("acme"), ROLES)), "UNAUTHENTICATED");
    }

    fn keys_stay_below_those_who_make_them(database) {
        let office = Office::new(database);
        let made = |input: &str| format!("createApiKey(input: {{name: \"x\", {input}}}) {{ id }}");
        for (input, code) in [
            ("user: <bo>", "FORBIDDEN"),
            ("user: <olga>", "FORBIDDEN"),
            // A key is the person, in other tenants' eyes too.
            ("user: <dan>", "FORBIDDEN"),
            ("user: <ann>, roles: [\"agent\"]", "FORBIDDEN"),
            ("user: <ann>, roles: [\"requester\", \"owner\"]", "FORBIDDEN"),
            ("roles: [\"requester\"]", "FORBIDDEN"),
            ("user: <cleo>", "NOT_FOUND"),
            ("user: \"01930000-0001-8001-8000-00000000dead\"", "NOT_FOUND"),
            ("user: \"ann\"", "BAD_USER_INPUT"),
            ("roles: [\"king\"]", "BAD_USER_INPUT"),
            ("expiresDays: 0", "BAD_USER_INPUT"),
            ("expiresDays: 3651", "BAD_USER_INPUT"),
        ] {
            office.refused("keymaker", &made(input), code);
        }
        for name in ["", "   ", "a\\nb", &"x".repeat(101)] {
            office.refused("keymaker", &format!("createApiKey(input: {{name: \"{name}\"}}) {{ id }}"), "BAD_USER_INPUT");
        }
        assert_eq!(office.rows_of("fh_session", "cleo") + office.rows_of("fh_session", "olga"), 0);

        // One's own, with what one has.
        let own = office.key("keymaker", "name: \"Mine\"");
        assert_eq!(office.with_key(&own["key"], None, ROLES)["data"]["viewer"]["roles"], json!(["keymaker"]));
        let bare = office.key("keymaker", "user: <keymaker>, name: \"Bare\", roles: []");
        assert_eq!(office.with_key(&bare["key"], None, ROLES)["data"]["viewer"]["roles"], json!([]));
        // A key outlives whatever is found out about it, unless it can make others.
        let again = office.with_key(&own["key"], None, "mutation { createApiKey(input: {name: \"x\"}) { key } }");
        assert_eq!(code(&again), "FORBIDDEN", "{again}");
        // With fewer roles than its owner it does what they allow.
        office.done("olga", "setMemberRoles(user: <adam>, roles: [\"org_admin\", \"agent\"]) { id }");
        let narrow = office.key("adam", "name: \"Narrow\", roles: [\"org_admin\"]");
        let set = office.fill("mutation { unblockMember(user: <ann>) { id } }");
        assert_eq!(code(&office.with_key(&narrow["key"], None, &set)), "CONFLICT", "allowed, and not blocked");

        // Who has a second factor shows it first.
        let keymaker = office.person("keymaker");
        office.give_factor(database, "keymaker");
        let unshown = keymaker.answer(&format!("mutation {{ {} }}", made("")));
        assert_eq!(unshown.code(), "FORBIDDEN", "{}", unshown.text);

        // Several at once; all or none.
        let both = office.ask(&office.person("adam"), "createApiKey(input: {name: \"a\"}) { key again: key } other: createApiKey(input: {name: \"b\", user: <ann>}) { key }");
        let [one, other] = [&both.body["data"]["it"]["key"], &both.body["data"]["other"]["key"]];
        assert!(one != other && one == &both.body["data"]["it"]["again"], "{}", both.text);
        for key in [one, other] {
            assert_eq!(code(&office.with_key(key, None, ROLES)), "", "{}", both.text);
        }
        let before = office.rows_of("fh_session", "ann");
        let failing = office.ask(&office.person("adam"), "createApiKey(input: {name: \"a\", user: <ann>}) { key } other: unblockMember(user: <ann>) { id }");
        assert_eq!(failing.code(), "CONFLICT");
        assert_eq!(office.rows_of("fh_session", "ann"), before);
    }

    fn nobody_has_keys_without_end(database) {
        let office = Office::new(database);
        let person = office.person("adam");
        for _ in 0..5 {
            let ten = (0..10).map(|number| format!("k{number}: createApiKey(input: {{name: \"x\"}}) {{ id }} ")).collect::<Vec<_>>().concat();
            let answer = person.answer(&format!("mutation {{ {ten} }}"));
            assert_eq!(answer.code(), "", "{}", answer.text);
        }
        office.refused("adam", "createApiKey(input: {name: \"x\"}) { id }", "LIMIT_EXCEEDED");
        let keys = office.query("adam", "apiKeys { id }");
        assert_eq!(keys.as_array().map(Vec::len), Some(50));
        office.done("adam", &format!("revokeApiKey(id: {}) {{ id }}", keys[0]["id"]));
        office.key("adam", "name: \"x\"");
    }

    fn a_key_is_revoked(database) {
        let office = Office::new(database);
        let of_ann = office.key("keymaker", "user: <ann>, name: \"Robot\"");
        let of_bo = office.key("adam", "user: <bo>, name: \"Other\"");
        let of_cleo = {
            let cleo = office.person("cleo");
            let made = cleo.query("mutation { createApiKey(input: {name: \"Far\"}) { id key } }");
            made["createApiKey"].clone()
        };
        let revoke = |id: &Value| format!("revokeApiKey(id: {id}) {{ id name user }}");
        // Whoever may not see it is told what is said of none; a session is no key.
        let session = office.query("revoker", "memberSessions(user: <ann>) { id }");
        assert_eq!(session, json!([]));
        office.person("ann");
        let session = office.query("revoker", "memberSessions(user: <ann>) { id }")[0]["id"].clone();
        let nobody = json!("01930000-0001-8001-8000-00000000dead");
        let told: Vec<Value> = [&nobody, &of_bo["id"], &of_cleo["id"], &session]
            .map(|id| without_request_id(office.refused("keyender", &revoke(id), "NOT_FOUND").body))
            .to_vec();
        assert!(told.iter().all(|body| body == &told[0]), "{told:?}");
        for key in [&of_ann, &of_bo, &of_cleo] {
            assert_eq!(code(&office.with_key(&key["key"], None, ROLES)), "");
        }
        assert_eq!(office.query("keyender", "apiKeys { name }"), json!([{"name": "Robot"}]));
        for (other, code) in [("<bo>", "FORBIDDEN"), ("<cleo>", "NOT_FOUND")] {
            assert_eq!(office.query_refused("keyender", &format!("apiKeys(user: {other}) {{ id }}")).code(), code, "{other}");
        }

        let revoked = office.done("keyender", &revoke(&of_ann["id"]));
        assert_eq!(revoked, json!({"id": of_ann["id"], "name": "Robot", "user": office.id("ann")}));
        assert_eq!(code(&office.with_key(&of_ann["key"], None, ROLES)), "UNAUTHENTICATED", "on the next request");
        assert_eq!(code(&office.with_key(&of_bo["key"], None, ROLES)), "");
        office.refused("keyender", &revoke(&of_ann["id"]), "NOT_FOUND");
        office.is_recorded("revoke_api_key", "ann");
        assert_eq!(office.query("adam", "apiKeys { name }"), json!([{"name": "Other"}]));
        // One that is over is none.
        office.server.execute("UPDATE fh_session SET expires_at = 1 WHERE kind = 'key'");
        assert_eq!(code(&office.with_key(&of_bo["key"], None, ROLES)), "UNAUTHENTICATED");
        assert_eq!(office.query("adam", "apiKeys { name }"), json!([]));
    }

    fn sign_ins_are_counted(database) {
        let office = Office::new(database);
        let adam = office.person("adam");
        for name in ["ann", "ann", "cleo"] {
            office.person(name);
        }
        for _ in 0..2 {
            assert!(sign_in(&office.server, "ann@office.test", "wrong-password-1").is_none());
        }
        for _ in 0..3 {
            assert!(sign_in(&office.server, "bo@office.test", "wrong-password-1").is_none());
        }
        let asked = "signIns users failures lockouts byMethod { method signIns }";
        let stats = adam.query(&format!("{{ signInStats {{ {asked} }} }}"));
        // Cleo is of Globex.
        assert_eq!(stats["signInStats"], json!({
            "signIns": 3, "users": 2, "failures": 5, "lockouts": 1, "byMethod": [{"method": "password", "signIns": 3}],
        }));
        let none = json!({"signIns": 0, "users": 0, "failures": 0, "lockouts": 0, "byMethod": []});
        for bounds in ["since: \"2999-01-01T00:00:00Z\"", "until: \"2001-01-01T00:00:00Z\""] {
            assert_eq!(adam.query(&format!("{{ it: signInStats({bounds}) {{ {asked} }} }}"))["it"], none, "{bounds}");
        }
        let all = adam.query("{ it: signInStats(since: \"2001-01-01T00:00:00Z\", until: \"2999-01-01T00:00:00Z\") { signIns } }");
        assert_eq!(all["it"]["signIns"], 3);
        assert_eq!(adam.refusal("{ signInStats(since: \"yesterday\") { signIns } }"), "BAD_USER_INPUT");
        let globex = office.person("cleo").query("{ signInStats { signIns users failures lockouts } }");
        assert_eq!(globex["signInStats"], json!({"signIns": 2, "users": 1, "failures": 0, "lockouts": 0}));
    }

    fn providers_of_other_tenants_are_not_named(database) {
        let server = model(database, TENANTS, TENANTS_SEED);
        let asked = "{ identityProviders { name kind label tenants } }";
        let shown = |tenant: &str, name: &str| {
            server.sign_in(&format!("{name}@two.test")).tenant(tenant).query(asked)["identityProviders"].clone()
        };
        let everybody = json!({"name": "all", "kind": "oidc", "label": "All", "tenants": null});
        assert_eq!(shown("red", "ann"), json!([everybody, {"name": "reds", "kind": "oidc", "label": "Red", "tenants": ["red"]}]));
        assert_eq!(shown("blue", "bo"), json!([everybody]));
    }

    fn in_an_app_without_tenants(database) {
        let server = model(database, SHOP, SHOP_SEED);
        let [ann, bo] = ["ann", "bo"].map(|name| server.sign_in(&format!("{name}@shop.test")));
        let [ann_id, bo_id] = [&ann, &bo].map(|person| person.query("{ viewer { user { id } } }")["viewer"]["user"]["id"].clone());
        assert_eq!(held(&ann), [""; 0]);
        assert_eq!(held(&bo).len(), FIELDS.len());
        let stats = bo.query("{ signInStats { signIns users failures byMethod { method signIns } } }");
        assert_eq!(stats["signInStats"], json!({"signIns": 2, "users": 2, "failures": 0, "byMethod": [{"method": "password", "signIns": 2}]}));
        assert_eq!(bo.query("{ identityProviders { name } }")["identityProviders"], json!([]));
        let made = bo.query(&format!("mutation {{ it: createApiKey(input: {{user: {ann_id}, name: \"Till\"}}) {{ id key }} }}"))["it"].clone();
        assert_eq!(with_key(&server, &made["key"], None, ROLES)["data"]["viewer"]["roles"], json!(["clerk"]));
        assert_eq!(bo.query(&format!("{{ apiKeys(user: {ann_id}) {{ name }} memberSessions(user: {ann_id}) {{ kind }} memberFactors(user: {ann_id}) {{ kind }} }}")),
            json!({"apiKeys": [{"name": "Till"}], "memberSessions": [{"kind": "browser"}], "memberFactors": []}));
        bo.query(&format!("mutation {{ revokeSessions(user: {ann_id}) {{ id }} }}"));
        assert_eq!(ann.refusal(ROLES), "UNAUTHENTICATED");
        assert_eq!(bo.refusal(&format!("mutation {{ revokeSessions(user: {bo_id}) {{ id }} }}")), "FORBIDDEN");
        bo.query(&format!("mutation {{ removeSecondFactors(user: {ann_id}) {{ id }} unlockMember(user: {ann_id}) {{ id }} revokeApiKey(id: {}) {{ id }} }}", made["id"]));
        assert_eq!(code(&with_key(&server, &made["key"], None, ROLES)), "UNAUTHENTICATED");
        let nobody = "\"01930000-0001-8001-8000-00000000dead\"";
        assert_eq!(bo.refusal(&format!("mutation {{ revokeSessions(user: {nobody}) {{ id }} }}")), "NOT_FOUND");
        assert_eq!(bo.refusal(&format!("{{ memberSessions(user: {nobody}) {{ id }} }}")), "NOT_FOUND");
    }
}

fn model(database: Database, app: &str, seed: &str) -> Server {
    let folder = Folder::new();
    folder.write("app.yaml", app);
    folder.write("seed.yaml", seed);
    Start::with_folder(folder, database).start()
}

const SHOP: &str = "
app: shop
security: production
default_profile: member
entities:
  note: {access: open, fields: {title: {type: text}}}
profiles: {member: {sets: []}}
roles:
  clerk: {sets: [notes]}
  chief: {sets: [notes, people], manages: [clerk]}
permission_sets:
  notes:
    - {entity: note, allow: [read, list], read: [title]}
  people:
    - {actions: [unblock_member, reset_password, create_api_key, revoke_api_key, revoke_sessions, read_audit]}
";

const SHOP_SEED: &str = "
users:
  - {email: ann@shop.test, password: violet-harbour-47, name: Ann, roles: [clerk]}
  - {email: bo@shop.test, password: copper-lantern-12, name: Bo, roles: [chief]}
";

const TENANTS: &str = "
app: two
security: prototype
default_profile: member
tenant: side
identity:
  oidc:
    all:  {issuer: \"https://all.example\", client_id: x, label: All}
    reds: {issuer: \"https://red.example\", client_id: x, label: Red, tenants: [red]}
entities:
  side: {access: open, public: false, fields: {slug: {type: text, required: true}}, unique: [[slug]]}
profiles: {member: {sets: []}}
roles:
  chief: {sets: [people], manages: [chief]}
permission_sets:
  people:
    - {actions: [invite_member]}
";

const TENANTS_SEED: &str = "
users:
  - {email: ann@two.test, password: violet-harbour-47}
  - {email: bo@two.test, password: copper-lantern-12}
side:
  red: {slug: red}
  blue: {slug: blue}
membership:
  ann: {side: red, user: ann@two.test, roles: [chief]}
  bo: {side: blue, user: bo@two.test, roles: [chief]}
";
