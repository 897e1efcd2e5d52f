//! What a page may do in a browser.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// What a page needs beyond its own markup.
#[derive(Default)]
pub(crate) struct Policy<'a> {
    /// Whole `<style>` elements, which are allowed by their hashes.
    pub(crate) styles: Vec<&'a str>,
    /// Sources of images.
    pub(crate) images: Vec<String>,
    /// Where forms may end, beside this host.
    pub(crate) form_targets: Vec<String>,
    /// Whether the script is on the page.
    pub(crate) script: bool,
}

impl Policy<'_> {
    /// The header's value (Content Security Policy, level 3).
    pub(crate) fn header(mut self) -> String {
        let styles: Vec<String> = self.styles.iter().map(|it| format!("'{}'", integrity(it))).collect();
        let mut header = format!(
            "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; style-src {}; form-action 'self'",
            styles.join(" ")
        );
        self.form_targets.sort_unstable();
        self.form_targets.dedup();
        for target in self.form_targets {
            header.push(' ');
            header.push_str(&target);
        }
        if !self.images.is_empty() {
            header.push_str("; img-src ");
            header.push_str(&self.images.join(" "));
        }
        if self.script {
            // The script makes no markup, so it needs none of the sinks.
            header.push_str(
                "; script-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'",
            );
        }
        header
    }
}

/// `sha256-…` of a text, for a policy or an `integrity` attribute.
pub(crate) fn integrity(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allows_nothing_that_was_not_asked_for() {
        // The hash of the empty text is well known.
        let none = Policy {
            styles: vec![""],
            ..Policy::default()
        };
        assert_eq!(
            none.header(),
            "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; \
             style-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; form-action 'self'"
        );
    }
}
