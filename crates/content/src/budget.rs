//! What a text costs to parse as HTML, found by a dry run that stops early.
//!
//! The parser's own rules can make much of little: each unclosed `<b>` is opened again in each new paragraph, so a text of n
//! bytes may become n² elements. The same parser is therefore first run into a sink that only counts.

use crate::fault::Fault;
use crate::markup::{MARKUP_DEPTH_MAX, MARKUP_ELEMENTS_MAX};
use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::{Attribute, ExpandedName, ParseOpts, QualName, local_name, ns};
use std::borrow::Cow;
use std::cell::Cell;
use std::rc::Rc;

/// Bytes between two looks at the counters: so few that what they may still grow is small.
const STEP_BYTES: usize = 64;

/// Bytes of one tag. Its attributes are compared with each other before the tag is counted.
const TAG_BYTES_MAX: usize = 16 << 10;

/// Refuses what has too many elements or nests too deep.
pub(crate) fn check(text: &str) -> Result<(), Fault> {
    check_tags(text)?;
    let counts = Rc::new(Counts::default());
    let sink = Counter {
        counts: Rc::clone(&counts),
    };
    // As ammonia parses: inside a `div`, without scripts.
    let context = QualName::new(None, ns!(html), local_name!("div"));
    let mut parser = html5ever::parse_fragment(sink, ParseOpts::default(), context, Vec::new(), false);
    let mut rest = text;
    while !rest.is_empty() {
        let (step, after) = rest.split_at(rest.floor_char_boundary(STEP_BYTES).max(1));
        parser.process(StrTendril::from_slice(step));
        rest = after;
        counts.check()?;
    }
    parser.finish();
    counts.check()
}

/// Refuses endless tags. Quotes are not understood: a `>` in a value only makes the tag look shorter than it is, and what is
/// compared are names.
fn check_tags(text: &str) -> Result<(), Fault> {
    let mut opened = None;
    let mut before = b' ';
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if opened.is_none() && before == b'<' && (byte.is_ascii_alphabetic() || byte == b'/') => {
                opened = Some(at);
            }
            b'>' => opened = None,
            _ => {}
        }
        if opened.is_some_and(|opened| at - opened > TAG_BYTES_MAX) {
            return Err(Fault::new(
                "size",
                format!("a tag of HTML may have at most {TAG_BYTES_MAX} bytes"),
            ));
        }
        before = byte;
    }
    Ok(())
}

#[derive(Default)]
struct Counts {
    elements: Cell<usize>,
    depth: Cell<usize>,
}

impl Counts {
    fn check(&self) -> Result<(), Fault> {
        if self.elements.get() > MARKUP_ELEMENTS_MAX {
            return Err(Fault::new(
                "size",
                format!("HTML may have at most {MARKUP_ELEMENTS_MAX} elements"),
            ));
        }
        if self.depth.get() > MARKUP_DEPTH_MAX {
            return Err(Fault::new(
                "depth",
                format!("HTML may nest at most {MARKUP_DEPTH_MAX} deep"),
            ));
        }
        Ok(())
    }
}

struct Counter {
    counts: Rc<Counts>,
}

/// A node without content.
#[derive(Clone)]
struct Node(Rc<NodeData>);

struct NodeData {
    name: QualName,
    depth: Cell<usize>,
    annotation: bool,
}

impl Counter {
    fn node(name: QualName, annotation: bool) -> Node {
        Node(Rc::new(NodeData {
            name,
            depth: Cell::new(0),
            annotation,
        }))
    }

    fn nameless() -> Node {
        Self::node(QualName::new(None, ns!(), local_name!("")), false)
    }

    fn place(&self, parent: &Node, child: &NodeOrText<Node>) {
        if let NodeOrText::AppendNode(child) = child {
            let depth = parent.0.depth.get() + 1;
            child.0.depth.set(depth);
            self.counts.depth.set(self.counts.depth.get().max(depth));
        }
    }
}

impl TreeSink for Counter {
    type Handle = Node;
    type Output = ();
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) {}
    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Node {
        Self::nameless()
    }

    fn elem_name<'a>(&'a self, target: &'a Node) -> ExpandedName<'a> {
        target.0.name.expanded()
    }

    fn create_element(&self, name: QualName, _: Vec<Attribute>, flags: ElementFlags) -> Node {
        self.counts.elements.set(self.counts.elements.get() + 1);
        Self::node(name, flags.mathml_annotation_xml_integration_point)
    }

    fn create_comment(&self, _: StrTendril) -> Node {
        Self::nameless()
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> Node {
        Self::nameless()
    }

    fn append(&self, parent: &Node, child: NodeOrText<Node>) {
        self.place(parent, &child);
    }

    fn append_based_on_parent_node(&self, _: &Node, before: &Node, child: NodeOrText<Node>) {
        self.place(before, &child);
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    fn get_template_contents(&self, target: &Node) -> Node {
        target.clone()
    }

    fn same_node(&self, left: &Node, right: &Node) -> bool {
        Rc::ptr_eq(&left.0, &right.0)
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &Node, child: NodeOrText<Node>) {
        self.place(sibling, &child);
    }

    fn add_attrs_if_missing(&self, _: &Node, _: Vec<Attribute>) {}
    fn remove_from_parent(&self, _: &Node) {}
    fn reparent_children(&self, _: &Node, _: &Node) {}

    fn is_mathml_annotation_xml_integration_point(&self, target: &Node) -> bool {
        target.0.annotation
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_text(text: &str, expected: Result<(), &str>) {
        let start: String = text.chars().take(40).collect();
        assert_eq!(check(text).map_err(|fault| fault.rule), expected, "{start}");
    }

    #[test]
    fn bounds() {
        let nested = |depth: usize| format!("{}x{}", "<div>".repeat(depth), "</div>".repeat(depth));
        // The root of the parser counts as the first.
        check_text(&nested(MARKUP_DEPTH_MAX - 1), Ok(()));
        check_text(&nested(MARKUP_DEPTH_MAX), Err("depth"));
        // Two of them are the parser's own.
        check_text(&"<br>".repeat(MARKUP_ELEMENTS_MAX - 2), Ok(()));
        check_text(&"<br>".repeat(MARKUP_ELEMENTS_MAX - 1), Err("size"));
        check_text(&format!("<b {}>", "x".repeat(TAG_BYTES_MAX - 2)), Ok(()));
        check_text(&format!("<b {}>", "x".repeat(TAG_BYTES_MAX)), Err("size"));
        check_text(&format!("a < b {}", "x".repeat(2 * TAG_BYTES_MAX)), Ok(()));
        check_text("é".repeat(1_000).as_str(), Ok(()));
    }

    /// A little that a parser makes much of.
    #[test]
    fn growth() {
        let differing = (0..50).fold(String::new(), |text, number| format!("{text}<b title={number}>"));
        check_text(&format!("<p>{differing}{}", "</p><p>x".repeat(1_000)), Err("size"));
        check_text(&format!("<p>{differing}{}", "</p><p>x".repeat(100)), Ok(()));
        check_text(&"<a href=x>".repeat(20_000), Err("size"));
        check_text(&"<p><b title=1>x</p>".repeat(20), Ok(()));
        check_text(&"<table><b>".repeat(20_000), Err("size"));
        check_text(&"<svg><desc>".repeat(10_000), Err("depth"));
        check_text(&"<template>".repeat(10_000), Err("depth"));
    }
}
