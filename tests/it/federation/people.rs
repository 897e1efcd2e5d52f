//! Who gets an account by a provider, whose account it may sign in to, and what people are in a tenant.

use super::{ask, of_acme, refused, roles, sign_in, start, who, with, with_corp};
use freehold_tests::on_both_databases;
use freehold_tests::peers::{Browser, OpenId};
use serde_json::{Value, json};

const PROVISIONED: &str = "\
provision:
  create: true
  profile: member
  tenant: org
  roles: {claim: groups, map: {hd-agents: agent, hd-leads: [clerk, agent]}}";

fn again(corp: &OpenId, server: &freehold_tests::Server, claims: Value) -> Browser {
    corp.says(claims);
    let browser = Browser::new();
    let visit = sign_in(&browser, server);
    assert_eq!(visit.status, 200, "{}\n{}", visit.text, server.complaints());
    browser
}

on_both_databases! {
    // Claim 27 of the capabilities.
    fn groups_become_roles_and_cease_to_be(database) {
        let corp = OpenId::start();
        let server = with_corp(database, &corp, PROVISIONED);
        let nell = with(of_acme("nell"), &json!({"org": "acme"}));
        let groups = |groups: Value| with(nell.clone(), &json!({"groups": groups}));

        let browser = again(&corp, &server, groups(json!(["hd-agents", "others"])));
        assert_eq!(roles(&browser, &server, "acme"), json!(["agent"]));
        let tickets = ask(&browser, &server, Some("acme"), "{ tickets { nodes { title } } viewer { user { name profile } } }");
        assert_eq!(tickets["data"]["tickets"]["nodes"], json!([{"title": "of acme"}]), "{tickets}");
        assert_eq!(tickets["data"]["viewer"]["user"]["name"], "nell", "{tickets}");
        // In that tenant alone.
        assert_eq!(roles(&browser, &server, "globex"), json!([]));

        // A group of one value, not a list.
        let later = again(&corp, &server, groups(json!("hd-leads")));
        assert_eq!(server.reader().tables()["user"].len(), 5, "one of her, beside those of the seed");
        assert_eq!(roles(&later, &server, "acme"), json!(["agent", "clerk"]));
        let later = again(&corp, &server, groups(json!([])));
        assert_eq!(roles(&later, &server, "acme"), json!([]));
        // The session of before has lost them as well.
        assert_eq!(roles(&browser, &server, "acme"), json!([]));
        let tickets = ask(&browser, &server, Some("acme"), "{ tickets { nodes { title } } }");
        assert_eq!(tickets["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{tickets}");

        // To another tenant: what it gave in the first is over.
        again(&corp, &server, groups(json!(["hd-agents"])));
        let moved = again(&corp, &server, with(groups(json!(["hd-agents"])), &json!({"org": "globex"})));
        assert_eq!(roles(&moved, &server, "globex"), json!(["agent"]));
        assert_eq!(roles(&moved, &server, "acme"), json!([]));
        // One that there is not, and none at all.
        let nowhere = again(&corp, &server, with(groups(json!(["hd-agents"])), &json!({"org": "nowhere"})));
        assert_eq!(roles(&nowhere, &server, "globex"), json!([]));
    }

    fn roles_that_no_group_is_about_stay(database) {
        let corp = OpenId::start();
        let server = with_corp(database, &corp, &format!("link: verified_email\n{}", PROVISIONED.replace("[clerk, agent]", "agent")));
        let bo = with(of_acme("bo"), &json!({"org": "acme"}));
        let browser = again(&corp, &server, with(bo.clone(), &json!({"groups": ["hd-agents"]})));
        assert_eq!(roles(&browser, &server, "acme"), json!(["agent", "clerk"]));
        let browser = again(&corp, &server, bo);
        assert_eq!(roles(&browser, &server, "acme"), json!(["clerk"]));
    }

    fn nobody_gets_an_account_who_is_not_to_have_one(database) {
        let corp = OpenId::start();
        let server = with_corp(database, &corp, "label: Corp");
        corp.says(of_acme("nell"));
        let browser = Browser::new();
        refused(&sign_in(&browser, &server), &browser, &server, 401);
        let server = with_corp(database, &corp, "provision: {create: true}");
        for claims in [
            json!({"email_verified": false}),
            json!({"email_verified": null}),
            json!({"email_verified": "TRUE"}),
            json!({"email": null}),
            json!({"email": "no address"}),
        ] {
            corp.says(with(of_acme("nell"), &claims));
            let browser = Browser::new();
            refused(&sign_in(&browser, &server), &browser, &server, 401);
        }
        assert_eq!(server.reader().tables()["user"].len(), 4, "those of the seed");
    }

    fn an_account_is_signed_in_to_when_both_sides_know_the_address(database) {
        let corp = OpenId::start();
        // Without `link`, an account that is there is nobody's but its own.
        let server = with_corp(database, &corp, "provision: {create: true}");
        for claims in [json!({}), json!({"email": "ANN@acme.test"})] {
            corp.says(with(of_acme("ann"), &claims));
            let browser = Browser::new();
            refused(&sign_in(&browser, &server), &browser, &server, 401);
        }
        let server = with_corp(database, &corp, "link: verified_email\nprovision: {create: true}");
        for claims in [json!({"email_verified": false}), json!({"email_verified": null})] {
            corp.says(with(of_acme("ann"), &claims));
            let browser = Browser::new();
            refused(&sign_in(&browser, &server), &browser, &server, 401);
        }
        // The provider is sure, and we are not.
        server.execute("UPDATE fh_credential SET verified_email = ''");
        corp.says(of_acme("ann"));
        let browser = Browser::new();
        refused(&sign_in(&browser, &server), &browser, &server, 401);
        // Nor when it was another address that was verified.
        server.execute("UPDATE fh_credential SET verified_email = 'ann@old.test'");
        refused(&sign_in(&browser, &server), &browser, &server, 401);
        server.execute("UPDATE fh_credential SET verified_email = 'ann@acme.test'");
        again(&corp, &server, of_acme("ann"));
        // From now on it is the subject that counts, whatever its address is.
        let browser = again(&corp, &server, with(of_acme("ann"), &json!({"email": "bo@acme.test"})));
        assert_eq!(who(&browser, &server), "ann@acme.test");
        // And another subject with the same address is somebody else.
        server.execute("UPDATE fh_credential SET verified_email = ''");
        corp.says(with(of_acme("ann"), &json!({"sub": "another"})));
        let browser = Browser::new();
        refused(&sign_in(&browser, &server), &browser, &server, 401);
    }

    fn whoever_is_blocked_here_stays_out(database) {
        let corp = OpenId::start();
        let server = with_corp(database, &corp, "link: verified_email\nprovision: {create: true, tenant: org}");
        corp.says(with(of_acme("eve"), &json!({"org": "acme"})));
        let browser = Browser::new();
        refused(&sign_in(&browser, &server), &browser, &server, 401);
        // Blocked later on: the session ends, and another does not begin.
        let nell = with(of_acme("nell"), &json!({"org": "acme"}));
        let browser = again(&corp, &server, nell.clone());
        server.execute("UPDATE \"user\" SET status = 'blocked' WHERE email = 'nell@acme.test'");
        assert_eq!(who(&browser, &server), Value::Null);
        refused(&sign_in(&browser, &server), &browser, &server, 401);
        // Put out of the tenant by those who run it: the provider lets nobody in again.
        server.execute("UPDATE \"user\" SET status = 'active' WHERE email = 'nell@acme.test'");
        server.execute("UPDATE membership SET status = 'blocked' WHERE user_id = (SELECT id FROM \"user\" WHERE email = 'nell@acme.test')");
        let browser = again(&corp, &server, nell);
        assert_eq!(roles(&browser, &server, "acme"), json!([]));
        assert_eq!(ask(&browser, &server, None, "{ viewer { memberships { tenant { slug } } } }")["data"]["viewer"]["memberships"], json!([]));
    }

    fn a_provider_of_one_tenant_counts_there_alone(database) {
        let corp = OpenId::start();
        let more = "tenants: [acme]\ndomains: [acme.test]\nlink: verified_email\nprovision: {create: true}";
        let server = with_corp(database, &corp, more);
        let browser = again(&corp, &server, of_acme("ann"));
        let viewer = "{ viewer { tenant { slug } roles memberships { tenant { slug } } } }";
        let seen = ask(&browser, &server, None, viewer);
        assert_eq!(seen["data"]["viewer"]["tenant"]["slug"], "acme", "{seen}");
        let tickets = "{ tickets { nodes { title } } }";
        assert_eq!(ask(&browser, &server, Some("acme"), tickets)["data"]["tickets"]["nodes"], json!([{"title": "of acme"}]));
        // She is an agent at Globex too; not by this way.
        let seen = ask(&browser, &server, Some("globex"), tickets);
        assert_eq!(seen["data"]["tickets"], Value::Null, "{seen}");
        assert_eq!(server.sign_in("ann@acme.test").tenant("globex").query(tickets)["tickets"]["nodes"], json!([{"title": "of globex"}]));
        let own = server.sign_in("ann@acme.test");
        let listed = |cookie: &str| server.holder(cookie).get("/auth/sessions", "application/json").body["sessions"].as_array().map_or(0, Vec::len);
        assert!(listed(own.cookie().expect("a cookie")) > 1, "her own session sees all of hers");
        assert_eq!(listed(&browser.cookies(server.base()).expect("a cookie")), 1, "this one sees itself");
        let sessions = own.get("/auth/sessions", "application/json").body;
        let id = sessions["sessions"].as_array().into_iter().flatten().find(|it| it["current"] == true).expect("her own")["id"].clone();
        let visit = browser.send(&format!("{}/auth/sessions/revoke", server.base()), &json!({"id": id}));
        assert_eq!(visit.status, 404, "{}", visit.text);
        // Nor where else she is a member.
        for (path, accept) in [("/auth/session", "application/json"), ("/auth/account", "text/html")] {
            let told = server.holder(&browser.cookies(server.base()).expect("a cookie")).get(path, accept).text;
            assert!(told.to_lowercase().contains("acme") && !told.to_lowercase().contains("globex"), "{path}: {told}");
        }
        // What is hers and not the tenant's cannot be changed by it: else whoever runs the provider had her account.
        let base = server.base();
        for (path, body) in [
            ("/auth/password/change", json!({"current": "violet-harbour-47", "password": "another-harbour-48"})),
            ("/auth/email/change", json!({"email": "evil@acme.test", "password": "violet-harbour-47"})),
            ("/auth/totp/begin", json!({})),
            ("/auth/keys", json!({"name": "mine", "expiresDays": 9})),
            ("/auth/sessions/revoke-all", json!({})),
        ] {
            let visit = browser.send(&format!("{base}{path}"), &body);
            assert_eq!(visit.status, 403, "{path}: {}", visit.text);
        }
        server.sign_in("ann@acme.test");
        // People of other tenants do not come by it, nor at the door of another tenant.
        corp.says(with(of_acme("gus"), &json!({"email": "gus@globex.test"})));
        let browser = Browser::new();
        refused(&sign_in(&browser, &server), &browser, &server, 401);
        let visit = browser.fetch(&format!("{base}/auth/oidc/corp"), &[("X-Tenant", "globex")]);
        assert_eq!(visit.status, 404, "{}", visit.text);
        let visit = browser.fetch(&format!("{base}/auth/oidc/corp"), &[("X-Tenant", "acme")]);
        assert_eq!(visit.status, 303, "{}", visit.text);
    }

    fn the_door_of_a_tenant_is_its_host(database) {
        let corp = OpenId::start();
        let more = "tenants: [acme, globex]\ndomains: [acme.test]\nlink: verified_email";
        let identity = format!("hosts: {{\"{{firm.slug}}.desk.localhost\": firm}}\n{}", super::corp_only(&corp, more));
        let server = start(database, &identity, &[("hush", "hush")]);
        corp.says(of_acme("ann"));
        let port = server.base().rsplit(':').next().expect("a port");
        for slug in ["globex", "acme"] {
            let browser = Browser::new();
            let site = format!("http://{slug}.desk.localhost:{port}");
            let visit = browser.follow(&format!("{site}/auth/oidc/corp?return_to=/auth/sessions"));
            assert_eq!((visit.status, visit.url), (200, format!("{site}/auth/sessions")), "{}\n{}", visit.text, server.complaints());
            // The session counts there, and at no other door.
            let cookie = browser.cookies(&site).expect("a cookie");
            let seen = server.holder(&cookie).answer("{ viewer { tenant { slug } } }").body;
            assert_eq!(seen["data"]["viewer"]["tenant"]["slug"], slug, "{seen}");
        }
        // She is of both, and the door of neither was taken.
        let browser = Browser::new();
        refused(&sign_in(&browser, &server), &browser, &server, 403);
        // A provider of one is none at the door of the other, whatever the header says.
        let identity = identity.replace("[acme, globex]", "[acme]");
        let server = start(database, &identity, &[("hush", "hush")]);
        let port = server.base().rsplit(':').next().expect("a port");
        let visit = browser.get(&format!("http://globex.desk.localhost:{port}/auth/oidc/corp"));
        assert_eq!(visit.status, 404, "{}", visit.text);
        let page = browser.get(&format!("http://globex.desk.localhost:{port}/auth/sign-in"));
        assert!(!page.text.contains("/auth/oidc/corp"), "{}", page.text);
        let page = browser.get(&format!("http://acme.desk.localhost:{port}/auth/sign-in"));
        assert!(page.text.contains("/auth/oidc/corp"), "{}", page.text);
    }

    fn a_claim_names_no_tenant_that_the_provider_has_not(database) {
        let corp = OpenId::start();
        let more = format!("tenants: [acme]\ndomains: [acme.test]\n{PROVISIONED}");
        let server = with_corp(database, &corp, &more);
        corp.says(with(of_acme("nell"), &json!({"org": "globex", "groups": ["hd-agents"]})));
        let browser = Browser::new();
        refused(&sign_in(&browser, &server), &browser, &server, 401);
    }

    // Claim 3 of the capabilities.
    fn a_second_factor_is_what_the_provider_says(database) {
        let corp = OpenId::start();
        let more = "link: verified_email\nmfa: {amr: [mfa], acr: [gold]}";
        let server = with_corp(database, &corp, more);
        let safes = "{ safes { nodes { title } } }";
        for (claims, strong) in [
            (json!({}), false),
            (json!({"amr": ["pwd"]}), false),
            (json!({"amr": ["MFA"], "acr": "silver"}), false),
            (json!({"amr": ["pwd", "mfa"]}), true),
            (json!({"amr": "mfa"}), true),
            (json!({"acr": "gold"}), true),
        ] {
            let browser = again(&corp, &server, with(of_acme("ann"), &claims));
            let answer = ask(&browser, &server, Some("acme"), safes);
            assert_eq!(answer["data"]["safes"]["nodes"] == json!([{"title": "gold"}]), strong, "{claims}: {answer}");
            let held = roles(&browser, &server, "acme");
            assert_eq!(held == json!(["agent", "lead"]), strong, "{claims}: {held}");
        }
        // One that the model does not believe in this says what it likes.
        let server = with_corp(database, &corp, "link: verified_email");
        let browser = again(&corp, &server, with(of_acme("ann"), &json!({"amr": ["mfa"], "acr": "gold"})));
        assert_eq!(ask(&browser, &server, Some("acme"), safes)["data"]["safes"], Value::Null);
    }

    // Claim 1 of the capabilities.
    fn passwords_can_be_off_where_a_provider_is(database) {
        let corp = OpenId::start();
        let identity = format!("password: disabled\n{}", super::corp_only(&corp, "provision: {create: true}"));
        let server = start(database, &identity, &[("hush", "hush")]);
        let browser = Browser::new();
        let base = server.base();
        let visit = browser.send(&format!("{base}/auth/sign-in"), &json!({"email": "ann@acme.test", "password": "violet-harbour-47"}));
        assert_eq!(visit.status, 401, "{}", visit.text);
        let page = browser.get(&format!("{base}/auth/sign-in"));
        assert!(page.text.contains("/auth/oidc/corp") && !page.text.contains("type=\"password\""), "{}", page.text);
        let schema = ask(&browser, &server, None, "{ __schema { mutationType { fields { name } } } }").to_string();
        assert!(!schema.contains("signIn") && !schema.contains("login"), "{schema}");
        again(&corp, &server, of_acme("nell"));
    }

    // Claim 2 of the capabilities: whoever has no password of ours has none to reset.
    fn people_of_a_provider_have_no_password_to_reset(database) {
        let corp = OpenId::start();
        let server = with_corp(database, &corp, "provision: {create: true}");
        again(&corp, &server, of_acme("nell"));
        let browser = Browser::new();
        let ask = |email: &str| {
            let visit = browser.send(&format!("{}/auth/password/forgot", server.base()), &json!({"email": email}));
            (visit.status, freehold_tests::without_request_id(visit.body))
        };
        let unknown = ask("nobody@acme.test");
        assert_eq!(ask("nell@acme.test"), unknown);
        assert_eq!(ask("ann@acme.test"), unknown);
        // Letters are left in a folder, in order: had there been one for her, it would be there with this one.
        let letters = || -> Vec<String> {
            let folder = std::fs::read_dir(server.folder().path().join("data/mail"));
            let files = folder.into_iter().flatten().map(|entry| entry.expect("an entry").path());
            files.map(|file| std::fs::read_to_string(file).unwrap_or_default()).collect()
        };
        let started = std::time::Instant::now();
        while !letters().iter().any(|letter| letter.contains("ann@acme.test")) {
            assert!(started.elapsed() < std::time::Duration::from_secs(20), "no letter");
            std::thread::yield_now();
        }
        assert!(letters().iter().all(|letter| !letter.contains("nell@acme.test")), "{:?}", letters());
    }
}
