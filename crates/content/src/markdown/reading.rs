//! One reading of a text: where it has code and raw HTML, and what must change.

use super::edit::Edit;
use super::raw::{Judge, Stretch};
use crate::link;
use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd};
use std::ops::Range;

/// What one dialect makes of a text.
pub(super) struct Reading {
    /// What must change.
    pub(super) edits: Vec<Edit>,
    /// Where code is, without the fences of blocks.
    pub(super) code: Vec<Range<usize>>,
    /// Where raw HTML and addresses in `<>` are.
    pub(super) tags: Vec<Range<usize>>,
}

/// A link or an image whose end is still to come.
struct Link {
    address: Address,
    /// First byte after what is known to be its text.
    text_end: usize,
}

enum Address {
    Sound,
    /// In `](…)`
    Inline,
    /// The link itself, in `<>`
    Angled,
    /// In `[[…]]`
    Wiki,
}

/// Reads a text.
pub(super) fn read(text: &str, dialect: Options) -> Reading {
    let mut reading = Reading {
        edits: Vec::new(),
        code: Vec::new(),
        tags: Vec::new(),
    };
    let mut judge = Judge::new();
    let mut block: Option<Stretch> = None;
    let mut links: Vec<Link> = Vec::new();
    let mut in_code = false;
    let mut events = Parser::new_ext(text, dialect).into_offset_iter();
    for (event, range) in events.by_ref() {
        let ends_link = matches!(event, Event::End(TagEnd::Link | TagEnd::Image));
        if let (Some(link), false) = (links.last_mut(), ends_link) {
            link.text_end = link.text_end.max(range.end);
        }
        match event {
            Event::Start(tag) => {
                if is_block(&tag) {
                    judge.enter();
                }
                match tag {
                    Tag::CodeBlock(_) => in_code = true,
                    Tag::HtmlBlock => block = Some(Stretch::default()),
                    Tag::Link {
                        link_type, dest_url, ..
                    } => {
                        if matches!(link_type, LinkType::Autolink | LinkType::Email) {
                            reading.tags.push(range.clone());
                        }
                        links.push(Link {
                            address: address(link_type, &dest_url),
                            text_end: range.start + 1,
                        });
                    }
                    Tag::Image {
                        link_type, dest_url, ..
                    } => links.push(Link {
                        address: address(link_type, &dest_url),
                        text_end: range.start + 2,
                    }),
                    _ => {}
                }
            }
            Event::End(tag) => {
                match tag {
                    TagEnd::CodeBlock => in_code = false,
                    TagEnd::HtmlBlock => {
                        if let Some(stretch) = block.take() {
                            judge.judge(&stretch);
                        }
                    }
                    TagEnd::Link | TagEnd::Image => {
                        if let Some(link) = links.pop() {
                            reading.edits.extend(link.mend(text, &range));
                        }
                        if let Some(outer) = links.last_mut() {
                            outer.text_end = outer.text_end.max(range.end);
                        }
                    }
                    _ => {}
                }
                if is_block_end(tag) {
                    judge.leave();
                }
            }
            Event::Text(_) if in_code => reading.code.push(range),
            Event::Code(_) => reading.code.push(range),
            Event::Html(line) => {
                if let Some(block) = &mut block {
                    block.push(&line, range.start);
                }
                reading.tags.push(range);
            }
            Event::InlineHtml(tag) => {
                judge.judge(&Stretch::inline(&tag, text, range.clone()));
                reading.tags.push(range);
            }
            _ => {}
        }
    }
    for (_, definition) in events.reference_definitions().iter() {
        if !link::is_safe(&definition.dest) {
            reading.edits.push(mend_definition(text, &definition.span));
        }
    }
    reading.edits.extend(judge.finish());
    reading
}

/// Whether tags inside it have to have their partners inside it. An image's text is shown as plain text.
fn is_block(tag: &Tag<'_>) -> bool {
    is_block_end(tag.to_end())
}

fn is_block_end(tag: TagEnd) -> bool {
    !matches!(
        tag,
        TagEnd::HtmlBlock
            | TagEnd::Emphasis
            | TagEnd::Strong
            | TagEnd::Strikethrough
            | TagEnd::Superscript
            | TagEnd::Subscript
            | TagEnd::Link
    )
}

fn address(link_type: LinkType, address: &str) -> Address {
    match link_type {
        LinkType::Inline if !link::is_safe(address) => Address::Inline,
        LinkType::Autolink if !link::is_safe(address) => Address::Angled,
        // A page's name may well have a colon.
        LinkType::WikiLink { .. } if link::is_dangerous(address) => Address::Wiki,
        LinkType::Inline
        | LinkType::Autolink
        | LinkType::Email
        | LinkType::WikiLink { .. }
        // Those are mended where they are defined.
        | LinkType::Reference
        | LinkType::ReferenceUnknown
        | LinkType::Collapsed
        | LinkType::CollapsedUnknown
        | LinkType::Shortcut
        | LinkType::ShortcutUnknown => Address::Sound,
    }
}

impl Link {
    /// A `#` before an address makes it a place on the page, for every reader; and the author still sees what was written.
    fn mend(&self, text: &str, range: &Range<usize>) -> Option<Edit> {
        let bracket = range.start + text[range.start..range.end].find('[').unwrap_or(0);
        match self.address {
            Address::Sound => None,
            Address::Angled => Some(Edit::escape(range.start)),
            Address::Wiki => Some(Edit::insert(skip_to_address(text, bracket + 2), "#")),
            Address::Inline => {
                let rest = text.get(self.text_end..range.end);
                Some(match rest.and_then(|rest| rest.find("](")) {
                    Some(at) => Edit::insert(skip_to_address(text, self.text_end + at + 2), "#"),
                    None => Edit::insert(bracket, "\\"),
                })
            }
        }
    }
}

fn mend_definition(text: &str, span: &Range<usize>) -> Edit {
    let definition = &text[span.start..span.end];
    let mut escaped = false;
    for (at, letter) in definition.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ']' if definition[at..].starts_with("]:") => {
                return Edit::insert(skip_to_address(text, span.start + at + 2), "#");
            }
            _ => {}
        }
    }
    Edit::insert(span.start, "\\")
}

/// The first byte of an address: after spaces, one line's end with the marks of quotes, and a `<`.
pub(super) fn skip_to_address(text: &str, from: usize) -> usize {
    let rest = text[from..].trim_start_matches([' ', '\t', '\n', '>']);
    let rest = rest.strip_prefix('<').unwrap_or(rest);
    text.len() - rest.len()
}
