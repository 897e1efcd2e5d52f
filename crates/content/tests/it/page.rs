//! What a browser would find in a text: every element that the parser makes of it, with its attributes.

use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::{Attribute, ExpandedName, LocalName, ParseOpts, QualName, local_name, ns};
use pulldown_cmark::{Options, Parser, html};
use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

/// Elements that may be in a page made of Markdown or HTML. Those of the last line are the renderer's own.
const HARMLESS: &[&str] = &[
    "a",
    "abbr",
    "b",
    "bdi",
    "bdo",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "u",
    "ul",
    "var",
    "wbr", //
    "input",
    "section",
];

/// Attributes likewise.
const HARMLESS_ATTRIBUTES: &[&str] = &[
    "align", "alt", "colspan", "datetime", "dir", "height", "href", "lang", "open", "rel", "reversed", "rowspan",
    "scope", "span", "src", "start", "title", "value", "width", //
    "class", "id", "disabled", "type", "checked",
];

/// Elements that run, frame, embed or post.
const DANGEROUS: &[&str] = &[
    "script",
    "style",
    "iframe",
    "frame",
    "object",
    "embed",
    "applet",
    "form",
    "button",
    "input",
    "select",
    "textarea",
    "base",
    "meta",
    "link",
    "template",
    "noscript",
    "title",
    "xmp",
    "plaintext",
    "noembed",
    "noframes",
];

/// Everything wrong with a text that is shown as HTML. Empty: nothing in it runs, frames, posts or dresses.
pub(crate) fn faults(text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for context in [
        local_name!("div"),
        local_name!("body"),
        local_name!("td"),
        local_name!("p"),
    ] {
        judge_all(text, &context, &mut faults);
    }
    faults
}

/// The same of a text that a renderer of Markdown has made into HTML.
pub(crate) fn faults_of_markdown(text: &str, dialect: Options) -> Vec<String> {
    let mut page = String::new();
    html::push_html(&mut page, Parser::new_ext(text, dialect));
    let mut faults = Vec::new();
    judge_all(&page, &local_name!("div"), &mut faults);
    faults
}

fn judge_all(text: &str, context: &LocalName, faults: &mut Vec<String>) {
    for scripting in [false, true] {
        for (name, attributes) in elements(text, context.clone(), scripting) {
            judge(&name, &attributes, faults);
        }
    }
}

/// Everything that runs in a text that is shown as HTML: less than [`faults`], for texts in which any word may look like a tag.
pub(crate) fn runs(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (name, attributes) in elements(text, local_name!("div"), true) {
        let element = &*name.local;
        if name.ns != ns!(html) || DANGEROUS.contains(&element) {
            found.push(format!("element `{element}`"));
        }
        for attribute in &attributes {
            let key = &*attribute.name.local;
            let address = matches!(key, "href" | "src" | "action" | "data") && !leads_to_the_web(&attribute.value);
            let runs = key.starts_with("on") || matches!(key, "style" | "srcdoc" | "formaction");
            if (runs && !attribute.value.is_empty()) || address {
                found.push(format!("attribute `{key}` of `{element}`"));
            }
        }
    }
    found
}

fn judge(name: &QualName, attributes: &[Attribute], faults: &mut Vec<String>) {
    if name.ns != ns!(html) || !HARMLESS.contains(&&*name.local) {
        faults.push(format!("element `{}`", name.local));
    }
    for attribute in attributes {
        let key = &*attribute.name.local;
        let value = &*attribute.value;
        let aligned = key == "style" && value.starts_with("text-align: ") && value.len() < 20;
        // A renderer writes the rest of a heading's braces as they come: names without harm.
        let heading =
            matches!(&*name.local, "h1" | "h2" | "h3" | "h4" | "h5" | "h6") && !key.starts_with("on") && key != "style";
        if !HARMLESS_ATTRIBUTES.contains(&key) && !aligned && !heading {
            faults.push(format!("attribute `{key}` of `{}`", name.local));
        }
        if matches!(key, "href" | "src") && !leads_to_the_web(value) {
            faults.push(format!("address `{value}`"));
        }
    }
}

