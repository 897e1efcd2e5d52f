//! The writer: walks a layout over rows into one buffer.

mod children;
mod connection;
#[cfg(test)]
mod tests;

use crate::binder::Binder;
use crate::cells::{Table, bytes};
use crate::error::{Error, Result};
use crate::json::{write_cell, write_null, write_value};
use crate::layout::{ListLayout, ListShape, SlotKind, SlotLayout, TemplatePart};
use crate::program::Program;
use crate::sealed::SealedField;
use children::Children;
use freehold_base::{RowId, ValueType};
use freehold_planner::cursor::Sealer;
use freehold_planner::plan::Output;

/// Writes a program's answer: the JSON object of `data`.
///
/// # Errors
/// [`Error::Program`] when layout and rows do not fit each other.
pub(crate) fn write(program: &Program, tables: &[Table], binder: &Binder<'_>, sealer: &Sealer) -> Result<Vec<u8>> {
    // Keys, quotes and commas cost about as much as the cells.
    let size_bytes: usize = tables.iter().map(Table::size_bytes).sum();
    let mut writer = Writer {
        out: Vec::with_capacity(256 + 2 * size_bytes),
        program,
        tables,
        children: (0..tables.len()).map(|_| None).collect(),
        binder,
        sealer,
    };
    writer.object(&program.layout, Place::NOWHERE)?;
    Ok(writer.out)
}

/// The writer's state.
struct Writer<'a> {
    out: Vec<u8>,
    program: &'a Program,
    tables: &'a [Table],
    /// By statement: its rows by their parents' keys, made when first asked for.
    children: Vec<Option<Children>>,
    binder: &'a Binder<'a>,
    sealer: &'a Sealer,
}

/// The row that slots are written from.
#[derive(Clone, Copy)]
struct Place {
    /// The statement; `None` at root and for a parent without totals.
    statement: Option<usize>,
    row: usize,
}

impl Place {
    /// A row that is not there: counts are 0, all else null.
    const NOWHERE: Self = Self {
        statement: None,
        row: 0,
    };

    fn new(statement: usize, row: usize) -> Self {
        Self {
            statement: Some(statement),
            row,
        }
    }
}

/// Some of a statement's rows, in order.
#[derive(Clone, Copy, Debug, Default)]
struct Range {
    start: usize,
    end: usize,
}

