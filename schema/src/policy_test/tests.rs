use super::{Asks, Expected, read};
use crate::diagnostic::Diagnostics;
use crate::source::{SourceFile, Sources};
use crate::{compile, seed};
use serde_json::json;

const APP: &str = r"
app: desk
security: prototype
tenant: organisation
default_profile: member
entities:
  organisation: {access: open, public: false, fields: {name: {type: text}, slug: {type: text, required: true}}, unique: [[slug]]}
  ticket: {in: organisation, access: protected, public: false, fields: {subject: {type: text}, status: {type: select, options: [new, solved], state: true, default: new}}}
profiles: {member: {sets: []}}
";

const SEED: &str = r"
users: [{email: ann@acme.test}, {email: bo@acme.test}]
organisation: {acme: {slug: acme-inc}, globex: {slug: globex}}
ticket: {x: {organisation: acme, subject: Fire}, y.z: {organisation: acme}}
";

fn check(tests: &str) -> (Vec<super::PolicyTest>, Vec<String>) {
    let file = |name: &str, text: &str| SourceFile {
        name: name.into(),
        text: text.into(),
    };
    let sources = Sources::new(vec![
        file("app.yaml", APP),
        file("seed.yaml", SEED),
        file("tests/a.yaml", tests),
    ]);
    let catalog = compile(&sources).catalog.unwrap();
    let mut diagnostics = Diagnostics::default();
    let seed = seed::resolve(&sources, &catalog, &mut diagnostics);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let found = read(&sources, &catalog, &seed, &mut diagnostics);
    let told = diagnostics.sorted().into_iter().map(|fault| {
        let (line, column) = sources.position(fault.span.unwrap());
        let hint = fault.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        format!("{line}:{column} {}: {}{hint}", fault.check, fault.message)
    });
    (found, told.collect())
}

fn faults(tests: &str) -> Vec<String> {
    let (found, told) = check(tests);
    assert!(found.is_empty(), "{found:?}");
    told
}

#[test]
fn rights_are_about_rows_fields_and_new_rows() {
    let (found, told) = check(
        "- as: ann@acme.test\n  tenant: acme-inc\n  name: hers\n  now: \"2026-01-01T00:00:00Z\"\n  \
         can: {read: [ticket.x, ticket.x.subject, ticket.y.z.subject, user.bo@acme.test.name], create: ticket}\n  \
         cannot: {transition: [ticket.y.z], create: [ticket.subject]}\n- can: {list: [ticket.x]}\n",
    );
    assert_eq!(told, [""; 0]);
    let test = &found[0];
    assert_eq!(test.person.as_ref().map(|it| it.email.as_str()), Some("ann@acme.test"));
    assert_eq!(test.tenant.as_ref().map(|it| it.label.as_str()), Some("acme"));
    assert_eq!(test.now.map(|now| now.0), Some(1_767_225_600_000_000));
    let Asks::Rights(rights) = &test.asks else {
        panic!("{test:?}")
    };
    let sources = Sources::new(vec![SourceFile {
        name: "app.yaml".into(),
        text: APP.into(),
    }]);
    let catalog = compile(&sources).catalog.unwrap();
    let texts: Vec<(bool, String)> = rights.iter().map(|right| (right.may, right.text(&catalog))).collect();
    let texts: Vec<(bool, &str)> = texts.iter().map(|(may, text)| (*may, text.as_str())).collect();
    assert_eq!(
        texts,
        [
            (true, "read ticket.x"),
            (true, "read ticket.x.subject"),
            (true, "read ticket.y.z.subject"),
            (true, "read user.bo@acme.test.name"),
            (true, "create ticket"),
            (false, "transition ticket.y.z"),
            (false, "create ticket.subject"),
        ]
    );
    assert_eq!((&found[1].person, &found[1].tenant), (&None, &None));
}

#[test]
fn requests_have_the_values_that_json_has() {
    let (found, told) = check(
        "- query: \"{ a }\"\n  variables: {id: $ticket.x, text: \"$ticket.x\", list: [1, 2.5, true, ~, \"1\", 2026-01-01]}\n  expect: {a: null, b: -3}\n\
         - mutation: \"mutation { a }\"\n  error: FORBIDDEN\n\
         - mutation: \"mutation { a }\"\n  error: {code: NOT_FOUND, path: [a, 0], message: no such}\n",
    );
    assert_eq!(told, [""; 0]);
    let requests: Vec<&super::Request> = found
        .iter()
        .map(|test| match &test.asks {
            Asks::Request(request) => request.as_ref(),
            Asks::Rights(_) => panic!("{test:?}"),
        })
        .collect();
    let id = requests[0].variables["id"].as_str().unwrap();
    assert_eq!(id.len(), 36);
    assert_eq!(requests[0].variables["text"], "$ticket.x");
    assert_eq!(
        requests[0].variables["list"],
        json!([1, 2.5, true, null, "1", "2026-01-01"])
    );
    assert_eq!(requests[0].expected, Expected::Data(json!({"a": null, "b": -3})));
    assert_eq!((requests[0].writes, requests[1].writes), (false, true));
    let Expected::Refusal { code, path, message } = &requests[2].expected else {
        panic!("{:?}", requests[2])
    };
    assert_eq!(
        (code.name(), path, message.as_deref()),
        ("NOT_FOUND", &Some(json!(["a", 0])), Some("no such"))
    );
}

