//! The page at `/`: a console with the GraphiQL playground, built by `build.rs` and held in the binary.
//! Nothing here reads a file or asks another host while the server runs. The page itself begins in `main.tsx`.

/// The `Content-Security-Policy` that every file of the console is served with. Without `unsafe-inline`, `unsafe-eval` and
/// foreign hosts: the page is built to need none of them, and a browser test watches that it stays so.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// A file of the console, as it is to be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct File {
    /// The content.
    pub bytes: &'static [u8],
    /// For the `Content-Type` header.
    pub content_type: &'static str,
    /// Whether the content's hash is in its name, so that it may be cached for ever.
    pub immutable: bool,
}

/// The file at a URL path such as `/assets/index-CAM34H0F.js`; `/` is the page itself.
pub fn file(path: &str) -> Option<File> {
    let path = if path == "/" { "/index.html" } else { path };
    let found = FILES.binary_search_by_key(&path, |(url, _)| url).ok()?;
    let (url, bytes) = FILES.get(found)?;
    Some(File {
        bytes,
        content_type: content_type(url),
        immutable: COMPLETE && url.starts_with("/assets/"),
    })
}

/// Whether the binary has the console, and not only the static page that says how to add it.
pub const fn is_complete() -> bool {
    COMPLETE
}

fn content_type(url: &str) -> &'static str {
    match url.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests;
