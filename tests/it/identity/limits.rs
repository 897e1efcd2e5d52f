//! How often a door may be tried, behind a trusted proxy; and what a cookie is by TLS. The program is `freehold serve`.

use super::{COOKIE, Lobby};
use freehold_tests::{Browser, Folder, Reply, Served, example, letters, on_both_databases};
use serde_json::json;

const NAME: &str = "help.test";
const TOP: &str = "hosts = [\"help.test\"]\ntrusted_proxies = [\"127.0.0.1\"]";

fn served() -> Served {
    Served::start(Folder::with_model(&example("helpdesk")), TOP, "")
}

/// Somebody beyond a proxy that speaks TLS with them.
fn from(server: &Served, address: &str) -> Browser {
    Browser::new(server.address(), Some(NAME))
        .saying("X-Forwarded-For", address)
        .saying("X-Forwarded-Proto", "https")
}

fn is_told_to_wait(reply: &Reply) {
    assert_eq!(reply.status, 429, "{}", reply.text);
    let seconds: u64 = reply
        .header("retry-after")
        .parse()
        .unwrap_or_else(|_| panic!("no time to wait: {}", reply.head));
    assert!((1..=600).contains(&seconds), "{}", reply.head);
}

#[test]
fn one_place_has_so_many_attempts() {
    let server = served();
    let place = "203.0.113.7";
    // Whoever tries each account once comes no further than whoever tries one. Together, because each takes its time.
    let replies: Vec<Reply> = std::thread::scope(|scope| {
        let server = &server;
        let attempts = (0..8).map(|many| {
            scope.spawn(move || {
                let mut browser = from(server, place);
                let attempt = |number| browser.sign_in(&format!("nobody{many}x{number}@help.test"), "wrong-password-1");
                (0..14).map(attempt).collect::<Vec<_>>()
            })
        });
        let attempts: Vec<_> = attempts.collect();
        attempts
            .into_iter()
            .flat_map(|it| it.join().expect("nobody panics"))
            .collect()
    });
    let (heard, refused): (Vec<&Reply>, Vec<&Reply>) = replies.iter().partition(|reply| reply.status == 401);
    assert!(heard.len() >= 60 && !refused.is_empty(), "{} were heard", heard.len());
    for reply in refused {
        is_told_to_wait(reply);
        assert_eq!(reply.code(), "RATE_LIMITED", "{}", reply.text);
    }
}

#[test]
fn letters_are_bounded_by_place_as_json_and_as_a_page() {
    let server = served_with_letters();
    let mut one = from(&server, "203.0.113.7");
    let ask = |browser: &mut Browser, number: usize| {
        browser.post(
            "/auth/password/forgot",
            &json!({"email": format!("nobody{number}@help.test")}),
        )
    };
    let statuses: Vec<u16> = (0..20).map(|number| ask(&mut one.clone(), number).status).collect();
    assert_eq!(statuses, [202; 20]);
    let refused = ask(&mut one, 20);
    is_told_to_wait(&refused);
    assert_eq!(refused.code(), "RATE_LIMITED", "{}", refused.text);
    // A page says so too.
    let page = one.submit(
        "/auth/password/forgot",
        "/auth/password/forgot",
        &[("email", "x@help.test")],
    );
    is_told_to_wait(&page);
    assert!(
        page.header("content-type").starts_with("text/html") && page.text.contains("Too many attempts"),
        "{}",
        page.text
    );
    // Others come from elsewhere; and nobody is somewhere else by saying so.
    assert_eq!(ask(&mut from(&server, "203.0.113.8"), 21).status, 202);
    for lie in ["6.6.6.6, 203.0.113.7", "203.0.113.8, 203.0.113.7"] {
        is_told_to_wait(&ask(&mut from(&server, lie), 22));
    }
    // It is this door alone.
    assert_eq!(one.read("/auth/session").status, 401);
    assert_eq!(one.get("/auth/password/forgot").status, 200);
    assert_eq!(one.sign_in("nobody@help.test", "wrong-password-1").status, 401);
}

fn served_with_letters() -> Served {
    Served::start(
        Folder::with_model(&example("helpdesk")),
        &format!("{TOP}\nmail_dir = \"data\""),
        "",
    )
}

#[test]
fn cookies_are_kept_to_tls_and_to_their_host() {
    let server = served();
    let page = from(&server, "203.0.113.7").get("/auth/sign-in");
    let form = page.set_cookie("__Host-freehold-form");
    for attribute in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
        assert!(form.contains(attribute), "{}", page.head);
    }
    assert!(!form.contains("Domain"), "{form}");
    // A name that another host of the domain could set is no session.
    let mut browser = from(&server, "203.0.113.7");
    browser.plant(COOKIE, &"0".repeat(64));
    assert_eq!(browser.read("/auth/session").code(), "UNAUTHENTICATED");
    browser.plant("__Host-freehold", &"0".repeat(64));
    let reply = browser.read("/auth/session");
    assert!(reply.set_cookie("__Host-freehold").contains("Secure"), "{}", reply.head);
}

on_both_databases! {
    fn one_account_has_so_many_attempts_and_letters(database) {
        let lobby = Lobby::new(database);
        let mut refused = None;
        for _ in 0..40 {
            let reply = lobby.browser().sign_in("nobody@lobby.test", "wrong-password-1");
            if reply.status != 401 {
                refused = Some(reply);
                break;
            }
        }
        let refused = refused.expect("it ends");
        is_told_to_wait(&refused);
        // By whatever other name.
        for alias in ["NOBODY@lobby.test", " nobody@Lobby.test "] {
            is_told_to_wait(&lobby.browser().sign_in(alias, "wrong-password-1"));
        }
        assert!(lobby.lets_in("bo@lobby.test", lobby.password("bo")));
        // Letters: three, whether there is such an account or not.
        for address in ["ann@lobby.test", "nobody@lobby.test"] {
            for path in ["/auth/password/forgot", "/auth/sign-up", "/auth/password/forgot"] {
                assert_eq!(lobby.browser().post(path, &json!({ "email": address })).status, 202);
            }
            for path in ["/auth/password/forgot", "/auth/sign-up"] {
                is_told_to_wait(&lobby.browser().post(path, &json!({"email": address.to_uppercase()})));
            }
            let mut browser = lobby.browser();
            is_told_to_wait(&browser.submit("/auth/password/forgot", "/auth/password/forgot", &[("email", address)]));
        }
        std::thread::sleep(std::time::Duration::from_millis(500));
        let found = letters(&lobby.server);
        assert!(found.iter().filter(|letter| letter.to() == "ann@lobby.test").count() <= 3, "{found:?}");
    }

    fn codes_are_not_tried_one_after_the_other(database) {
        let lobby = Lobby::new(database);
        let (_, _, _) = lobby.with_totp("ann");
        lobby.forget_codes();
        let mut browser = lobby.browser();
        browser.sign_in("ann@lobby.test", lobby.password("ann"));
        let mut statuses = Vec::new();
        for number in 0..14 {
            // As if nothing blocked the account.
            lobby.server.execute("UPDATE fh_credential SET failures = 0, blocked_until = NULL");
            let reply = browser.post("/auth/mfa", &json!({"code": format!("{number:06}")}));
            statuses.push(reply.status);
            if reply.status == 429 {
                is_told_to_wait(&reply);
            }
        }
        assert!(statuses.contains(&429) && statuses[..8].iter().all(|it| *it == 401), "{statuses:?}");
    }
}
