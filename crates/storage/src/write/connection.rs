//! Connection objects: nodes, edges, `pageInfo`, totals and groups.

use super::{Place, Range, Writer};
use crate::cells::read;
use crate::error::{Error, Result};
use crate::json::{write_boolean, write_null, write_text};
use crate::layout::{ConnectionKind, ConnectionLayout, EdgeKind, EdgeLayout, ListLayout, PageLayout, SlotLayout};
use freehold_planner::plan::{Output, PageInfoKind};

/// The rows of a page that are written.
#[derive(Clone, Copy)]
pub(super) struct Page<'a> {
    layout: &'a PageLayout,
    range: Range,
    /// A further row was there.
    more: bool,
}

impl Page<'_> {
    pub(super) fn rows(&self) -> usize {
        self.range.end - self.range.start
    }

    /// Position of the nth row written.
    fn position(&self, nth: usize) -> usize {
        if self.layout.backward {
            self.range.end - 1 - nth
        } else {
            self.range.start + nth
        }
    }
}

impl<'a> Writer<'a> {
    pub(super) fn page(
        &mut self,
        layout: &'a PageLayout,
        parent_key: Option<usize>,
        parent: Place,
    ) -> Result<Page<'a>> {
        let mut range = self.range(layout.statement, parent_key, parent)?;
        let more = range.end - range.start > layout.limit;
        range.end = range.end.min(range.start + layout.limit);
        Ok(Page { layout, range, more })
    }

    /// A JSON array of rows.
    pub(super) fn rows(&mut self, slots: &'a [SlotLayout], page: Page<'a>) -> Result<()> {
        self.out.push(b'[');
        self.row_objects(slots, page)?;
        self.out.push(b']');
        Ok(())
    }

    /// The rows of a page, parted by commas.
    pub(super) fn row_objects(&mut self, slots: &'a [SlotLayout], page: Page<'a>) -> Result<()> {
        for nth in 0..page.rows() {
            if nth > 0 {
                self.out.push(b',');
            }
            let place = self.place(page, nth);
            self.object(slots, place)?;
        }
        Ok(())
    }

    pub(super) fn connection(
        &mut self,
        list: &'a ListLayout,
        keys: &'a [ConnectionLayout],
        parent: Place,
    ) -> Result<()> {
        let page = match &list.page {
            Some(layout) => Some(self.page(layout, list.parent_key, parent)?),
            None => None,
        };
        let needed = || page.ok_or_else(|| Error::program("a connection shows rows but reads none"));
        self.out.push(b'{');
        for (index, key) in keys.iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            self.out.extend_from_slice(&key.key);
            match &key.kind {
                ConnectionKind::Json(json) => self.out.extend_from_slice(json),
                ConnectionKind::Nodes(slots) => self.rows(slots, needed()?)?,
                ConnectionKind::Edges(edges) => self.edges(edges, needed()?)?,
                ConnectionKind::PageInfo(keys) => self.page_info(keys, needed()?)?,
                ConnectionKind::Total(column) => {
                    let place = self.totals(list, parent)?;
                    self.write_cell(place, *column, &Output::Plain(freehold_base::ValueType::BigInt));
                }
                ConnectionKind::Totals(slots) => {
                    let place = self.totals(list, parent)?;
                    self.object(slots, place)?;
                }
                ConnectionKind::Groups { statement, slots } => {
                    let range = self.range(*statement, list.parent_key, parent)?;
                    self.out.push(b'[');
                    for position in range.start..range.end {
                        if position > range.start {
                            self.out.push(b',');
                        }
                        let row = self.row_at(*statement, position);
                        self.object(slots, Place::new(*statement, row))?;
                    }
                    self.out.push(b']');
                }
            }
        }
        self.out.push(b'}');
        Ok(())
    }

    /// The totals' row; nowhere for a parent that has none.
    fn totals(&mut self, list: &ListLayout, parent: Place) -> Result<Place> {
        let statement = list
            .totals
            .ok_or_else(|| Error::program("a connection shows totals but reads none"))?;
        let range = self.range(statement, list.parent_key, parent)?;
        if range.start == range.end {
            return Ok(Place::NOWHERE);
        }
        Ok(Place::new(statement, self.row_at(statement, range.start)))
    }

    fn edges(&mut self, edges: &'a [EdgeLayout], page: Page<'a>) -> Result<()> {
        self.out.push(b'[');
        for nth in 0..page.rows() {
            self.out.extend_from_slice(if nth > 0 { b",{" } else { b"{" });
            let place = self.place(page, nth);
            for (index, key) in edges.iter().enumerate() {
                if index > 0 {
                    self.out.push(b',');
                }
                self.out.extend_from_slice(&key.key);
                match &key.kind {
                    EdgeKind::Json(json) => self.out.extend_from_slice(json),
                    EdgeKind::Cursor => self.cursor(page, nth)?,
                    EdgeKind::Node(slots) => self.object(slots, place)?,
                }
            }
            self.out.push(b'}');
        }
        self.out.push(b']');
        Ok(())
    }

    fn page_info(&mut self, keys: &'a [(Vec<u8>, PageInfoKind)], page: Page<'a>) -> Result<()> {
        let PageLayout {
            backward, continued, ..
        } = *page.layout;
        self.out.push(b'{');
        for (index, (key, kind)) in keys.iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            self.out.extend_from_slice(key);
            match kind {
                PageInfoKind::Text(text) => write_text(&mut self.out, text.as_bytes()),
                PageInfoKind::HasNextPage => write_boolean(&mut self.out, if backward { continued } else { page.more }),
                PageInfoKind::HasPreviousPage => {
                    write_boolean(&mut self.out, if backward { page.more } else { continued });
                }
                PageInfoKind::StartCursor => self.cursor(page, 0)?,
                PageInfoKind::EndCursor => self.cursor(page, page.rows().saturating_sub(1))?,
            }
        }
        self.out.push(b'}');
        Ok(())
    }

    /// The cursor of the nth row written; null when there is none.
    fn cursor(&mut self, page: Page<'a>, nth: usize) -> Result<()> {
        if nth >= page.rows() {
            write_null(&mut self.out);
            return Ok(());
        }
        let place = self.place(page, nth);
        let statement = self.program.statements.get(page.layout.statement);
        let columns = statement.map_or(&[][..], |statement| &statement.columns[..]);
        let mut keys = Vec::with_capacity(page.layout.cursor_columns.len());
        for column in &page.layout.cursor_columns {
            let value_type = columns
                .get(*column)
                .ok_or_else(|| Error::program("a cursor's key has no column"))?;
            keys.push(read(*value_type, self.cell(place, *column))?);
        }
        // A cursor's alphabet needs no escape.
        self.out.push(b'"');
        self.out
            .extend_from_slice(self.sealer.seal(&page.layout.cursor_binding, &keys).as_bytes());
        self.out.push(b'"');
        Ok(())
    }

    fn place(&self, page: Page<'a>, nth: usize) -> Place {
        Place::new(
            page.layout.statement,
            self.row_at(page.layout.statement, page.position(nth)),
        )
    }
}
