use super::*;

fn post(from: Option<&str>) -> Post {
    Post {
        way: Way::Nowhere,
        templates: Arc::new(Templates::load(Path::new("/nowhere")).unwrap()),
        from: from.map(|from| from.parse().unwrap()),
    }
}

fn written(kind: Kind, to: &str) -> Option<String> {
    let post = post(Some("Hilfe für alle <desk@acme.test>"));
    let message = post.message(
        kind,
        to,
        "https://help.test/x?token=00ff",
        "helpdesk",
        "https://help.test",
    )?;
    Some(String::from_utf8(message.formatted()).unwrap())
}

#[test]
fn a_letter_has_one_recipient_and_one_link() {
    for kind in Kind::ALL {
        let text = written(kind, "ann@acme.test").unwrap();
        assert!(text.starts_with("To: ann@acme.test\r\nFrom: "), "{text}");
        assert_eq!(
            text.matches("    https://help.test/x?token=00ff\r\n").count(),
            1,
            "{text}"
        );
        for header in [
            "\r\nSubject: ",
            "\r\nDate: ",
            "\r\nMessage-ID: <",
            "\r\nAuto-Submitted: auto-generated\r\n",
            "\r\nContent-Type: text/plain; charset=utf-8\r\n",
        ] {
            assert_eq!(text.matches(header).count(), 1, "{header:?} in {text}");
        }
        assert!(text.is_ascii(), "headers are encoded: {text}");
    }
}

#[test]
fn an_address_is_an_address() {
    for bad in [
        "ann@acme.test\r\nBcc: eve@example.com",
        "ann@acme.test, eve@example.com",
        "Ann <ann@acme.test>",
        "",
        "nobody",
    ] {
        assert!(written(Kind::SignUp, bad).is_none(), "{bad}");
    }
}

#[test]
fn senders_are_read_strictly() {
    for (text, expected) in [
        ("desk@acme.test", true),
        ("Help desk <desk@acme.test>", true),
        ("desk@acme.test, eve@example.com", false),
        ("Help desk <desk@acme.test> x", false),
        ("desk", false),
        ("", false),
    ] {
        assert_eq!(is_mailbox(text), expected, "{text}");
    }
}

#[test]
fn letters_in_a_folder_come_from_the_site() {
    for (site, from) in [
        ("https://help.test", "no-reply@help.test"),
        ("http://localhost:8080", "no-reply@localhost"),
        ("http://127.0.0.1:8080", "no-reply@localhost"),
        ("http://[::1]:8080", "no-reply@localhost"),
    ] {
        let message = post(None)
            .message(Kind::Membership, "ann@acme.test", site, "app", site)
            .unwrap();
        let text = String::from_utf8(message.formatted()).unwrap();
        assert!(text.contains(&format!("From: {from}\r\n")), "{text}");
    }
}

#[test]
fn a_folder_that_takes_no_letters_is_told() {
    let folder = std::env::temp_dir().join(format!("freehold-post-{}", std::process::id()));
    check(&folder.join("new")).unwrap();
    assert_eq!(std::fs::read_dir(folder.join("new")).unwrap().count(), 0);
    std::fs::write(folder.join("file"), "").unwrap();
    let refused = check(&folder.join("file")).unwrap_err();
    assert!(
        refused.message.starts_with("letters cannot be left in `"),
        "{}",
        refused.message
    );
    std::fs::remove_dir_all(&folder).unwrap();
}
