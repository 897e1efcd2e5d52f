//! HTML: what is not on the list is taken out.

use crate::fault::Fault;
use crate::markup::{ELEMENTS, EVERYWHERE, LINK_REL, MARKUP_BYTES_MAX, ROUNDS_MAX, is_address};
use crate::text::{normalise, refuse_controls};
use crate::{budget, link};
use ammonia::{Builder, UrlRelative};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// Elements whose content goes with them: it is no text for people, or it is read by rules other than those of HTML, which is
/// where sanitisers have been deceived.
const REMOVED_WHOLE: [&str; 20] = [
    "annotation-xml",
    "applet",
    "embed",
    "foreignobject",
    "frameset",
    "head",
    "iframe",
    "math",
    "noembed",
    "noframes",
    "noscript",
    "object",
    "plaintext",
    "script",
    "select",
    "style",
    "svg",
    "template",
    "textarea",
    "title",
];

static SANITISER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder
        .tags(ELEMENTS.iter().map(|(name, _)| *name).collect())
        .tag_attributes(
            ELEMENTS
                .iter()
                .filter(|(_, attributes)| !attributes.is_empty())
                .map(|(name, attributes)| (*name, attributes.iter().copied().collect()))
                .collect::<HashMap<&str, HashSet<&str>>>(),
        )
        .generic_attributes(EVERYWHERE.into_iter().collect())
        .clean_content_tags(REMOVED_WHOLE.into_iter().chain(["xmp"]).collect())
        .url_schemes(link::SCHEMES.into_iter().collect())
        .url_relative(UrlRelative::PassThrough)
        .link_rel(Some(LINK_REL))
        .strip_comments(true)
        .attribute_filter(|_, attribute, value| {
            // Beside ammonia's own check: ours reads an address as the most careless of readers would.
            (!is_address(attribute) || link::is_safe(value)).then_some(Cow::Borrowed(value))
        });
    builder
});

/// HTML as it is stored.
///
/// The list is applied until nothing changes, so that what is stored means the same to the next parser that reads it.
pub(crate) fn clean(text: &str) -> Result<String, Vec<Fault>> {
    check_size(text)?;
    let mut text = normalise(text);
    for _ in 0..ROUNDS_MAX {
        refuse_controls(&text)?;
        check_size(&text)?;
        budget::check(&text).map_err(|fault| vec![fault])?;
        let next = normalise(&sanitise(&text));
        if next == text {
            return Ok(text);
        }
        text = next;
    }
    Err(vec![entangled()])
}

fn sanitise(text: &str) -> String {
    let clean = SANITISER.clean(text).to_string();
    if !clean.contains("<pre") {
        return clean;
    }
    // A parser drops the line feed after `<pre>`, and the writer does not put it back: each reading would lose one.
    let mut written = String::with_capacity(clean.len() + 8);
    let mut rest = clean.as_str();
    while let Some(at) = rest.find("<pre") {
        let end = rest[at..].find('>').map_or(rest.len(), |end| at + end + 1);
        let (tag, after) = rest.split_at(end);
        written.push_str(tag);
        if after.starts_with('\n') {
            written.push('\n');
        }
        rest = after;
    }
    written.push_str(rest);
    written
}

pub(crate) fn check_size(text: &str) -> Result<(), Vec<Fault>> {
    if text.len() > MARKUP_BYTES_MAX {
        return Err(vec![Fault::new(
            "size",
            format!("at most {MARKUP_BYTES_MAX} bytes are allowed"),
        )]);
    }
    Ok(())
}

