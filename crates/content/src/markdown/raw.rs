//! Raw HTML: each tag judged by the list, and a partner demanded.
//!
//! Tags have to be nested properly inside their block. One that is left open would draw what comes after the text into a link or
//! a folded part; one too many would close an element of the page around.

use super::edit::Edit;
use super::tag::{Markup, is_void, may_stay_open, read};
use std::collections::HashMap;
use std::ops::Range;

/// A stretch of raw HTML as it will be shown: without the marks of quotes and lists that its lines have in the source.
#[derive(Default)]
pub(super) struct Stretch {
    text: String,
    /// Where each part begins, here and in the source.
    parts: Vec<(usize, usize)>,
    /// The source of all, where its parts cannot be told apart.
    whole: Option<Range<usize>>,
}

impl Stretch {
    /// One tag in a line of text.
    pub(super) fn inline(text: &str, source: &str, range: Range<usize>) -> Self {
        let whole = (source.get(range.clone()) != Some(text)).then(|| range.clone());
        Self {
            text: text.to_owned(),
            parts: vec![(0, range.start)],
            whole,
        }
    }

    /// Adds a line of a block.
    pub(super) fn push(&mut self, line: &str, start: usize) {
        self.parts.push((self.text.len(), start));
        self.text.push_str(line);
    }

    fn source(&self, at: usize) -> usize {
        let part = self.parts.partition_point(|(start, _)| *start <= at).saturating_sub(1);
        self.parts.get(part).map_or(0, |(start, source)| source + (at - start))
    }

    fn source_range(&self, at: usize, length: usize) -> Range<usize> {
        self.whole
            .clone()
            .unwrap_or_else(|| self.source(at)..self.source(at + length - 1) + 1)
    }
}

/// Judges tags in the order of the text.
pub(super) struct Judge {
    /// The blocks that we are inside of.
    blocks: Vec<Block>,
    edits: Vec<Edit>,
}

/// The tags of a block that are open: their places in order, and how many of each name there are.
#[derive(Default)]
struct Block {
    open: Vec<(&'static str, usize)>,
    counts: HashMap<&'static str, usize>,
}

impl Judge {
    pub(super) fn new() -> Self {
        Self {
            blocks: vec![Block::default()],
            edits: Vec::new(),
        }
    }

    /// A block begins: its tags are its own.
    pub(super) fn enter(&mut self) {
        self.blocks.push(Block::default());
    }

    /// A block ends.
    pub(super) fn leave(&mut self) {
        let block = self.blocks.pop().unwrap_or_default();
        self.make_text(&block.open);
    }

    /// The text ends.
    pub(super) fn finish(mut self) -> Vec<Edit> {
        while !self.blocks.is_empty() {
            self.leave();
        }
        self.edits
    }

    fn make_text(&mut self, open: &[(&'static str, usize)]) {
        let lonely = open.iter().filter(|(name, _)| !may_stay_open(name));
        self.edits.extend(lonely.map(|(_, at)| Edit::escape(*at)));
    }

    pub(super) fn judge(&mut self, stretch: &Stretch) {
        let comments_end = stretch.text.rfind("-->").unwrap_or(0);
        let mut at = 0;
        while let Some(found) = stretch.text[at..].find('<') {
            at += found;
            let text = &stretch.text[at..];
            let endless = text.starts_with("<!--") && at >= comments_end;
            let Some((markup, length)) = (if endless { None } else { read(text) }) else {
                // A `<` before a space, a digit or a sign is text for browsers too.
                if text[1..].starts_with(|letter: char| letter.is_ascii_alphabetic() || "/!?".contains(letter)) {
                    self.edits.push(Edit::escape(stretch.source_range(at, 1).start));
                }
                at += 1;
                continue;
            };
            let range = stretch.source_range(at, length);
            match markup {
                Markup::Open { name, rewritten } => {
                    if !is_void(name) {
                        self.open(name, range.start);
                    }
                    if let Some(rewritten) = rewritten {
                        self.edits.push(Edit::replace(range, rewritten));
                    }
                }
                Markup::Close(name) => self.close(name, range.start),
                Markup::Comment { plain: true } => {}
                Markup::Comment { plain: false } => self.edits.push(Edit::replace(range, "")),
            }
            at += length;
        }
    }

    fn open(&mut self, name: &'static str, at: usize) {
        if let Some(block) = self.blocks.last_mut() {
            block.open.push((name, at));
            *block.counts.entry(name).or_default() += 1;
        }
    }

    fn close(&mut self, name: &'static str, at: usize) {
        let partner = self.blocks.last_mut().and_then(|block| {
            // The count spares the search: a text may close again and again what was never opened.
            block.counts.get(name).filter(|count| **count > 0)?;
            let partner = block.open.iter().rposition(|(open, _)| *open == name)?;
            let closed = block.open.split_off(partner);
            for (name, _) in &closed {
                block.counts.entry(name).and_modify(|count| *count -= 1);
            }
            Some(closed)
        });
        match partner {
            Some(closed) => self.make_text(&closed[1..]),
            None => self.edits.push(Edit::escape(at)),
        }
    }
}
