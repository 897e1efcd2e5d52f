use super::*;

fn text(path: &str) -> &'static str {
    let file = file(path).unwrap_or_else(|| panic!("no file at {path}"));
    std::str::from_utf8(file.bytes).unwrap()
}

/// Paths of this origin that the page names in `src` and `href`.
fn linked(html: &str) -> Vec<&str> {
    html.split('"').filter(|it| it.starts_with("/assets/")).collect()
}

#[test]
fn the_page_is_html_and_not_immutable() {
    let page = file("/").unwrap();
    assert_eq!(page.content_type, "text/html; charset=utf-8");
    assert!(!page.immutable);
    assert_eq!(Some(page), file("/index.html"));
}

#[test]
fn what_the_page_links_to_is_there() {
    let linked = linked(text("/"));
    assert!(!linked.is_empty());
    for path in linked {
        let file = file(path).unwrap_or_else(|| panic!("no file at {path}"));
        assert_ne!(file.content_type, "application/octet-stream", "{path}");
        assert_eq!(file.immutable, is_complete(), "{path}");
    }
}

#[test]
fn every_file_is_found_by_its_path() {
    for (url, bytes) in FILES {
        assert_eq!(file(url).map(|it| it.bytes), Some(*bytes), "{url}");
    }
}

#[test]
fn other_paths_are_not_there() {
    for path in [
        "",
        "index.html",
        "/assets",
        "/assets/",
        "/../Cargo.toml",
        "//",
        "/graphql",
        "/src/main.tsx",
    ] {
        assert_eq!(file(path), None, "{path}");
    }
}

/// What the policy would refuse is not in the page to begin with.
#[test]
fn the_page_has_nothing_inline() {
    let page = text("/");
    assert!(!page.contains("<style") && !page.contains("style="), "{page}");
    for script in page.split("<script").skip(1) {
        let (tag, rest) = script.split_once('>').unwrap();
        assert!(tag.contains("src=\"/assets/"), "{tag}");
        assert!(rest.starts_with("</script>"), "{tag}");
    }
}

#[test]
fn the_policy_allows_this_origin_only() {
    assert!(!CONTENT_SECURITY_POLICY.contains("unsafe"));
    assert!(!CONTENT_SECURITY_POLICY.contains("http"));
    assert!(!CONTENT_SECURITY_POLICY.contains("  "));
    assert!(CONTENT_SECURITY_POLICY.starts_with("default-src 'none'; "));
}

#[test]
fn without_the_console_the_page_says_how_to_add_it() {
    if !is_complete() {
        assert!(text("/").contains("Node.js"));
        assert!(text("/").contains("/graphql"));
    }
}
