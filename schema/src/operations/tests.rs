use super::*;
use crate::source::SourceFile;

fn sources(files: &[(&str, &str)]) -> Sources {
    let file = |(name, text): &(&str, &str)| SourceFile {
        name: (*name).to_owned(),
        text: (*text).to_owned(),
    };
    Sources::new(files.iter().map(file).collect())
}

/// What is read, as `id: text`, and what is told, as `place message`.
fn told(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let sources = sources(files);
    let mut diagnostics = Diagnostics::default();
    let operations = read(&sources, &Limits::default(), &mut diagnostics);
    let operations = operations
        .iter()
        .map(|it| format!("{}: {}", it.id.as_deref().unwrap_or("-"), it.text()));
    let faults = diagnostics.iter().inspect(|fault| assert_eq!(fault.check, "operation"));
    let faults = faults.map(|fault| format!("{} {}", fault.place(&sources).unwrap_or_default(), fault.message));
    (operations.collect(), faults.collect())
}

fn check(name: &str, text: &str, operations: &[&str], faults: &[&str]) {
    let expected = (
        operations.iter().map(|it| (*it).to_owned()).collect(),
        faults.iter().map(|it| (*it).to_owned()).collect(),
    );
    assert_eq!(told(&[(name, text)]), expected, "{text}");
}

#[test]
fn documents() {
    let check =
        |text: &str, operations: &[&str], faults: &[&str]| check("operations/a.graphql", text, operations, faults);
    check("{ a }", &["-: { a }"], &[]);
    check("\u{feff}\r\n query A {\n a } \t\n", &["-: query A {\n a }"], &[]);
    check(
        "query A { ...f }\nfragment f on Query { a }\n",
        &["-: query A { ...f }\nfragment f on Query { a }"],
        &[],
    );
    check(
        "",
        &[],
        &["operations/a.graphql:1:1 unexpected the end of the line, expected executable definition"],
    );
    check(
        "\n  é",
        &[],
        &["operations/a.graphql:2:3 unexpected `é`, expected executable definition"],
    );
    check(
        "\n\n query A {\n  a(b: é)\n}",
        &[],
        &["operations/a.graphql:4:8 unexpected `é`, expected value"],
    );
    check(
        "fragment f on Query { a }",
        &[],
        &["operations/a.graphql:1:1 the query has no operation"],
    );
    check(
        "query A { a } query A { b }",
        &[],
        &["operations/a.graphql:1:15 there are two operations named `A`"],
    );
    let deep = format!("  {}a{}", "{a".repeat(100), "}".repeat(100));
    check(
        &deep,
        &[],
        &["operations/a.graphql:1:131 the nesting is 65, more than 64"],
    );
}

#[test]
fn manifests_of_apollo() {
    let check = |operations: &str, read: &[&str], faults: &[&str]| {
        let text = format!(
            "{{\n\"format\": \"apollo-persisted-query-manifest\", \"version\": 1, \"operations\":\n{operations}}}"
        );
        check("operations/a.json", &text, read, faults);
    };
    check("[]", &[], &[]);
    check(
        "[{\"id\": \"1\", \"name\": \"A\", \"type\": \"query\", \"body\": \"query A {\\n  a\\n}\"}, {\"body\": \"{b}\\n\", \"id\": \"2\", \"clientName\": null}]",
        &["1: query A {\n  a\n}", "2: {b}"],
        &[],
    );
    check("{}", &[], &["operations/a.json:3:1 `operations` must be a list"]);
    check(
        "[7]",
        &[],
        &["operations/a.json:3:2 an operation must be an object with `id` and `body`"],
    );
    check(
        "[{\"body\": \"{a}\"}]",
        &[],
        &["operations/a.json:3:2 an operation needs an `id`, a text"],
    );
    check(
        "[{\"id\": 7}]",
        &[],
        &["operations/a.json:3:9 an operation needs an `id`, a text"],
    );
    check(
        "[{\"id\": \"7\"}]",
        &[],
        &["operations/a.json:3:2 the operation `7` has no `body`"],
    );
    check(
        "[{\"id\": \"7\", \"body\": null}]",
        &[],
        &["operations/a.json:3:22 the operation `7` is not a text"],
    );
    check(
        "[{\"id\": \"\", \"body\": \"{a}\"}]",
        &[],
        &["operations/a.json:3:21 the id of an operation is empty"],
    );
    // The place is in the text, wherever its characters are written.
    check(
        "[{\"id\": \"7\", \"body\": \"\\n# é \\u00e9 \\ud83d\\ude00 \\\"\\n{ a(b: é) }\"}]",
        &[],
        &["operations/a.json:3:60 unexpected `é`, expected value"],
    );
}

