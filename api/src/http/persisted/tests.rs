use super::*;
use serde_json::json;
use std::fmt::Write;

/// SHA-256 of `{__typename}`.
const KNOWN: &str = "ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38";

fn told(result: Result<String, Refusal>) -> String {
    result.unwrap_or_else(|refusal| refusal.code().name().to_owned())
}

/// What becomes of a request with these parameters.
fn ask(persisted: &Persisted, parameters: &Value) -> String {
    let text = |name: &str| parameters[name].as_str().map(str::to_owned);
    told(persisted.text(Wanted {
        query: text("query"),
        document_id: text("documentId"),
        extensions: parameters["extensions"].as_object().cloned().unwrap_or_default(),
    }))
}

fn hex(text: &str) -> String {
    digest(text).iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").expect("a string takes text");
        out
    })
}

fn by_hash(text: &str) -> Value {
    json!({"persistedQuery": {"version": 1, "sha256Hash": hex(text)}})
}

/// One that has two operations: `{ one }` in a file, and `{ two }`, which a manifest calls `second`.
fn with_app(only: bool) -> Persisted {
    let persisted = Persisted::new(only);
    let operation = |id: Option<&str>, text: &str| AppOperation {
        id: id.map(str::to_owned),
        written: text.to_owned(),
    };
    persisted.serve(&[operation(None, "{ one }\n"), operation(Some("second"), "{ two }")]);
    persisted
}

#[test]
fn a_text_is_known_once_it_was_sent() {
    assert_eq!(hex("{__typename}"), KNOWN);
    let persisted = Persisted::default();
    let extensions = json!({"persistedQuery": {"version": 1, "sha256Hash": KNOWN}});
    let named = json!({"extensions": extensions});
    let full = |text: &str| json!({"query": text, "extensions": extensions});
    assert_eq!(ask(&persisted, &named), "PERSISTED_QUERY_NOT_FOUND");
    assert_eq!(ask(&persisted, &full("{other}")), "BAD_REQUEST");
    assert_eq!(
        ask(&persisted, &named),
        "PERSISTED_QUERY_NOT_FOUND",
        "what does not match is not kept"
    );
    assert_eq!(ask(&persisted, &full("{__typename}")), "{__typename}");
    assert_eq!(ask(&persisted, &named), "{__typename}");
    let id = json!({"documentId": format!("sha256:{KNOWN}")});
    assert_eq!(ask(&persisted, &id), "{__typename}");
    assert_eq!(ask(&persisted, &json!({"query": "{__typename}"})), "{__typename}");
    assert_eq!(ask(&persisted, &json!({})), "BAD_REQUEST");
}

#[test]
fn what_cannot_be_read_is_refused() {
    let persisted = Persisted::default();
    for declared in [
        json!(1),
        json!({}),
        json!({"version": 2, "sha256Hash": KNOWN}),
        json!({"version": 1, "sha256Hash": "abc"}),
        json!({"version": 1, "sha256Hash": "g".repeat(64)}),
        json!({"version": 1, "sha256Hash": 7}),
    ] {
        let parameters = json!({"query": "{__typename}", "extensions": {"persistedQuery": declared}});
        assert_eq!(ask(&persisted, &parameters), "BAD_REQUEST", "{declared}");
    }
    for id in ["sha256:", "sha256:abc", &format!("sha256:{}", "g".repeat(64))] {
        assert_eq!(ask(&persisted, &json!({ "documentId": id })), "BAD_REQUEST", "{id}");
    }
}

