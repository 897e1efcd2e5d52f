//! How rows become JSON: slots with pre-escaped keys and columns by index.

use crate::sealed::SealedField;
use freehold_planner::plan::{Output, PageInfoKind};
use freehold_policy::operand::SessionValue;

/// The whole answer: the slots of `data`. Root slots are those of a row that is not there: only constants, `One` and `Many` occur.
pub type Layout = Vec<SlotLayout>;

/// A key and its value.
#[derive(Debug)]
pub struct SlotLayout {
    /// `"key":`, escaped, with the quotes and the colon, without a comma.
    pub key: Vec<u8>,
    /// The value.
    pub kind: SlotKind,
}

/// A value, seen from one row of one statement.
#[derive(Debug)]
pub enum SlotKind {
    /// Finished JSON.
    Json(Vec<u8>),
    /// A session value.
    Session(SessionValue),
    /// A cell.
    Cell {
        /// Column of the row's statement.
        column: usize,
        /// How it is written.
        output: Output,
    },
    /// A sealed value, opened for its row.
    Sealed {
        /// Column of the sealed value.
        column: usize,
        /// Column of the row's id.
        row: usize,
        /// The field.
        field: Box<SealedField>,
    },
    /// An object from the same row; null if the column `present` is null.
    One {
        /// A column that is never null when the object is there.
        present: usize,
        /// Its slots.
        slots: Vec<SlotLayout>,
    },
    /// The first of several objects from the same row that is there, or null.
    FirstOf(Vec<(usize, Vec<SlotLayout>)>),
    /// An object whose slots belong to this same row; never null.
    Object(Vec<SlotLayout>),
    /// A root object: the only row of a statement, or null when it has none.
    Root {
        /// The statement.
        statement: usize,
        /// Its slots.
        slots: Vec<SlotLayout>,
    },
    /// JSON array of the constant texts whose boolean column is true.
    Names(Vec<(usize, Vec<u8>)>),
    /// A list.
    Many(ListLayout),
    /// One JSON array of constant objects and of every row of some lists.
    Concat {
        /// The slots of each constant object.
        objects: Vec<Vec<SlotLayout>>,
        /// Lists of [`ListShape::Rows`].
        lists: Vec<ListLayout>,
    },
    /// A text put together from parts; null if it is a single cell that is null.
    Template(Vec<TemplatePart>),
}

/// A part of a text.
#[derive(Debug)]
pub enum TemplatePart {
    /// Escaped for JSON, without quotes.
    Text(Vec<u8>),
    /// A cell.
    Cell {
        /// Column of the row's statement.
        column: usize,
        /// Its type.
        value_type: freehold_base::ValueType,
    },
}

/// A list and everything written of it.
#[derive(Debug)]
pub struct ListLayout {
    /// Column of the parent's row that holds the key of its children; `None` at root.
    pub parent_key: Option<usize>,
    /// The page's statement, if rows are read at all.
    pub page: Option<PageLayout>,
    /// Totals and aggregates: a statement with one row per parent.
    pub totals: Option<usize>,
    /// A bare array of rows, or a connection object.
    pub shape: ListShape,
}

/// What a list is written as.
#[derive(Debug)]
pub enum ListShape {
    /// A JSON array of rows.
    Rows(Vec<SlotLayout>),
    /// A connection object.
    Connection(Vec<ConnectionLayout>),
}

/// The rows of a page.
#[derive(Debug)]
pub struct PageLayout {
    /// The statement.
    pub statement: usize,
    /// Rows wanted; a further row only says that there are more.
    pub limit: usize,
    /// Rows come in reverse order.
    pub backward: bool,
    /// An `after` (forward) or `before` (backward) cursor or an offset was given, so there may be rows on the other side.
    pub continued: bool,
    /// Columns of the order's keys, for cursors.
    pub cursor_columns: Vec<usize>,
    /// Associated data of the cursor's seal.
    pub cursor_binding: Vec<u8>,
}

/// One key of a connection object.
#[derive(Debug)]
pub struct ConnectionLayout {
    /// `"key":`
    pub key: Vec<u8>,
    /// The value.
    pub kind: ConnectionKind,
}

/// The value under a connection's key.
#[derive(Debug)]
pub enum ConnectionKind {
    /// Finished JSON.
    Json(Vec<u8>),
    /// `nodes`
    Nodes(Vec<SlotLayout>),
    /// `edges`
    Edges(Vec<EdgeLayout>),
    /// `pageInfo`
    PageInfo(Vec<(Vec<u8>, PageInfoKind)>),
    /// An object over the one row of the totals statement (`aggregate`), whose numbers are null or 0 when there is no row.
    Totals(Vec<SlotLayout>),
    /// A cell of the totals statement: `totalCount`.
    Total(usize),
    /// `groups`: every row of a statement.
    Groups {
        /// The statement.
        statement: usize,
        /// The slots of one group.
        slots: Vec<SlotLayout>,
    },
}

/// One key of an edge.
#[derive(Debug)]
pub struct EdgeLayout {
    /// `"key":`
    pub key: Vec<u8>,
    /// The value.
    pub kind: EdgeKind,
}

/// The value under an edge's key.
#[derive(Debug)]
pub enum EdgeKind {
    /// Finished JSON.
    Json(Vec<u8>),
    /// `cursor`
    Cursor,
    /// `node`
    Node(Vec<SlotLayout>),
}

/// Gives the columns of a row's slots new numbers: column `n` becomes `moved[n]`.
pub(crate) fn renumber(slots: &mut [SlotLayout], moved: &[usize]) {
    for slot in slots {
        match &mut slot.kind {
            // What has statements of its own keeps its columns.
            SlotKind::Json(_) | SlotKind::Session(_) | SlotKind::Root { .. } | SlotKind::Concat { .. } => {}
            SlotKind::Template(parts) => {
                for part in parts {
                    if let TemplatePart::Cell { column, .. } = part {
                        *column = moved[*column];
                    }
                }
            }
            SlotKind::Cell { column, .. } => *column = moved[*column],
            SlotKind::Sealed { column, row, .. } => {
                *column = moved[*column];
                *row = moved[*row];
            }
            SlotKind::One { present, slots } => {
                *present = moved[*present];
                renumber(slots, moved);
            }
            SlotKind::FirstOf(ways) => {
                for (present, slots) in ways {
                    *present = moved[*present];
                    renumber(slots, moved);
                }
            }
            SlotKind::Object(slots) => renumber(slots, moved),
            SlotKind::Names(names) => names.iter_mut().for_each(|(column, _)| *column = moved[*column]),
            SlotKind::Many(list) => {
                if let Some(key) = &mut list.parent_key {
                    *key = moved[*key];
                }
            }
        }
    }
}
