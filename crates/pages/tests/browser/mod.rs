//! What a browser makes of a page: its elements, attributes and texts, by the parser that browsers' standard describes.

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use std::cell::RefCell;

/// An element, with the text that follows its start directly.
#[derive(Debug, Default, Clone)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) text: String,
}

impl Element {
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|it| it.0 == name).map(|it| it.1.as_str())
    }
}

/// A page, read.
#[derive(Debug, Default)]
pub(crate) struct Document {
    /// In the order of their start tags.
    pub(crate) elements: Vec<Element>,
    /// Starts (`<p`) and ends (`</p`) in order, with the names of attributes.
    pub(crate) skeleton: Vec<String>,
    /// What the standard calls a parse error, and comments.
    pub(crate) faults: Vec<String>,
}

impl Document {
    pub(crate) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.elements.iter().filter(move |it| it.name == name)
    }

    /// Every value of every attribute.
    pub(crate) fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        self.elements.iter().flat_map(|it| {
            it.attributes
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
        })
    }
}

#[derive(Default)]
struct Reader(RefCell<Document>);

impl TokenSink for Reader {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut document = self.0.borrow_mut();
        match token {
            Token::TagToken(tag) => return read_tag(&mut document, &tag),
            Token::CharacterTokens(text) => {
                if let Some(element) = document.elements.last_mut() {
                    element.text.push_str(&text);
                }
            }
            Token::CommentToken(text) => document.faults.push(format!("comment {text}")),
            Token::ParseError(error) => document.faults.push(error.into_owned()),
            Token::NullCharacterToken | Token::DoctypeToken(_) | Token::EOFToken => {}
        }
        TokenSinkResult::Continue
    }
}

fn read_tag(document: &mut Document, tag: &Tag) -> TokenSinkResult<()> {
    let name = tag.name.to_string();
    if tag.kind == TagKind::EndTag {
        document.skeleton.push(format!("</{name}"));
        return TokenSinkResult::Continue;
    }
    let attributes: Vec<(String, String)> = tag
        .attrs
        .iter()
        .map(|it| (it.name.local.to_string(), it.value.to_string()))
        .collect();
    let names: Vec<&str> = attributes.iter().map(|it| it.0.as_str()).collect();
    document.skeleton.push(format!("<{name} {}", names.join(" ")));
    let result = match name.as_str() {
        "style" => TokenSinkResult::RawData(RawKind::Rawtext),
        "title" => TokenSinkResult::RawData(RawKind::Rcdata),
        "script" => TokenSinkResult::RawData(RawKind::ScriptData),
        _ => TokenSinkResult::Continue,
    };
    document.elements.push(Element {
        name,
        attributes,
        text: String::new(),
    });
    result
}

pub(crate) fn read(html: &str) -> Document {
    let tokenizer = Tokenizer::new(
        Reader::default(),
        TokenizerOpts {
            exact_errors: true,
            ..TokenizerOpts::default()
        },
    );
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    while let html5ever::TokenizerResult::Script(()) = tokenizer.feed(&input) {}
    tokenizer.end();
    tokenizer.sink.0.into_inner()
}
