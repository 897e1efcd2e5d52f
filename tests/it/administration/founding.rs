//! Creating a tenant, and becoming its first manager: an action that an app may grant.

use super::{Office, mutations, together};
use freehold_tests::on_both_databases;
use serde_json::json;

const IT: &str = "{ id slug name __typename }";

on_both_databases! {
    fn a_founder_is_the_first_manager_at_once(database) {
        let office = Office::new(database);
        let ann = office.person("ann");
        let answer = office.ask(&ann, &format!("createCompany(input: {{name: \"Initech\", slug: \"initech\", motto: \"Yes\", region: <north>}}) {IT}"));
        let company = &answer.body["data"]["it"];
        assert_eq!(
            (&company["slug"], &company["name"], &company["__typename"]),
            (&json!("initech"), &json!("Initech"), &json!("ViewerTenant")),
            "{}",
            answer.text
        );
        let founder = ann.tenant("initech");
        assert_eq!(founder.query("{ viewer { roles tenant { slug } } companies { nodes { id motto plan } } }"), json!({
            "viewer": {"roles": ["owner"], "tenant": {"slug": "initech"}},
            "companies": {"nodes": [{"id": company["id"], "motto": "Yes", "plan": "FREE"}]},
        }));
        let answer = office.ask(&founder, "inviteMember(email: \"bo@office.test\", roles: [\"org_admin\"]) { roles }");
        assert_eq!(answer.body["data"]["it"]["roles"], json!(["org_admin"]), "{}", answer.text);
        // The first of its members has the first of its numbers.
        let numbers = founder.query("{ memberships(orderBy: [{number: ASC}]) { nodes { number user { name } } } }");
        assert_eq!(numbers["memberships"]["nodes"], json!([{"number": 1, "user": {"name": "Ann"}}, {"number": 2, "user": {"name": "Bo"}}]));
        // In her other company she is who she was.
        assert_eq!(ann.query("{ viewer { roles } notes { totalCount } }"), json!({"viewer": {"roles": ["requester"]}, "notes": {"totalCount": 1}}));
        // Who is outside of all tenants, or outside of the one asked for, may found one too.
        for (tenant, slug) in [("nowhere", "one"), ("globex", "two")] {
            let answer = office.ask(&ann.tenant(tenant), &format!("createCompany(input: {{name: \"N\", slug: {slug:?}}}) {IT}"));
            assert_eq!(answer.body["data"]["it"]["slug"], slug, "{}", answer.text);
            assert_eq!(ann.tenant(slug).query("{ viewer { roles } }")["viewer"]["roles"], json!(["owner"]));
        }
    }

    fn an_app_grants_it_or_not(database) {
        let office = Office::new(database);
        for person in [office.person("gil"), office.server.anonymous(), office.server.anonymous().tenant("acme")] {
            assert_eq!(mutations(&person), [""; 0]);
            let answer = office.ask(&person, "createCompany(input: {name: \"N\", slug: \"n\"}) { id }");
            assert_eq!(answer.code(), "GRAPHQL_VALIDATION_FAILED", "{}", answer.text);
        }
        // Fields that nobody can leave out, and those that a rule without conditions lists.
        let input = office.person("ann").query("{ __type(name: \"CompanyCreateInput\") { inputFields { name type { kind } } } }");
        assert_eq!(input["__type"]["inputFields"], json!([
            {"name": "name", "type": {"kind": "NON_NULL"}}, {"name": "slug", "type": {"kind": "NON_NULL"}},
            {"name": "motto", "type": {"kind": "SCALAR"}}, {"name": "region", "type": {"kind": "SCALAR"}},
        ]));
        for field in ["plan: PAID", "phase: LIVE", "owner: <bo>", "id: <bo>", "version: 7", "createdAt: \"2026-01-01T00:00:00Z\""] {
            office.refused("ann", &format!("createCompany(input: {{name: \"N\", slug: \"n\", {field}}}) {{ id }}"), "GRAPHQL_VALIDATION_FAILED");
        }
        // No way around it: several at once, an upsert, one within another.
        for field in [
            "createCompanies(input: [{name: \"N\", slug: \"n\"}]) { id }",
            "upsertCompany(by: SLUG, input: {name: \"N\", slug: \"n\"}) { id }",
            "updateNote(id: <desk>, input: {tenant: {create: [{name: \"N\"}]}}) { id }",
        ] {
            office.refused("olga", field, "GRAPHQL_VALIDATION_FAILED");
        }
    }

    fn a_slug_is_taken_once_and_addresses_something(database) {
        let office = Office::new(database);
        let answer = office.refused("ann", "createCompany(input: {name: \"N\", slug: \"globex\"}) { id }", "CONFLICT");
        assert_eq!(answer.body["errors"][0]["message"], "a row with this `slug` exists already");
        for slug in ["", "gr\u{fc}n", "a b", office.id("acme")] {
            let answer = office.refused("ann", &format!("createCompany(input: {{name: \"N\", slug: {slug:?}}}) {{ id }}"), "BAD_USER_INPUT");
            let problem = &answer.body["errors"][0]["extensions"]["problems"][0];
            assert_eq!(problem["path"], json!(["input", "slug"]), "{}", answer.text);
        }
        let answer = office.refused("ann", &format!("createCompany(input: {{name: {:?}, slug: \"n\"}}) {{ id }}", "n".repeat(41)), "BAD_USER_INPUT");
        assert_eq!(answer.body["errors"][0]["extensions"]["problems"][0]["rule"], "length_max");
        // What it refers to must be there for the founder.
        for region in ["<atlantis>", "\"00000000-0001-8000-8000-000000000001\""] {
            office.refused("ann", &format!("createCompany(input: {{name: \"N\", slug: \"n\", region: {region}}}) {{ id }}"), "NOT_FOUND");
        }
    }

    fn several_found_the_same_at_once(database) {
        let office = Office::new(database);
        let people: Vec<_> = ["ann", "bo", "dan"].iter().map(|name| office.person(name)).collect();
        let text = "mutation { createCompany(input: {name: \"N\", slug: \"same\"}) { id } }";
        let codes = together(people.iter().map(|person| || person.answer(text).code().to_owned()).collect());
        assert_eq!(codes.iter().filter(|code| code.is_empty()).count(), 1, "{codes:?}");
        assert_eq!(codes.iter().filter(|code| *code == "CONFLICT").count(), 2, "{codes:?}");
    }
}