#[test]
fn what_is_not_there_is_told_with_its_place() {
    assert_eq!(
        faults("- ass: ann@acme.test\n  can: {read: [ticket.x]}\n"),
        ["1:3 test-key: unknown key `ass` (did you mean `as`?)"]
    );
    assert_eq!(
        faults(
            "- as: anne@acme.test\n  tenant: acne\n  can: {raed: [ticket.x], read: [tickets.x, ticket.w, ticket.x.subjct, ticket, ticket.x.y.z]}\n"
        ),
        [
            "1:7 test-person: nobody in the seed has the e-mail address `anne@acme.test` (did you mean `ann@acme.test`?)",
            "2:11 test-tenant: there is no `organisation` labelled `acne` in the seed, nor one with that slug (did you mean `acme`?)",
            "3:9 test-operation: unknown operation `raed` (did you mean `read`?)",
            "3:34 test-label: unknown entity `tickets` (did you mean `ticket`?)",
            "3:45 test-label: there is no `ticket` labelled `w` in the seed (did you mean `x`?)",
            "3:55 test-field: unknown field of `ticket`: `subjct` (did you mean `subject`?)",
            "3:72 test-label: `read` is about a row: which `ticket`? (write `ticket.<label>`, with a label of the seed)",
            "3:80 test-label: there is no `ticket` labelled `x.y.z` in the seed (did you mean `y.z`?)",
        ]
    );
    assert_eq!(
        faults("- can: {list: [ticket.x.subject], create: [ticket.x]}\n"),
        [
            "1:16 test-field: `list` is about rows, not about their fields",
            "1:44 test-label: `create` is about new rows, and this one is there (write `ticket`, or `ticket.<field>`)",
        ]
    );
    assert_eq!(
        faults("- query: \"{ a }\"\n  variables: {id: $ticket.q}\n  error: FORBIDEN\n"),
        [
            "2:19 test-label: there is no `ticket` labelled `q` in the seed (did you mean `x`?)",
            "3:10 test-code: there is no code `FORBIDEN` (did you mean `FORBIDDEN`?)",
        ]
    );
}

#[test]
fn a_test_asks_one_thing() {
    for (test, expected) in [
        (
            "- as: ann@acme.test\n",
            "1:3 test-shape: this test asks nothing (add `can`, `cannot`, `query` or `mutation`)",
        ),
        (
            "- {can: {}, query: x, expect: {}}\n",
            "1:9 test-shape: a test is about rights or about one request (write two tests)",
        ),
        (
            "- {mutation: x, query: x, expect: {}}\n",
            "1:14 test-shape: a test has one request: `query` or `mutation` (write two tests)",
        ),
        (
            "- {query: x}\n",
            "1:11 test-shape: this test does not say what to expect (add `expect` with the data, or `error` with a code)",
        ),
        (
            "- {query: x, expect: {}, error: FORBIDDEN}\n",
            "1:33 test-shape: a request is answered or refused, not both",
        ),
        (
            "- {query: x, error: {path: []}}\n",
            "1:21 test-shape: `error` needs a `code`",
        ),
        (
            "- {can: {}, expect: {}}\n",
            "1:21 test-shape: `expect` belongs to a `query` or a `mutation`",
        ),
        (
            "- x\n",
            "1:3 test-shape: expected a test, found a text (a test is a mapping: `as`, `tenant`, and what to ask)",
        ),
        (
            "- can: {read: []}\n",
            "1:3 test-shape: this test asks nothing (name rows: `{read: [entity.label]}`)",
        ),
        (
            "a: 1\n",
            "1:1 test-shape: expected a list of tests, found a mapping (write `- as: …` and below it what to ask)",
        ),
        (
            "- {can: [ticket.x]}\n",
            "1:9 test-shape: expected operations and what they are about, found a list (write `{read: [entity.label], create: [entity]}`)",
        ),
        (
            "- {now: soon, can: {list: [ticket.x]}}\n",
            "1:9 test-shape: `soon` is no moment: write one like \"2026-11-22T10:00:00Z\"",
        ),
        (
            "- {can: {read: [{a: b}]}}\n",
            "1:17 test-shape: expected `entity.label`, found a mapping",
        ),
    ] {
        assert_eq!(faults(test), [expected], "{test}");
    }
}
