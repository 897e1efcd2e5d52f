use super::*;
use crate::diagnostic::Diagnostics;
use crate::source::{FileId, SourceFile};

fn read(text: &str) -> (Option<Node>, Vec<&'static str>) {
    let mut diagnostics = Diagnostics::default();
    let node = parse(
        FileId(0),
        &SourceFile {
            name: "x.yaml".into(),
            text: text.into(),
        },
        &mut diagnostics,
    );
    (node, diagnostics.iter().map(|fault| fault.check).collect())
}

fn check_span(text: &str, path: &[&str], expected: &str) {
    let (node, faults) = read(text);
    assert_eq!(faults, Vec::<&str>::new(), "{text}");
    let mut node = &node.unwrap();
    for step in path {
        node = node.get(step).unwrap();
    }
    assert_eq!(&text[node.span.start as usize..node.span.end as usize], expected);
}

#[test]
fn spans_are_bytes() {
    check_span("a: b\n", &["a"], "b");
    check_span("ä: {é: \"ü\", x: y1}\n", &["ä", "x"], "y1");
    check_span("ä: {é: \"ü\", x: y1}\n", &["ä"], "{é: \"ü\", x: y1}");
    check_span("# café ☕\r\na:\r\n  b: [1, 2]\r\n", &["a", "b"], "[1, 2]");
    check_span("# ☕\na:\n  b: c\n  d: e\nf: g\n", &["a"], "b: c\n  d: e");
    check_span("a:\n  - x\n  - z: w\nb: 1\n", &["a"], "x\n  - z: w");
    check_span("a: 'it''s'\n", &["a"], "'it''s'");
    check_span("\u{feff}ä: b\n", &["ä"], "b");
}

#[test]
fn scalars_keep_their_text_and_style() {
    let (node, _) = read("a: 1.50\nb: \"true\"\nc: ~\nd:\ne: null\n");
    let node = node.unwrap();
    assert_eq!(
        node.get("a").unwrap().kind,
        NodeKind::Scalar {
            text: "1.50".into(),
            plain: true
        }
    );
    assert_eq!(
        node.get("b").unwrap().kind,
        NodeKind::Scalar {
            text: "true".into(),
            plain: false
        }
    );
    for key in ["c", "d", "e"] {
        assert_eq!(node.get(key).unwrap().kind, NodeKind::Null);
    }
}

#[test]
fn what_is_refused() {
    for (text, expected) in [
        ("a: 1\na: 2\n", "duplicate-key"),
        ("a: 1\n---\nb: 2\n", "yaml-documents"),
        ("a: &x 1\n", "yaml-anchor"),
        ("a: !!str 1\n", "yaml-tag"),
        ("? [a]\n: b\n", "yaml-key"),
        ("on: 1\n", "reserved-word"),
        ("a: [No]\n", "reserved-word"),
        ("true: 1\n", "reserved-word"),
        ("a: [1\n", "yaml-syntax"),
        ("a: b: c\n", "yaml-syntax"),
    ] {
        assert_eq!(read(text).1, [expected], "{text}");
    }
    assert_eq!(read("\"on\": \"no\"\n").1, Vec::<&str>::new());
    assert_eq!(read("a: &x 1\nb: *x\n").1, ["yaml-anchor", "yaml-anchor"]);
}

#[test]
fn depth_and_size_are_bounded() {
    assert_eq!(read(&"[".repeat(100_000)).1.len(), 1);
    assert_eq!(read(&"- ".repeat(100_000)).1, ["yaml-depth"]);
    assert_eq!(read(&format!("a: {}", "x".repeat(FILE_BYTES_MAX))).1, ["file-size"]);
    assert_eq!(read("").0.unwrap().kind, NodeKind::Null);
}