/// No form was found that every parser reads alike.
pub(crate) fn entangled() -> Fault {
    Fault::new(
        "markup",
        "the markup is too entangled to be made safe; nest its parts properly",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let found = clean(text).unwrap_or_else(|faults| panic!("{text}: {faults:?}"));
        assert_eq!(found, expected, "{text}");
        // At once: the parser reads its own writing as it was meant.
        assert_eq!(sanitise(&found), found, "{text}");
    }

    #[test]
    fn kept() {
        check("", "");
        check("plain", "plain");
        check("a < b & c > d", "a &lt; b &amp; c &gt; d");
        check("<p>a <b>b</b> <em>c</em><br>d</p>", "<p>a <b>b</b> <em>c</em><br>d</p>");
        check(
            "<h2 title=\"x\" lang=\"en\" dir=\"ltr\">y</h2>",
            "<h2 title=\"x\" lang=\"en\" dir=\"ltr\">y</h2>",
        );
        check("<ul><li>a</li><li>b</li></ul>", "<ul><li>a</li><li>b</li></ul>");
        check("<pre>a\n  b</pre>", "<pre>a\n  b</pre>");
        check(
            "<table><tbody><tr><td colspan=\"2\">a</td></tr></tbody></table>",
            "<table><tbody><tr><td colspan=\"2\">a</td></tr></tbody></table>",
        );
        check(
            "<details open=\"\"><summary>a</summary>b</details>",
            "<details open=\"\"><summary>a</summary>b</details>",
        );
        check("<img src=\"/a.png\" alt=\"a\">", "<img src=\"/a.png\" alt=\"a\">");
        check("caf\u{65}\u{301}\r\n", "café\n");
    }

    #[test]
    fn links() {
        let link = |address: &str| format!("<a href=\"{address}\" rel=\"noopener noreferrer\">x</a>");
        for address in [
            "https://x.test/",
            "http://x.test/",
            "mailto:a@x.test",
            "/a",
            "a/b:c",
            "#a",
            "?a=b&amp;c",
            "//x.test",
        ] {
            check(
                &format!("<a href=\"{address}\" rel=\"opener\" target=\"_blank\">x</a>"),
                &link(address),
            );
        }
        for address in [
            "javascript:x",
            "data:x",
            "tel:1",
            "ftp://x.test",
            "java\nscript:x",
            "&#106;avascript:x",
        ] {
            check(
                &format!("<a href=\"{address}\">x</a>"),
                "<a rel=\"noopener noreferrer\">x</a>",
            );
        }
        check("<img src=\"data:image/png;base64,x\" alt=\"y\">", "<img alt=\"y\">");
    }

    #[test]
    fn taken_out() {
        check("a<script>b</script>c", "ac");
        check("a<style>b</style>c", "ac");
        check("a<svg><g>b</g></svg>c", "ac");
        check("a<!-- b -->c", "ac");
        check("<blink>a</blink>", "a");
        check(
            "<p onclick=\"x\" style=\"x\" class=\"x\" id=\"x\" name=\"x\">a</p>",
            "<p>a</p>",
        );
        check("<b>a", "<b>a</b>");
        check("a</b>", "a");
        check("<form><input>a</form>", "a");
    }

    /// A parser drops the first line feed of a `pre`; so there is one more for it.
    #[test]
    fn lines_of_preformatted_text_are_not_lost() {
        check("<pre>\na</pre>", "<pre>a</pre>");
        check("<pre>\n\na</pre>", "<pre>\n\na</pre>");
        check("<pre title=\"x\">\n\n\n\na</pre>", "<pre title=\"x\">\n\n\n\na</pre>");
        check("<p title=\"<pre>\n\n\">a</p>", "<p title=\"&lt;pre&gt;\n\n\">a</p>");
        check("&lt;pre>\n\na", "&lt;pre&gt;\n\na");
    }

    #[test]
    fn refused() {
        for (text, rule) in [
            ("a\0", "nul"),
            ("a\u{7}", "control"),
            ("a&#7;", "control"),
            ("a&#x7F;", "control"),
            (&"<b>".repeat(1_000), "depth"),
            (&"x".repeat(MARKUP_BYTES_MAX + 1), "size"),
            // What is stored counts as well.
            (&"&".repeat(MARKUP_BYTES_MAX / 2), "size"),
        ] {
            assert_eq!(clean(text).unwrap_err()[0].rule, rule);
        }
        check("a&#13;b&#10;c", "a\nb\nc");
        assert!(clean(&"x".repeat(MARKUP_BYTES_MAX)).is_ok());
    }
}