#[test]
fn manifests_of_nobody() {
    let format = |text: &str, place: &str| {
        check(
            "operations/a.json",
            text,
            &[],
            &[&format!("{place} the format of this manifest is not known")],
        );
    };
    format(
        "{\"format\": \"other\", \"version\": 1, \"operations\": []}",
        "operations/a.json:1:12",
    );
    format(
        "{\"format\": \"apollo-persisted-query-manifest\", \"version\": 2, \"operations\": []}",
        "operations/a.json:1:58",
    );
    format("{\"version\": 1, \"operations\": []}", "operations/a.json:1:1");
}

#[test]
fn manifests_of_relay() {
    let check = |text: &str, read: &[&str], faults: &[&str]| check("operations/web/a.json", text, read, faults);
    check("{}", &[], &[]);
    check(
        "\u{feff}{\"x1\": \"query A { a }\\n\",\n \"operations\": \"{ b }\"}",
        &["x1: query A { a }", "operations: { b }"],
        &[],
    );
    check(
        "{\"x1\":\n  [], \"x2\": \"{ a }\"}",
        &["x2: { a }"],
        &["operations/web/a.json:2:3 the operation `x1` is not a text"],
    );
    check(
        "{\"x1\": \"\\ud800\"}",
        &[],
        &["operations/web/a.json:1:8 the operation `x1` is not a text"],
    );
    check(
        "{\"x1\": \"{ a }\", \"x1\": \"{ a } \"}",
        &["x1: { a }", "x1: { a }"],
        &[],
    );
    check(
        "{\"x1\": \"{ a }\",\n\"x1\": \"{ b }\"}",
        &["x1: { a }"],
        &["operations/web/a.json:2:7 `x1` is the id of two operations"],
    );
    for (text, place) in [
        ("", "1:1"),
        ("[]", "1:1"),
        ("{\n\"é\": \"a\",\n}", "3:1"),
        ("{\"a\": \"b", "1:8"),
        ("{} {}", "1:4"),
    ] {
        let (read, faults) = told(&[("operations/a.json", text)]);
        assert!(read.is_empty(), "{text}");
        let expected = format!("operations/a.json:{place} the manifest cannot be read: ");
        assert!(
            faults.len() == 1 && faults[0].starts_with(&expected),
            "{text} {faults:?}"
        );
    }
    let bomb = format!("{{\"a\": {}", "[".repeat(100_000));
    assert_eq!(told(&[("operations/a.json", &bomb)]).1.len(), 1);
}

#[test]
fn an_id_is_one_operation_in_all_files() {
    let files = [
        ("operations/a.json", "{\"x\": \"{ a }\"}"),
        ("operations/b.json", "{\"x\": \"{ b }\"}"),
        ("operations/c.gql", "{ a }"),
        ("operations/notes.md", "{ c"),
        ("other/d.graphql", "{ d"),
    ];
    let (read, faults) = told(&files);
    assert_eq!(read, ["x: { a }", "-: { a }"]);
    assert_eq!(faults, ["operations/b.json:1:7 `x` is the id of two operations"]);
}
