//! Passwords that are reset, and the page on which a new one is chosen.

use super::{Office, choose, is_outside, post, reply, sign_in, together};
use freehold_tests::{Database, Running, Server, example, fixture, on_both_databases};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::time::{Duration, Instant};

const NEW: &str = "tall-window-73x";

/// Adam resets somebody's password; gives the token of the letter.
fn reset(office: &Office, name: &str) -> String {
    office.done("adam", &format!("resetPassword(user: <{name}>) {{ id status }}"));
    let letter = office.letter();
    assert_eq!(letter.to(), format!("{name}@office.test"));
    letter.token().expect("a link").to_owned()
}

fn email(name: &str) -> String {
    format!("{name}@office.test")
}

fn may_sign_in(office: &Office, name: &str, password: &str) -> bool {
    sign_in(&office.server, &email(name), password).is_some()
}

fn lock_out(office: &Office, name: &str) {
    let password = office.server.password(&email(name)).to_owned();
    assert!(may_sign_in(office, name, &password));
    for _ in 0..3 {
        assert!(!may_sign_in(office, name, "wrong-password-1"));
    }
    assert!(!may_sign_in(office, name, &password), "three wrong ones lock out");
}

/// The page of a link, as a browser gets it.
fn page(server: &Server, query: &str) -> super::Reply {
    let url = format!("{}/auth/password/reset{query}", server.base());
    reply(super::agent().get(url).call().expect("the server answers"))
}

fn post_form(server: &Server, body: &str) -> super::Reply {
    post(
        &format!("{}/auth/password/reset", server.base()),
        "application/x-www-form-urlencoded",
        body,
    )
}

/// The server's own words between two others.
fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let (_, rest) = text
        .split_once(before)
        .unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split_once(after).map_or(rest, |(found, _)| found)
}