impl<'a> Writer<'a> {
    fn cell(&self, place: Place, column: usize) -> Option<&'a [u8]> {
        self.tables.get(place.statement?)?.cell(place.row, column)
    }

    fn object(&mut self, slots: &'a [SlotLayout], place: Place) -> Result<()> {
        self.out.push(b'{');
        for (index, slot) in slots.iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            self.out.extend_from_slice(&slot.key);
            self.slot(&slot.kind, place)?;
        }
        self.out.push(b'}');
        Ok(())
    }

    fn slot(&mut self, kind: &'a SlotKind, place: Place) -> Result<()> {
        match kind {
            SlotKind::Json(json) => self.out.extend_from_slice(json),
            SlotKind::Session(session) => write_value(&mut self.out, &self.binder.session(session)),
            SlotKind::Cell { column, output } => self.write_cell(place, *column, output),
            SlotKind::Sealed { column, row, field } => self.sealed(place, *column, *row, field)?,
            SlotKind::One { present, slots } => match self.cell(place, *present) {
                Some(_) => self.object(slots, place)?,
                None => write_null(&mut self.out),
            },
            SlotKind::FirstOf(choices) => {
                match choices.iter().find(|(present, _)| self.cell(place, *present).is_some()) {
                    Some((_, slots)) => self.object(slots, place)?,
                    None => write_null(&mut self.out),
                }
            }
            SlotKind::Object(slots) => self.object(slots, place)?,
            SlotKind::Root { statement, slots } => {
                if self.table(*statement)?.rows() > 0 {
                    self.object(slots, Place::new(*statement, 0))?;
                } else {
                    write_null(&mut self.out);
                }
            }
            SlotKind::Names(names) => {
                self.out.push(b'[');
                let mut first = true;
                for (column, name) in names {
                    if self.cell(place, *column).is_some_and(|cell| cell != [0]) {
                        if !first {
                            self.out.push(b',');
                        }
                        first = false;
                        self.out.extend_from_slice(name);
                    }
                }
                self.out.push(b']');
            }
            SlotKind::Many(list) => self.list(list, place)?,
            SlotKind::Concat { objects, lists } => self.concat(objects, lists, place)?,
            SlotKind::Template(parts) => self.template(parts, place),
        }
        Ok(())
    }

    /// One array of constant objects and the rows of lists.
    fn concat(&mut self, objects: &'a [Vec<SlotLayout>], lists: &'a [ListLayout], place: Place) -> Result<()> {
        self.out.push(b'[');
        let start = self.out.len();
        for slots in objects {
            self.comma(start);
            self.object(slots, place)?;
        }
        for list in lists {
            let (ListShape::Rows(slots), Some(page)) = (&list.shape, &list.page) else {
                continue;
            };
            let page = self.page(page, list.parent_key, place)?;
            if page.rows() > 0 {
                self.comma(start);
                self.row_objects(slots, page)?;
            }
        }
        self.out.push(b']');
        Ok(())
    }

    fn comma(&mut self, start: usize) {
        if self.out.len() > start {
            self.out.push(b',');
        }
    }

    /// A text put together from parts.
    fn template(&mut self, parts: &'a [TemplatePart], place: Place) {
        if let [TemplatePart::Cell { column, .. }] = parts
            && self.cell(place, *column).is_none()
        {
            return write_null(&mut self.out);
        }
        self.out.push(b'"');
        for part in parts {
            match part {
                TemplatePart::Text(text) => self.out.extend_from_slice(text),
                TemplatePart::Cell { column, value_type } => {
                    let Some(cell) = self.cell(place, *column) else {
                        continue;
                    };
                    let mut json = Vec::new();
                    write_cell(&mut json, &Output::Plain(*value_type), Some(cell));
                    // A JSON string loses its quotes; a number or a boolean has none.
                    let text = json
                        .strip_prefix(b"\"")
                        .and_then(|rest| rest.strip_suffix(b"\""))
                        .unwrap_or(&json);
                    self.out.extend_from_slice(text);
                }
            }
        }
        self.out.push(b'"');
    }

    fn write_cell(&mut self, place: Place, column: usize, output: &Output) {
        if place.statement.is_none() && *output == Output::Plain(ValueType::BigInt) {
            // Of nothing there are none.
            self.out.push(b'0');
        } else {
            let cell = self.cell(place, column);
            write_cell(&mut self.out, output, cell);
        }
    }

    /// A sealed value in the clear. One that does not open ends the answer: neither ciphertext nor a guess is ever written.
    fn sealed(&mut self, place: Place, column: usize, row: usize, field: &SealedField) -> Result<()> {
        let Some(sealed) = self.cell(place, column) else {
            write_null(&mut self.out);
            return Ok(());
        };
        let row = self.cell(place, row).and_then(bytes).map(RowId::from_bytes);
        let row = row.ok_or_else(|| Error::program("a sealed value has no row"))?;
        let value = field.open(self.binder.cipher, self.binder.tenant(), row, sealed)?;
        write_value(&mut self.out, &value);
        Ok(())
    }

    fn list(&mut self, list: &'a ListLayout, parent: Place) -> Result<()> {
        match &list.shape {
            ListShape::Rows(slots) => match &list.page {
                Some(page) => {
                    let page = self.page(page, list.parent_key, parent)?;
                    self.rows(slots, page)?;
                }
                None => self.out.extend_from_slice(b"[]"),
            },
            ListShape::Connection(keys) => self.connection(list, keys, parent)?,
        }
        Ok(())
    }

    /// The rows of a statement that belong to a parent; at root all of them.
    fn range(&mut self, statement: usize, parent_key: Option<usize>, parent: Place) -> Result<Range> {
        let table = self.table(statement)?;
        let Some(column) = parent_key else {
            return Ok(Range {
                start: 0,
                end: table.rows(),
            });
        };
        let Some(key) = self.cell(parent, column) else {
            return Ok(Range::default());
        };
        let Some(children) = self.children.get_mut(statement) else {
            return Ok(Range::default());
        };
        Ok(children.get_or_insert_with(|| Children::new(table)).find(key))
    }

    /// The row at a position of a range.
    fn row_at(&self, statement: usize, position: usize) -> usize {
        self.children
            .get(statement)
            .and_then(Option::as_ref)
            .map_or(position, |children| children.row_at(position))
    }

    fn table(&self, statement: usize) -> Result<&'a Table> {
        self.tables
            .get(statement)
            .ok_or_else(|| Error::program(format!("the layout asks for statement {statement}")))
    }
}
