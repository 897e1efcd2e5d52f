//! Rows of binary cells, as PostgreSQL writes them; and cells read back as values.

use crate::error::{Error, Result};
use freehold_base::{Value, ValueType};
use rust_decimal::Decimal;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};
use uuid::Uuid;

/// Microseconds from 1970 to 2000, where PostgreSQL's time begins.
pub const EPOCH_MICROS: i64 = 946_684_800_000_000;
/// Days from 1970 to 2000.
pub const EPOCH_DAYS: i32 = 10_957;

/// The rows of one statement.
#[derive(Debug)]
pub struct Table {
    rows: usize,
    cells: Cells,
}

#[derive(Debug)]
enum Cells {
    /// Cells one behind the other in one buffer.
    Buffer {
        columns: usize,
        ends: Vec<Cell>,
        bytes: Vec<u8>,
    },
    /// Rows as the driver received them.
    Driver(Vec<Row>),
}

/// Where a cell stands in the buffer; `start > end` marks null.
#[derive(Clone, Copy, Debug)]
struct Cell {
    start: u32,
    end: u32,
}

const NULL: Cell = Cell { start: 1, end: 0 };

impl Table {
    /// Rows as the driver received them, read in place.
    pub(crate) fn from_driver(rows: Vec<Row>) -> Self {
        Self {
            rows: rows.len(),
            cells: Cells::Driver(rows),
        }
    }

    /// No rows.
    pub(crate) fn empty() -> Self {
        Self::from_driver(Vec::new())
    }

    /// How many rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// A cell's bytes; `None` for null, and for a row or column that is not there.
    pub fn cell(&self, row: usize, column: usize) -> Option<&[u8]> {
        match &self.cells {
            Cells::Buffer { columns, ends, bytes } => {
                let cell = ends.get(row * columns + column).filter(|_| column < *columns)?;
                bytes.get(cell.start as usize..cell.end as usize)
            }
            Cells::Driver(rows) => rows
                .get(row)?
                .try_get::<_, Option<Raw<'_>>>(column)
                .ok()?
                .map(|raw| raw.0),
        }
    }

    /// Feeds every cell to a hasher, so that it tells where one ends.
    pub(crate) fn hash_cells(&self, hasher: &mut impl std::hash::Hasher) {
        use std::hash::Hash;
        self.rows.hash(hasher);
        match &self.cells {
            Cells::Buffer { columns, ends, .. } => {
                for index in 0..ends.len() {
                    self.cell(index / columns, index % columns).hash(hasher);
                }
            }
            Cells::Driver(rows) => {
                for (index, row) in rows.iter().enumerate() {
                    // The last column is the run's number, which is another one each time.
                    for column in 0..row.len().saturating_sub(1) {
                        self.cell(index, column).hash(hasher);
                    }
                }
            }
        }
    }

    /// About how many bytes the cells hold, to size an answer.
    pub(crate) fn size_bytes(&self) -> usize {
        match &self.cells {
            Cells::Buffer { ends, bytes, .. } => bytes.len() + 8 * ends.len(),
            Cells::Driver(rows) => rows.iter().map(|row| row.raw_size_bytes() + 4 * row.len()).sum(),
        }
    }
}

/// Builds a [`Table`] cell by cell.
#[derive(Debug)]
pub struct TableBuilder {
    columns: usize,
    rows: usize,
    ends: Vec<Cell>,
    bytes: Vec<u8>,
}

impl TableBuilder {
    /// A table of so many columns, perhaps none: then only its rows count.
    pub fn new(columns: usize) -> Self {
        Self {
            columns,
            rows: 0,
            ends: Vec::new(),
            bytes: Vec::new(),
        }
    }

    /// Appends a cell to the row being built.
    ///
    /// # Errors
    /// [`Error::Program`] past 4 GiB.
    pub fn push(&mut self, cell: Option<&[u8]>) -> Result<()> {
        let Some(cell) = cell else {
            self.ends.push(NULL);
            return Ok(());
        };
        let start = self.bytes.len();
        self.bytes.extend_from_slice(cell);
        let end = u32::try_from(self.bytes.len()).map_err(|_| Error::program("an answer over 4 GiB"))?;
        self.ends.push(Cell {
            start: start as u32,
            end,
        });
        Ok(())
    }

    /// Bytes of the cells so far.
    pub(crate) fn size_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Ends a row. Cells that are missing are null.
    pub fn end_row(&mut self) {
        self.rows += 1;
        self.ends.resize(self.rows * self.columns, NULL);
    }

    /// The table of the rows that were ended.
    pub fn finish(self) -> Table {
        Table {
            rows: self.rows,
            cells: Cells::Buffer {
                columns: self.columns,
                ends: self.ends,
                bytes: self.bytes,
            },
        }
    }
}

/// A cell's bytes as they came.
struct Raw<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> std::result::Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// The first bytes of a cell as an array; `None` if it is shorter.
pub(crate) fn bytes<const N: usize>(cell: &[u8]) -> Option<[u8; N]> {
    cell.get(..N)?.try_into().ok()
}

/// Reads a cell back as a value.
///
/// # Errors
/// [`Error::Program`] if the cell is not of that type.
pub fn read(value_type: ValueType, cell: Option<&[u8]>) -> Result<Value> {
    let Some(cell) = cell else { return Ok(Value::Null) };
    let wrong = || Error::program(format!("a cell of {} bytes is no {value_type:?}", cell.len()));
    let text = || std::str::from_utf8(cell).map_err(|_| wrong());
    Ok(match value_type {
        ValueType::Boolean => Value::Boolean(cell.first().ok_or_else(wrong)? != &0),
        ValueType::Int => Value::Int(i64::from(i32::from_be_bytes(bytes(cell).ok_or_else(wrong)?))),
        ValueType::BigInt => Value::Int(i64::from_be_bytes(bytes(cell).ok_or_else(wrong)?)),
        ValueType::Float => Value::Float(f64::from_be_bytes(bytes(cell).ok_or_else(wrong)?)),
        ValueType::Decimal => Value::Decimal(text()?.parse::<Decimal>().map_err(|_| wrong())?),
        ValueType::Text => Value::Text(text()?.to_owned()),
        ValueType::Uuid => Value::Uuid(Uuid::from_bytes(bytes(cell).ok_or_else(wrong)?)),
        ValueType::DateTime => {
            Value::DateTime(i64::from_be_bytes(bytes(cell).ok_or_else(wrong)?).saturating_add(EPOCH_MICROS))
        }
        ValueType::Date => Value::Date(i32::from_be_bytes(bytes(cell).ok_or_else(wrong)?).saturating_add(EPOCH_DAYS)),
        ValueType::Time => Value::Time(i64::from_be_bytes(bytes(cell).ok_or_else(wrong)?)),
        ValueType::Json => Value::Json(text()?.to_owned()),
        ValueType::TextList => Value::TextList(serde_json::from_slice(cell).map_err(|_| wrong())?),
        ValueType::Bytes => Value::Bytes(cell.to_vec()),
    })
}
