//! Arguments that say which rows, and the shapes of inputs. Values are left unspent: nothing that is kept of a mutation depends on
//! them, its plan is made anew each time.

use crate::problems::Problems;
use freehold_base::RowId;
use freehold_schema::graphql::operation::{Field, Input, InputKind};
use std::borrow::Cow;

/// An argument that is the id of a row.
pub(super) fn id(field: &Field, name: &str, problems: &mut Problems) -> Option<RowId> {
    let input = field.argument(name)?;
    problems.within(name, |problems| row_id(input, problems))
}

/// The version that a row must have; `None` when the caller does not ask.
pub(super) fn if_version(field: &Field, problems: &mut Problems) -> Option<i64> {
    let input = field.argument("ifVersion")?;
    problems.within("ifVersion", |problems| version(input, problems))
}

/// A version; `None` for null, or when it is none, which is told.
pub(super) fn version(input: &Input, problems: &mut Problems) -> Option<i64> {
    let version = match input.unspent() {
        InputKind::Null => return None,
        InputKind::Number(number) => number.as_i64(),
        _ => None,
    };
    if version.is_none() {
        problems.add("type", "a version, a whole number, expected");
    }
    version
}

/// An id, whatever row it is of.
pub(super) fn row_id(input: &Input, problems: &mut Problems) -> Option<RowId> {
    let id = match input.unspent() {
        InputKind::Text(text) => RowId::parse(text),
        _ => None,
    };
    if id.is_none() {
        problems.add("type", "an id (UUID) expected");
    }
    id
}

/// The fields of a new row. Where rules set every one of them, there is no input.
pub(super) fn new_row(field: &Field) -> Cow<'_, Input> {
    let given = field.argument("input").map(Cow::Borrowed);
    given.unwrap_or_else(|| Cow::Owned(Input::literal(InputKind::Object(Vec::new()))))
}

/// A text.
pub(super) fn text<'i>(input: &'i Input, problems: &mut Problems) -> Option<&'i str> {
    match input.kind() {
        InputKind::Text(text) => Some(text),
        _ => {
            problems.add("type", "a text expected");
            None
        }
    }
}

/// The entries of an input object.
pub(super) fn entries<'i>(input: &'i Input, problems: &mut Problems) -> &'i [(String, Input)] {
    match input.kind() {
        InputKind::Object(entries) => entries,
        _ => {
            problems.add("type", "an object expected");
            &[]
        }
    }
}

/// Does work on each item of a list.
pub(super) fn each<T>(
    input: &Input,
    problems: &mut Problems,
    mut work: impl FnMut(&Input, &mut Problems) -> T,
) -> Vec<T> {
    let items = problems.list(input);
    items
        .iter()
        .enumerate()
        .map(|(index, item)| problems.within(index, |problems| work(item, problems)))
        .collect()
}