/// By the parser of URLs that browsers agree on, not by ours. Schemes that nobody knows do nothing.
fn leads_to_the_web(address: &str) -> bool {
    let Ok(base) = url::Url::parse("https://site.test/page") else {
        return false;
    };
    match base.join(address) {
        Ok(url) => !matches!(
            url.scheme(),
            "javascript"
                | "data"
                | "vbscript"
                | "file"
                | "blob"
                | "filesystem"
                | "about"
                | "jar"
                | "livescript"
                | "mocha"
                | "view-source"
        ),
        Err(_) => true,
    }
}

fn elements(text: &str, context: LocalName, scripting: bool) -> Vec<Element> {
    let found = Rc::new(RefCell::new(Vec::new()));
    let sink = Page {
        found: Rc::clone(&found),
    };
    let options = ParseOpts {
        tree_builder: html5ever::tree_builder::TreeBuilderOpts {
            scripting_enabled: scripting,
            ..Default::default()
        },
        ..ParseOpts::default()
    };
    let context = QualName::new(None, ns!(html), context);
    html5ever::parse_fragment(sink, options, context, Vec::new(), scripting).one(StrTendril::from_slice(text));
    let mut found = found.take();
    // The root and the context are the parser's.
    found.drain(..found.len().min(2));
    found
}

type Element = (QualName, Vec<Attribute>);

struct Page {
    found: Rc<RefCell<Vec<Element>>>,
}

type Node = Rc<(QualName, bool)>;

fn nameless() -> Node {
    Rc::new((QualName::new(None, ns!(), local_name!("")), false))
}

impl TreeSink for Page {
    type Handle = Node;
    type Output = ();
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) {}
    fn parse_error(&self, _: Cow<'static, str>) {}
    fn get_document(&self) -> Node {
        nameless()
    }
    fn elem_name<'a>(&'a self, target: &'a Node) -> ExpandedName<'a> {
        target.0.expanded()
    }
    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, flags: ElementFlags) -> Node {
        self.found.borrow_mut().push((name.clone(), attributes));
        Rc::new((name, flags.mathml_annotation_xml_integration_point))
    }
    fn create_comment(&self, _: StrTendril) -> Node {
        nameless()
    }
    fn create_pi(&self, _: StrTendril, _: StrTendril) -> Node {
        nameless()
    }
    fn append(&self, _: &Node, _: NodeOrText<Node>) {}
    fn append_based_on_parent_node(&self, _: &Node, _: &Node, _: NodeOrText<Node>) {}
    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}
    fn get_template_contents(&self, target: &Node) -> Node {
        Rc::clone(target)
    }
    fn same_node(&self, left: &Node, right: &Node) -> bool {
        Rc::ptr_eq(left, right)
    }
    fn set_quirks_mode(&self, _: QuirksMode) {}
    fn append_before_sibling(&self, _: &Node, _: NodeOrText<Node>) {}
    fn add_attrs_if_missing(&self, _: &Node, attributes: Vec<Attribute>) {
        let name = QualName::new(None, ns!(html), local_name!("div"));
        self.found.borrow_mut().push((name, attributes));
    }
    fn remove_from_parent(&self, _: &Node) {}
    fn reparent_children(&self, _: &Node, _: &Node) {}
    fn is_mathml_annotation_xml_integration_point(&self, target: &Node) -> bool {
        target.1
    }
}

/// The page itself has to be able to fail.
#[test]
fn sees_what_runs() {
    for text in [
        "<script>x</script>",
        "<b onclick=x>",
        "<svg><b>",
        "<p style=x>",
        "<a href=javascript:x>",
        "<a href=\"java\nscript:x\">",
        "<img src=data:x>",
        "<noscript><img onerror=x></noscript>",
        "<template><b onclick=x>",
    ] {
        assert!(!faults(text).is_empty(), "{text}");
    }
    assert_eq!(
        faults("<p title=x>a <b>b</b> <a href='/x' rel=y>c</a></p>"),
        Vec::<String>::new()
    );
}
