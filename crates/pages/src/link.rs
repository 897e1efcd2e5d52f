//! Where a page may lead.

use std::fmt::Write;
use url::Url;

/// Whether this is a path of the page's own host, however a browser reads it: browsers drop tabs and line breaks, and take `\` for `/`.
pub(crate) fn is_local(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && !path
            .chars()
            .any(|it| it.is_control() || it.is_whitespace() || it == '\\')
}

/// The path, or the front page if it leads elsewhere.
pub(crate) fn local_or_root(path: &str) -> &str {
    if is_local(path) { path } else { "/" }
}

/// What names the origin of a URL in a policy: `https://host:port`, `http://` for this machine alone, `scheme:` for a scheme of an
/// app on a device (which holds a dot, RFC 8252, section 7.1). Nothing else, so that nothing can end a directive.
pub(crate) fn origin_of(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let scheme = url.scheme();
    let Some(host) = url.host_str().filter(|_| matches!(scheme, "https" | "http")) else {
        // A URL's scheme is letters, digits, `+`, `-` and `.`.
        return scheme.contains('.').then(|| format!("{scheme}:"));
    };
    // The grammar of host-source (CSP level 3, section 2.3.1) is stricter than that of URLs, and has no addresses of version 6.
    let named = host
        .bytes()
        .all(|it| it.is_ascii_alphanumeric() || it == b'-' || it == b'.');
    let near = matches!(host, "localhost" | "127.0.0.1");
    if !named || host.is_empty() || (scheme == "http" && !near) {
        return None;
    }
    Some(url.port().map_or_else(
        || format!("{scheme}://{host}"),
        |port| format!("{scheme}://{host}:{port}"),
    ))
}

/// As one segment of a path, or a value of a query (RFC 3986, section 2.3).
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a `String` cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_path_stays_on_the_host() {
        for path in ["/", "/a/b?c=d#e", "/a//b"] {
            assert!(is_local(path), "{path:?}");
        }
        for path in [
            "",
            "a",
            "//a",
            "/\\a",
            "/\t/a",
            "/\n/a",
            "/a\\b",
            "https://a",
            "javascript:a",
            " /a",
            "/ a",
        ] {
            assert!(!is_local(path), "{path:?}");
        }
        assert_eq!(local_or_root("//evil.example"), "/");
    }

    #[test]
    fn an_origin_cannot_end_a_directive() {
        fn check(url: &str, expected: Option<&str>) {
            assert_eq!(origin_of(url).as_deref(), expected, "{url:?}");
        }
        check("https://App.example/callback?x", Some("https://app.example"));
        check("https://app.example:8443/", Some("https://app.example:8443"));
        check("https://user:pass@app.example/", Some("https://app.example"));
        check("http://127.0.0.1:5173/callback", Some("http://127.0.0.1:5173"));
        check("com.example.app:/callback", Some("com.example.app:"));
        check("https://bücher.example/", Some("https://xn--bcher-kva.example"));
        for url in [
            "http://app.example/",
            "http://[::1]:80/",
            "https://a;script-src.example/",
            "https://a,b.example/",
            "https://a'b.example/",
            "https://*.example/",
            "javascript:alert(1)",
            "data:text/html,a",
            "blob:https://a.example/x",
            "file:///etc/passwd",
            "/local",
            "",
        ] {
            check(url, None);
        }
    }

    #[test]
    fn encodes_all_but_the_unreserved() {
        assert_eq!(encoded("a-b_c.d~e"), "a-b_c.d~e");
        assert_eq!(encoded("/a?b=c&d \"é"), "%2Fa%3Fb%3Dc%26d%20%22%C3%A9");
    }
}
