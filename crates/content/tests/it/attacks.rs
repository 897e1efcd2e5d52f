//! Every line of `tests/xss`, alone and in other surroundings, as HTML and as Markdown.

use crate::page::{faults, faults_of_markdown, runs};
use crate::support::{RENDERERS, clean_text};
use freehold_schema::catalog::TextKind;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use std::path::Path;

/// Where an attack is put. `{}` stands for it.
const SURROUNDINGS: &[&str] = &[
    "{}",
    "a {} b",
    "a\n{}\nb",
    "a\n\n{}\n\nb",
    "{}{}",
    "> {}",
    "- {}",
    "1. a\n   {}",
    "# {}",
    "**{}**",
    "~~{}~~",
    "| a | b |\n|---|---|\n| {} | c |",
    "[{}](https://ok.test)",
    "![{}](https://ok.test)",
    "[x]({})",
    "[x](<{}>)",
    "![x]({} \"t\")",
    "[x]: {}\n\n[x]",
    "> [x]:\n> {}\n\n![x]",
    "[^x]: {}\n\n[^x]",
    "<{}>",
    "[[{}]]",
    "[[{}|x]]",
    "<p>{}</p>",
    "<div>\n{}\n</div>",
    "<div>\n\n{}\n\n</div>",
    "<p title=\"{}\">x</p>",
    "<p title='{}'>x</p>",
    "<p title={}>x</p>",
    "<a href=\"{}\">x</a>",
    "<img src={}>",
    "<{}",
    "<!-- {} -->",
    "<pre>{}</pre>",
    "<b>{}",
    "<table><tr><td>{}</table>",
    "<svg>{}</svg>",
    "<math><mtext>{}</mtext></math>",
    "<style>{}</style>",
    "<noscript>{}</noscript>",
    "<template>{}</template>",
    "`{}",
    "\\{}",
    "$`$ {} `",
    "---\n{}\n---\n",
    "a\n: {}",
];

fn attacks(file: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/xss").join(file);
    let text = std::fs::read_to_string(path).expect("a file of attacks");
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with("# "))
        .map(|line| {
            let control = |letter: char| match letter {
                '\u{2400}'..='\u{241F}' => char::from_u32(u32::from(letter) - 0x2400).expect("a control character"),
                _ => letter,
            };
            line.chars().map(control).collect()
        })
        .collect()
}

fn surrounded(attack: &str) -> impl Iterator<Item = String> {
    SURROUNDINGS.iter().flat_map(move |surrounding| {
        let plain = surrounding.replace("{}", attack);
        // Attacks of several lines, each of them in the container.
        let prefix = surrounding.split("{}").next().unwrap_or_default();
        let quoted = surrounding.replace("{}", &attack.replace('\n', &format!("\n{prefix}")));
        if quoted == plain {
            vec![plain]
        } else {
            vec![plain, quoted]
        }
    })
}

fn check(file: &str) {
    let attacks = attacks(file);
    assert!(attacks.len() > 50, "{file} was read");
    for attack in &attacks {
        for text in surrounded(attack) {
            check_html(&text);
            check_markdown(&text);
        }
    }
}

fn has_controls(text: &str) -> bool {
    text.contains(|letter: char| letter.is_control() && !matches!(letter, '\n' | '\t'))
}

fn check_html(text: &str) {
    match clean_text(TextKind::Html, text) {
        Ok(stored) => {
            assert!(!has_controls(text), "{text:?}");
            assert_eq!(faults(&stored), Vec::<String>::new(), "{text:?} gave {stored:?}");
            assert_eq!(clean_text(TextKind::Html, &stored).as_ref(), Ok(&stored), "{text:?}");
        }
        // A character reference may stand for a control character.
        Err(faults) => assert!(
            faults.iter().all(|fault| matches!(fault.rule, "control" | "nul"))
                && (has_controls(text) || text.contains("&#")),
            "{text:?}: {faults:?}"
        ),
    }
}

fn check_markdown(text: &str) {
    match clean_text(TextKind::Markdown, text) {
        Ok(stored) => {
            assert!(!has_controls(text), "{text:?}");
            for dialect in RENDERERS {
                let faults = faults_of_markdown(&stored, dialect);
                assert_eq!(faults, Vec::<String>::new(), "{text:?} gave {stored:?}");
                let careless = without_code(&stored, dialect);
                assert_eq!(
                    runs(&careless),
                    Vec::<String>::new(),
                    "{text:?} gave {stored:?}, carelessly"
                );
            }
            assert_eq!(
                clean_text(TextKind::Markdown, &stored).as_ref(),
                Ok(&stored),
                "{text:?}"
            );
        }
        Err(faults) => assert!(
            faults.iter().all(|fault| matches!(fault.rule, "control" | "nul")) && has_controls(text),
            "{text:?}: {faults:?}"
        ),
    }
}

/// What a renderer makes of the source that passes on everything that is not code: no escapes, no text that only looks like a tag.
fn without_code(text: &str, dialect: Options) -> String {
    let mut kept = String::new();
    let (mut at, mut in_code) = (0, false);
    for (event, range) in Parser::new_ext(text, dialect).into_offset_iter() {
        let is_autolink = matches!(
            event,
            Event::Start(Tag::Link {
                link_type: pulldown_cmark::LinkType::Autolink | pulldown_cmark::LinkType::Email,
                ..
            })
        );
        match event {
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(TagEnd::CodeBlock) => in_code = false,
            _ => {}
        }
        let is_code = matches!(event, Event::Code(_)) || (in_code && matches!(event, Event::Text(_)));
        if (is_code || is_autolink) && range.start >= at {
            kept.push_str(&text[at..range.start]);
            at = range.end;
        }
    }
    kept.push_str(&text[at..]);
    // It writes paragraphs, though.
    let paragraphs = kept
        .split('\n')
        .map(|line| if line.trim().is_empty() { "<p>" } else { line });
    paragraphs.collect::<Vec<_>>().join("\n")
}

#[test]
fn elements() {
    check("elements.txt");
}

#[test]
fn mutation() {
    check("mutation.txt");
}

#[test]
fn addresses() {
    check("addresses.txt");
}

#[test]
fn markdown() {
    check("markdown.txt");
}
