//! Markdown: stored as it was written, but for raw HTML that is not on the list and links that run something.
//!
//! The text is read by a parser of CommonMark, once for each [`DIALECTS`], since what is code in one may be a tag in another.
//! Each reading says which bytes to change; then all is read again, until no reading wants a change. Only these bytes
//! are touched, so Markdown without raw HTML and strange links is stored byte for byte.
//!
//! What CommonMark takes for text, a careless renderer may still pass on as HTML. A last look (`nets`) needs no parser and
//! takes the edge off whatever has the shape of an attack outside code.

mod edit;
mod nets;
mod raw;
mod reading;
mod tag;

use crate::fault::Fault;
use crate::html::{check_size, entangled};
use crate::markup::ROUNDS_MAX;
use crate::text::{normalise, refuse_controls};
use pulldown_cmark::Options;

/// The ways to read Markdown that have to agree: plain CommonMark, that of GitHub, and every extension that changes where code,
/// tags or links begin.
pub(crate) const DIALECTS: [Options; 3] = [
    Options::empty(),
    Options::ENABLE_TABLES
        .union(Options::ENABLE_FOOTNOTES)
        .union(Options::ENABLE_STRIKETHROUGH)
        .union(Options::ENABLE_TASKLISTS)
        .union(Options::ENABLE_GFM),
    Options::all(),
];

/// Markdown as it is stored.
pub(crate) fn clean(text: &str) -> Result<String, Vec<Fault>> {
    check_size(text)?;
    let mut text = normalise(text);
    refuse_controls(&text)?;
    for _ in 0..ROUNDS_MAX {
        check_size(&text)?;
        let edits = edits(&text);
        if edits.is_empty() {
            return Ok(text);
        }
        // Where something is taken out, neighbours meet that may compose.
        text = normalise(&edit::apply(&text, edits));
    }
    Err(vec![entangled()])
}

fn edits(text: &str) -> Vec<edit::Edit> {
    let mut edits = Vec::new();
    let mut extent = nets::Extent::new(text);
    for dialect in DIALECTS {
        let reading = reading::read(text, dialect);
        extent.add(&reading);
        edits.extend(reading.edits);
    }
    edits.extend(nets::edits(text, &extent, DIALECTS.len()));
    edits
}

#[cfg(test)]
mod tests;
