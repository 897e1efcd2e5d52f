//! The page that says what stands against each risk names tests; they are there.

use freehold_tests::fixture;

#[test]
fn every_test_that_the_page_names_exists() {
    let shelf = fixture("shelf");
    let root = shelf.ancestors().nth(3).unwrap();
    let page = std::fs::read_to_string(root.join("docs/reference/owasp.md")).unwrap();
    let mut named = 0;
    for word in page.split('`').skip(1).step_by(2) {
        let Some((file, test)) = word.split_once(".rs") else {
            continue;
        };
        let path = root.join(format!("tests/it/{file}.rs"));
        let source = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("`{word}`: {error}"));
        if let Some(test) = test.strip_prefix("::") {
            assert!(source.contains(&format!("fn {test}(")), "`{word}` is no test");
        }
        named += 1;
    }
    assert!(named > 20, "only {named} tests are named");
}
