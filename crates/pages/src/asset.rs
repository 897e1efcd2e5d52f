//! The one file beside the pages: their script.

use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::sync::LazyLock;

/// Passkeys, and small comforts; no page needs it but for passkeys.
const SCRIPT: &str = include_str!("pages.js");

struct Script {
    path: String,
    integrity: String,
}

static NAMED: LazyLock<Script> = LazyLock::new(|| {
    let mut name = String::new();
    for byte in Sha256::digest(SCRIPT).iter().take(8) {
        // Writing to a `String` cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    Script {
        path: format!("/auth/assets/pages.{name}.js"),
        integrity: crate::policy::integrity(SCRIPT),
    }
});

/// A file that pages ask for. Its name holds its hash, so it may be cached for ever: `public, max-age=31536000, immutable`.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    /// `Content-Type`.
    pub content_type: &'static str,
    /// The file.
    pub bytes: &'static [u8],
}

/// The file at a path as a request has it, `/auth/assets/…`.
pub fn asset(path: &str) -> Option<Asset> {
    (path == script_path()).then_some(Asset {
        content_type: "text/javascript; charset=utf-8",
        bytes: SCRIPT.as_bytes(),
    })
}

/// Where the script is, `/auth/assets/pages.<hash>.js`.
pub fn script_path() -> &'static str {
    &NAMED.path
}

/// Its hash, for the `integrity` attribute.
pub(crate) fn script_integrity() -> &'static str {
    &NAMED.integrity
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_script_by_its_whole_name_alone() {
        assert_eq!(asset(script_path()).unwrap().bytes, SCRIPT.as_bytes());
        for path in [
            "",
            "/auth/assets/pages.js",
            "/auth/assets/",
            "/auth/assets/../pages.css",
            &script_path()[1..],
        ] {
            assert!(asset(path).is_none(), "{path:?}");
        }
    }

    /// The policy has `trusted-types 'none'`: with any of these the script would fail, and should.
    #[test]
    fn the_script_makes_no_markup() {
        for sink in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "Function(",
        ] {
            assert!(!SCRIPT.contains(sink), "{sink}");
        }
    }
}