#[test]
fn operations_of_the_app_are_known_in_both_modes() {
    for only in [false, true] {
        let persisted = with_app(only);
        for (parameters, expected) in [
            (json!({"query": "{ two }"}), "{ two }"),
            (json!({"extensions": by_hash("{ one }")}), "{ one }"),
            (json!({"extensions": by_hash("{ one }\n")}), "{ one }"),
            (json!({"query": "{ two }", "extensions": by_hash("{ two }")}), "{ two }"),
            (json!({"documentId": "second"}), "{ two }"),
            (json!({"documentId": format!("sha256:{}", hex("{ two }"))}), "{ two }"),
            (
                json!({"documentId": format!("sha256:{}", hex("{ one }").to_uppercase())}),
                "{ one }",
            ),
            (
                json!({"documentId": "second", "extensions": by_hash("{ two }")}),
                "{ two }",
            ),
            (json!({"documentId": "second", "query": "{ two }"}), "{ two }"),
            (
                json!({"documentId": format!("sha256:{}", hex("{ one }\n")), "query": "{ one }"}),
                "{ one }",
            ),
            (json!({"documentId": "second", "query": "{ one }"}), "BAD_REQUEST"),
            (
                json!({"documentId": format!("sha256:{}", hex("{ one }")), "query": "{ two }"}),
                "BAD_REQUEST",
            ),
            (
                json!({"documentId": "second", "extensions": by_hash("{ one }")}),
                "BAD_REQUEST",
            ),
            (
                json!({"query": "{ two }", "extensions": by_hash("{ one }")}),
                "BAD_REQUEST",
            ),
            (json!({"documentId": "third"}), "PERSISTED_QUERY_NOT_FOUND"),
            (json!({"documentId": ""}), "PERSISTED_QUERY_NOT_FOUND"),
            (
                json!({"documentId": "third", "query": "{ one }"}),
                "PERSISTED_QUERY_NOT_FOUND",
            ),
            (json!({"documentId": hex("{ one }")}), "PERSISTED_QUERY_NOT_FOUND"),
            (
                json!({"documentId": format!("sha256:{}", hex("{ three }"))}),
                "PERSISTED_QUERY_NOT_FOUND",
            ),
            (json!({"extensions": by_hash("{ three }")}), "PERSISTED_QUERY_NOT_FOUND"),
            (json!({}), "BAD_REQUEST"),
        ] {
            assert_eq!(ask(&persisted, &parameters), expected, "only {only}: {parameters}");
        }
    }
}

#[test]
fn only_operations_of_the_app_run_where_they_alone_are_trusted() {
    let persisted = with_app(true);
    for text in [
        "{ three }",
        "{one}",
        "{ one } # more",
        "{ one }\n{ two }",
        "{ one }\u{a0}",
        "",
        "{ __schema { queryType { name } } }",
    ] {
        assert_eq!(ask(&persisted, &json!({ "query": text })), "FORBIDDEN", "{text}");
        let with_hash = json!({"query": text, "extensions": by_hash(text)});
        assert_eq!(ask(&persisted, &with_hash), "FORBIDDEN", "{text}");
        // Nothing of it is kept.
        let named = json!({"extensions": by_hash(text)});
        assert_eq!(ask(&persisted, &named), "PERSISTED_QUERY_NOT_FOUND", "{text}");
        assert!(persisted.check(text).is_err() && Persisted::default().check(text).is_ok());
    }
    let own = "\u{feff}\r\n\t { one } ";
    assert_eq!(
        ask(&persisted, &json!({ "query": own })),
        "{ one }",
        "the app's text is what runs"
    );
    assert!(persisted.check(own).is_ok());
    // Nor is a text that is the app's kept under another hash.
    assert_eq!(
        ask(&persisted, &json!({"query": own, "extensions": by_hash(own)})),
        "{ one }"
    );
    assert_eq!(
        ask(&persisted, &json!({"extensions": by_hash(own)})),
        "PERSISTED_QUERY_NOT_FOUND"
    );
}

#[test]
fn a_deploy_swaps_the_operations() {
    let persisted = Persisted::new(true);
    assert!(persisted.refuses_all() && !Persisted::default().refuses_all());
    assert_eq!(ask(&persisted, &json!({"query": "{ one }"})), "FORBIDDEN");
    let operation = |id: &str, text: &str| AppOperation {
        id: Some(id.to_owned()),
        written: text.to_owned(),
    };
    persisted.serve(&[operation("a", "{ one }")]);
    assert!(!persisted.refuses_all());
    assert_eq!(ask(&persisted, &json!({"documentId": "a"})), "{ one }");
    persisted.serve(&[operation("b", "{ two }")]);
    assert_eq!(
        ask(&persisted, &json!({"documentId": "a"})),
        "PERSISTED_QUERY_NOT_FOUND"
    );
    assert_eq!(ask(&persisted, &json!({"query": "{ one }"})), "FORBIDDEN");
    assert_eq!(ask(&persisted, &json!({"query": "{ two }"})), "{ two }");
}

#[test]
fn an_id_does_not_pretend_to_be_a_hash() {
    let persisted = Persisted::new(true);
    persisted.serve(&[AppOperation {
        id: Some(format!("sha256:{KNOWN}")),
        written: "{ one }".to_owned(),
    }]);
    let named = json!({"documentId": format!("sha256:{KNOWN}")});
    assert_eq!(ask(&persisted, &named), "PERSISTED_QUERY_NOT_FOUND");
}
