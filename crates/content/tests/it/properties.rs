//! Texts made of the pieces that attacks are made of.

use crate::page::{faults, faults_of_markdown};
use crate::support::{RENDERERS, clean_text, field};
use freehold_base::Value;
use freehold_content::clean;
use freehold_schema::catalog::{FieldDef, TextKind};
use proptest::prelude::*;
use pulldown_cmark::Options;
use std::sync::LazyLock;

const PIECES: &[&str] = &[
    "a",
    "b",
    " ",
    "  ",
    "    ",
    "\t",
    "\n",
    "\n\n",
    "\r\n",
    "=",
    "!",
    "#",
    "\n# ",
    "&",
    ";",
    ":",
    "/",
    "\\",
    "\"",
    "'",
    "`",
    "``",
    "```\n",
    "~~~\n",
    "> ",
    "\n> ",
    "- ",
    "\n- ",
    "1. ",
    "---\n",
    "+++\n",
    "===\n",
    ": ",
    "*",
    "**",
    "_",
    "~",
    "~~",
    "^",
    "$",
    "$$",
    "|",
    "\n|---|---|\n",
    "[",
    "]",
    "(",
    ")",
    "](",
    "]: ",
    "![",
    "[[",
    "]]",
    "[^1]: ",
    "{",
    "}",
    "{onclick=x}",
    "<",
    ">",
    "</",
    "/>",
    "<!--",
    "-->",
    "--!>",
    "<![CDATA[",
    "]]>",
    "<?x",
    "<!x",
    "javascript:x",
    "data:x",
    "&#106;",
    "&#x6A;avascript:x",
    "&colon;",
    "&lt;",
    "&gt;",
    "&quot;",
    "&amp;",
    "&#13;",
    "&#10;",
    "&#x338;",
    "\u{338}",
    "\u{301}",
    "<script>",
    "</script>",
    "<style>",
    "</style>",
    "<b>",
    "</b>",
    "<b ",
    "<i>",
    "</i>",
    "<a href=",
    "<a href=\"",
    "</a>",
    "<img src=x onerror=",
    "<img src=",
    "title=\"",
    "title='",
    " onclick=x ",
    " style=x ",
    "<p>",
    "</p>",
    "<div>",
    "</div>",
    "<div>\n",
    "\n</div>\n",
    "<pre>",
    "</pre>",
    "<table>",
    "</table>",
    "<tr>",
    "<td>",
    "</td>",
    "<li>",
    "<ul>",
    "</ul>",
    "<br>",
    "</br>",
    "<hr>",
    "<details open>",
    "<summary>",
    "<h1>",
    "</h1>",
    "<svg>",
    "</svg>",
    "<math>",
    "</math>",
    "<mtext>",
    "<mglyph>",
    "<annotation-xml encoding=text/html>",
    "<foreignObject>",
    "<desc>",
    "<noscript>",
    "</noscript>",
    "<template>",
    "</template>",
    "<textarea>",
    "</textarea>",
    "<title>",
    "</title>",
    "<select>",
    "<option>",
    "<form>",
    "</form>",
    "<iframe>",
    "</iframe>",
    "<plaintext>",
    "<xmp>",
    "</xmp>",
    "<button>",
    "<object>",
    "</object>",
    "<nobr>",
    "<font>",
    "<caption>",
    "<col>",
    "<ruby>",
    "<rt>",
    "<image src=x>",
    "<custom-x>",
];

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::collection::vec(prop::sample::select(PIECES), 0..30).prop_map(|pieces| pieces.concat()),
        1 => "[ -~\n]{0,60}",
        1 => any::<String>().prop_map(|text| text.chars().filter(|letter| !letter.is_control()).collect::<String>()),
    ]
}

static JSON: LazyLock<FieldDef> = LazyLock::new(|| field("type: json"));

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases.max(1_000)))]

    #[test]
    fn html(text in texts()) {
        let stored = clean_text(TextKind::Html, &text);
        if let Ok(stored) = &stored {
            prop_assert_eq!(&clean_text(TextKind::Html, stored), &Ok(stored.clone()));
            prop_assert_eq!(faults(stored), Vec::<String>::new(), "{}", stored);
        } else {
            prop_assert!(stored.unwrap_err().iter().any(|fault| fault.rule == "control"));
        }
    }

    #[test]
    fn markdown(text in texts()) {
        let stored = clean_text(TextKind::Markdown, &text);
        prop_assert!(stored.is_ok(), "{:?}", stored);
        let stored = stored.unwrap();
        prop_assert_eq!(&clean_text(TextKind::Markdown, &stored), &Ok(stored.clone()));
        // With each extension alone, too: what they make of a text together may differ.
        for dialect in RENDERERS.into_iter().chain(Options::all().iter()) {
            prop_assert_eq!(faults_of_markdown(&stored, dialect), Vec::<String>::new(), "{}", stored);
        }
    }

    /// Numbers, too, are what they were.
    #[test]
    fn json(whole in any::<i64>(), double in doubles(), text in any::<String>()) {
        let text = serde_json::Value::from(text.replace('\0', ""));
        let written = format!("{{\"a\": [{whole}, {double:e}, {double}], \"b\": {text}}}");
        let stored = clean(&JSON, Value::Json(written)).expect("it is JSON");
        let Value::Json(found) = &stored else { panic!("JSON") };
        let found: serde_json::Value = serde_json::from_str(found).expect("it is JSON");
        prop_assert_eq!(found["a"][0].as_i64(), Some(whole));
        prop_assert_eq!(found["a"][1].as_f64(), Some(double));
        prop_assert_eq!(found["a"][2].as_f64(), Some(double));
        prop_assert_eq!(&found["b"], &text);
        prop_assert_eq!(clean(&JSON, stored.clone()), Ok(stored));
    }

    /// The words of the text survive in Markdown: what is not allowed is shown, not lost.
    #[test]
    fn plain_text_is_left_alone(text in "[a-z0-9 .,;:!?()\n&\"'*_`#>+-]{0,80}") {
        prop_assert_eq!(clean_text(TextKind::Markdown, &text), Ok(text));
    }
}

/// Doubles whose digits JSON can hold.
fn doubles() -> impl Strategy<Value = f64> {
    any::<f64>().prop_map(|double| {
        let (fraction, exponent) = (double % 10.0, (double.to_bits() % 180) as i32 - 90);
        if fraction.is_finite() && fraction.abs() > 1e-9 {
            fraction * 10_f64.powi(exponent)
        } else {
            0.0
        }
    })
}

/// JSON that a database would write out far longer than it was given.
#[test]
fn extreme_numbers_in_json() {
    for number in ["1e101", "-1e308", "1e-101"] {
        let refused = clean(&JSON, Value::Json(format!("[{number}]")));
        assert_eq!(refused.map_err(|faults| faults[0].rule), Err("range"), "{number}");
    }
    for number in ["0", "-0.0", "1e99", "1e-99", "9223372036854775807"] {
        assert!(clean(&JSON, Value::Json(format!("[{number}]"))).is_ok(), "{number}");
    }
}

/// A page with a little of everything that people write is stored byte for byte.
#[test]
fn a_handbook_is_left_alone() {
    let text = include_str!("../ordinary/handbook.md");
    let stored = clean_text(TextKind::Markdown, text).expect("it passes");
    for (stored, written) in stored.lines().zip(text.lines()) {
        assert_eq!(stored, written);
    }
    assert_eq!(stored, text);
}