on_both_databases! {
    fn a_lockout_is_lifted_by_a_reset(database) {
        let office = Office::new(database);
        let ann = office.person("ann");
        assert!(!is_outside(&ann));
        lock_out(&office, "ann");
        let old = office.server.password("ann@office.test").to_owned();
        let token = reset(&office, "ann");
        // Her sessions are over, and the old password is forgotten: whoever has them does not get in any more.
        assert_eq!(ann.refusal("{ viewer { roles } }"), "UNAUTHENTICATED");
        assert!(!may_sign_in(&office, "ann", &old) && !may_sign_in(&office, "ann", ""));
        let credentials = &office.reader.tables()["fh_credential"];
        let hers = credentials.iter().find(|row| row["user_id"] == office.id("ann")).expect("a credential");
        assert_eq!(hers["blocked_until"], Value::Null, "the lockout is over at once");

        let chosen = choose(&office.server, &token, NEW);
        assert_eq!((chosen.status, chosen.body.as_str(), chosen.header("set-cookie")), (204, "", ""), "nobody is signed in by a link");
        assert!(may_sign_in(&office, "ann", NEW) && !may_sign_in(&office, "ann", &old));
        // Once.
        let again = choose(&office.server, &token, "another-window-1");
        assert_eq!((again.status, again.code().as_str()), (404, "NOT_FOUND"), "{}", again.body);
        assert!(may_sign_in(&office, "ann", NEW) && !may_sign_in(&office, "ann", "another-window-1"));
    }

    fn links_that_are_not_good(database) {
        let office = Office::new(database);
        let token = reset(&office, "ann");
        let before = office.stored();
        let missing = choose(&office.server, &"0".repeat(64), NEW);
        assert_eq!((missing.status, missing.code().as_str()), (404, "NOT_FOUND"));
        for wrong in ["", "x", &token[1..], &format!("{token}0"), &token.replace(&token[..1], "x")] {
            let answer = choose(&office.server, wrong, NEW);
            let told = |text: &str| between(text, "\"message\"", "\"extensions\"").to_owned();
            assert_eq!((answer.status, told(&answer.body)), (404, told(&missing.body)), "{wrong}");
        }
        for password in ["", "eleven-long", &"x".repeat(1025)] {
            let answer = choose(&office.server, &token, password);
            assert_eq!((answer.status, answer.code().as_str()), (400, "BAD_USER_INPUT"), "{}", answer.body);
        }
        // The link is judged before the hash, which is dear: it would refuse this one.
        assert_eq!(choose(&office.server, &"0".repeat(64), &"x".repeat(1025)).status, 404);
        office.unchanged(&before, "a link");

        // A newer link makes the older one useless, and using one makes every other one useless.
        let newer = reset(&office, "ann");
        assert_eq!(choose(&office.server, &token, NEW).status, 404);
        office.server.execute("UPDATE fh_reset SET expires_at = 1");
        assert_eq!(choose(&office.server, &newer, NEW).status, 404, "over");
        assert!(!may_sign_in(&office, "ann", NEW));

        // The token of an invitation is one like any other.
        office.done("adam", "inviteMember(email: \"zoe@new.test\") { id }");
        let letter = office.letter();
        let stored = office.reader.tables();
        let link = stored["fh_reset"].iter().find(|row| row["expires_at"] != json!(1)).expect("a link");
        let days = (link["expires_at"].as_i64().zip(link["created_at"].as_i64())).map(|(end, start)| (end - start) / 86_400_000_000);
        assert_eq!(days, Some(7));
        assert_eq!(choose(&office.server, letter.token().expect("a link"), NEW).status, 204);
        // One that is taken back opens nothing.
        let user = office.done("adam", "inviteMember(email: \"yan@new.test\") { user }")["user"].clone();
        let letter = office.letter();
        office.done("adam", &format!("removeMember(user: {user}) {{ id }}"));
        assert_eq!(choose(&office.server, letter.token().expect("a link"), NEW).status, 404);
    }

    fn two_who_use_a_link_at_once(database) {
        let office = Office::new(database);
        let token = reset(&office, "ann");
        let (server, token) = (&office.server, &token);
        let tries = (0..4).map(|number| move || choose(server, token, &format!("tall-window-{number}")).status);
        let statuses: Vec<u16> = together(tries.collect());
        assert_eq!(statuses.iter().filter(|status| **status == 204).count(), 1, "{statuses:?}\n{}", office.server.complaints());
        let number = statuses.iter().position(|status| *status == 204).expect("one of them");
        assert!(may_sign_in(&office, "ann", &format!("tall-window-{number}")));
    }

    fn no_tenant_shuts_others_people_out(database) {
        let office = Office::new(database);
        office.refused("adam", "resetPassword(user: <cleo>) { id }", "NOT_FOUND");
        // Dan belongs to Globex too: there they know nothing of it.
        let dan = office.person("dan").tenant("globex");
        let old = office.server.password("dan@office.test").to_owned();
        let token = reset(&office, "dan");
        assert!(!is_outside(&dan) && may_sign_in(&office, "dan", &old));
        // Nor does a reset give more guesses at his password.
        lock_out(&office, "dan");
        let newer = reset(&office, "dan");
        assert!(!may_sign_in(&office, "dan", &old));
        // The link does it all.
        assert_eq!(choose(&office.server, &newer, NEW).status, 204);
        assert!(may_sign_in(&office, "dan", NEW) && !may_sign_in(&office, "dan", &old));
        assert_eq!(dan.refusal("{ viewer { roles } }"), "UNAUTHENTICATED");
        assert_eq!(choose(&office.server, &token, NEW).status, 404, "older links are of no use any more");
        // Whoever invites somebody does not get them into their hands.
        office.done("adam", "inviteMember(email: \"cleo@office.test\", roles: [\"requester\"]) { id }");
        office.letters();
        let cleo = office.person("cleo");
        reset(&office, "cleo");
        assert!(!is_outside(&cleo) && may_sign_in(&office, "cleo", office.server.password("cleo@office.test")));
        // Nor somebody who was there before and belongs nowhere else.
        let day = match database {
            Database::Sqlite => "86400000000",
            Database::Postgres => "interval '1 day'",
        };
        let earlier = format!("UPDATE \"user\" SET created_at = created_at - {day} WHERE email = 'gil@office.test'");
        office.server.execute(&earlier);
        office.done("adam", "inviteMember(email: \"gil@office.test\", roles: [\"requester\"]) { id }");
        office.letters();
        reset(&office, "gil");
        assert!(may_sign_in(&office, "gil", office.server.password("gil@office.test")));
    }

    fn the_page_works_without_a_script(database) {
        let office = Office::new(database);
        let server = &office.server;
        let token = reset(&office, "ann");
        let shown = page(server, &format!("?token={token}"));
        assert_eq!((shown.status, shown.header("content-type")), (200, "text/html; charset=utf-8"));
        let policy = shown.header("content-security-policy");
        for part in ["default-src 'none'", "style-src 'sha256-", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(policy.contains(part), "{part}: {policy}");
        }
        // Under `no-referrer` a browser would send the form with `Origin: null`. The link's token goes to no other host by this either.
        for (name, value) in [("x-frame-options", "DENY"), ("cache-control", "no-store"), ("referrer-policy", "same-origin"), ("x-content-type-options", "nosniff")] {
            assert_eq!(shown.header(name), value, "{name}");
        }
        // There is one script, a file of this host, and the form does without it.
        assert!(policy.contains("script-src 'self';") && !policy.contains("unsafe"), "{policy}");
        assert_eq!((shown.body.matches("<script").count(), shown.body.matches("<script src=\"/auth/assets/").count()), (1, 1));
        // The form sends the token back to where it came from.
        let form = between(&shown.body, "<form", "</form>");
        assert!(form.contains("method=\"post\"") && form.contains("action=\"/auth/password/reset\"") && form.contains(&format!("name=\"token\" value=\"{token}\"")), "{form}");
        assert!(form.contains("name=\"password\"") && form.contains("type=\"password\"") && form.contains("minlength=\"12\""), "{form}");

        let short = post_form(server, &format!("token={token}&password=short"));
        assert_eq!((short.status, short.header("content-type")), (400, "text/html; charset=utf-8"));
        assert!(short.body.contains("A password has at least 12 characters.") && short.body.contains(&token), "one may try again: {}", short.body);
        let done = post_form(server, &format!("token={token}&password=tall+window%2D73x"));
        // Nobody is signed in by it: the only cookie is the one that forms are held against.
        assert!(done.status == 200 && done.header("set-cookie").starts_with("freehold-form="), "{}", done.body);
        assert!(done.body.contains("Your password is set") && done.header("content-security-policy").starts_with("default-src 'none'"));
        assert!(may_sign_in(&office, "ann", "tall window-73x"));
        let again = post_form(server, &format!("token={token}&password={NEW}"));
        assert!(again.status == 404 && again.body.contains("This link is not good any more.") && !again.body.contains(&token), "{}", again.body);
    }

    fn the_page_gives_nothing_back_but_digits(database) {
        let server = Server::fresh(&fixture("office"), database);
        for attack in ["%22%3E%3Cscript%3Ealert(1)%3C/script%3E", "%27 onfocus=%27x", "javascript:alert(1)", "<svg/onload=x>", "&token=%3Cb%3E", "%ff%fe", "x&token=y"] {
            let shown = page(&server, &format!("?token=00ff{}", attack.replace(' ', "%20").replace('<', "%3C").replace('>', "%3E")));
            assert_eq!(shown.status, 200, "{attack}");
            let value = between(&shown.body, "name=\"token\" value=\"", "\"");
            assert!(value.chars().all(|digit| digit.is_ascii_hexdigit()) && value.len() <= 64, "{attack}: {value}");
            for word in ["alert(", "<script>", "onfocus", "onload", "javascript:"] {
                assert!(!shown.body.contains(word), "{attack}: {}", shown.body);
            }
        }
        for (content_type, body, status) in [
            ("text/plain", "token=x&password=y", 415),
            ("multipart/form-data; boundary=x", "--x", 415),
            ("application/json", "token=x&password=y", 400),
            ("application/json", "{\"token\": 1, \"password\": 2}", 400),
            ("application/json", "{}", 400),
            ("application/x-www-form-urlencoded", "{}", 400),
            ("application/x-www-form-urlencoded", "token=%3Cb%3E&password=%3Cb%3Elong-enough-it-is", 404),
        ] {
            let answer = post(&format!("{}/auth/password/reset", server.base()), content_type, body);
            assert_eq!(answer.status, status, "{content_type} {body}: {}", answer.body);
            assert!(!answer.body.contains("<b>") || answer.body.contains("&lt;b&gt;"), "{}", answer.body);
        }
        let long = format!("{{\"token\": \"x\", \"password\": {:?}}}", "x".repeat(20_000));
        let answer = post(&format!("{}/auth/password/reset", server.base()), "application/json", &long);
        assert_eq!(answer.status, 413, "{}", answer.body);
    }

    fn where_passwords_are_off_none_is_chosen(database) {
        let server = Server::shared(&fixture("locked"), database);
        let answer = choose(server, &"0".repeat(64), NEW);
        assert!(answer.status == 404 && answer.body.contains("nobody signs in with a password here"), "{}", answer.body);
    }

    fn without_a_mail_folder_nothing_is_reset(database) {
        // `serve` has none, unless it is told; the people are those of `dev`, on the same database.
        let dev = Server::fresh(&example("helpdesk"), database);
        let cookie = dev.sign_in("jun@acme.test").cookie().expect("a cookie").to_owned();
        let ann = dev.holder(&cookie).tenant("acme").query("{ users(filter: {name: {startsWith: \"Ann\"}}) { nodes { id } } }");
        let id = ann["users"]["nodes"][0]["id"].clone();
        let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
        let mut arguments: Vec<String> = ["serve", "--app"].map(str::to_owned).into();
        arguments.push(dev.folder().model().display().to_string());
        arguments.extend(["--listen".into(), address.to_string(), "--operations-listen".into(), "127.0.0.1:0".into()]);
        arguments.extend(["--key-file".into(), dev.folder().path().join("data/keys.json").display().to_string()]);
        let place = dev.place();
        let url = place.iter().skip_while(|argument| *argument != "--database").nth(1).cloned();
        let url = url.unwrap_or_else(|| format!("sqlite:{}", dev.folder().path().join("data/dev.db").display()));
        arguments.extend(["--database".into(), url]);
        let serve = Running::start(&arguments);
        let started = Instant::now();
        while std::net::TcpStream::connect(address).is_err() {
            assert!(started.elapsed() < Duration::from_secs(30), "it does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        let ask = |query: &str| {
            let request = super::agent().post(format!("http://{address}/graphql")).content_type("application/json");
            let request = request.header("X-Freehold-CSRF", "1").header("X-Tenant", "acme").header("Cookie", &cookie);
            let request = request.header("Accept", "application/graphql-response+json");
            let answer = reply(request.send(json!({"query": query}).to_string().as_bytes()).expect("the server answers"));
            serde_json::from_str::<Value>(&answer.body).unwrap_or_else(|_| panic!("{}", answer.body))
        };
        let before = dev.reader().tables();
        let refused = ask(&format!("mutation {{ resetPassword(user: {id}) {{ id }} }}"));
        let error = &refused["errors"][0];
        assert_eq!(error["extensions"]["code"], "UNAVAILABLE", "{refused}");
        assert!(error["extensions"]["hint"].as_str().is_some_and(|hint| hint.contains("mail_dir")), "{refused}");
        assert_eq!((&before["fh_credential"], &before["fh_reset"]), (&dev.reader().tables()["fh_credential"], &dev.reader().tables()["fh_reset"]));
        // Somebody may be invited all the same.
        let invited = ask("mutation { inviteMember(email: \"zoe@new.test\", roles: [\"requester\"]) { status } }");
        assert_eq!(invited["data"]["inviteMember"]["status"], "active", "{invited}");
        serve.kill();
    }
}
