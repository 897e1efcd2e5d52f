//! The plan: what to read and what to answer, before any SQL.

use freehold_policy::operand::Operand;
use freehold_policy::predicate::Link;
use freehold_policy::source::{FilterPredicate, ReadableField, RowSource};
use freehold_schema::catalog::{FieldId, Operation};
use serde_json::value::RawValue;

/// One request's reads.
#[derive(Debug)]
pub struct Plan {
    /// Root fields, in the order of the response.
    pub roots: Vec<Slot>,
    /// The estimated cost.
    pub cost: u64,
}

/// One key of a JSON object in the response.
#[derive(Debug)]
pub struct Slot {
    /// The response key.
    pub key: String,
    /// Its value.
    pub kind: SlotKind,
}

/// The value under a key.
#[derive(Debug)]
pub enum SlotKind {
    /// `__typename`, or any other constant text.
    Text(String),
    /// `null`.
    Null,
    /// Ready-made JSON: introspection.
    Json(Box<RawValue>),
    /// A field of the row.
    Field {
        /// Which.
        field: ReadableField,
        /// How it is written.
        output: Output,
    },
    /// An object, or null: one related row, or at root one row by id or key.
    One(Box<OneNode>),
    /// An object of the first of several nodes that has a row, or null: a polymorphic reference.
    Union(Vec<OneNode>),
    /// A connection.
    Many(Box<ListNode>),
    /// An object whose keys belong to the same row: `_access`, `viewer`.
    Object(Vec<Slot>),
    /// Whether the operation is allowed on the row.
    Can(Operation),
    /// Names of the fields an update may write on the row: field and GraphQL name.
    Writable(Vec<(FieldId, String)>),
    /// Names of the fields that are hidden on the row: field and GraphQL name.
    Restricted(Vec<(ReadableField, String)>),
    /// A plain list of objects (not a connection): every row of the node, `viewer.memberships`.
    Rows(Box<ListNode>),
    /// A session value, written as it is: `viewer.tenant.id`.
    Session(freehold_policy::operand::SessionValue),
    /// A constant list of texts.
    Texts(Vec<String>),
    /// One JSON array of constant objects and of every row of some lists: `viewer.accessTokens`.
    Concat {
        /// The slots of each constant object.
        objects: Vec<Vec<Slot>>,
        /// Lists whose connection is [`Connection::Rows`].
        lists: Vec<ListNode>,
    },
    /// A text put together from constants and fields; null if it is a single field that is null.
    Template(Vec<TemplatePart>),
}

/// A part of a text.
#[derive(Debug)]
pub enum TemplatePart {
    /// As it stands.
    Text(String),
    /// A field of the row, or of a row that it refers to; nothing where it is null.
    Field {
        /// References walked; nodes without slots.
        steps: Vec<OneNode>,
        /// The field.
        field: ReadableField,
    },
}

/// How a value is written as JSON.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// As its type.
    Plain(freehold_base::ValueType),
    /// Text, or list of texts, whose members have other names in GraphQL: pairs of stored value and JSON name.
    Member(freehold_base::ValueType, Vec<(String, String)>),
    /// Ciphertext: not readable in this version; written as null.
    Sealed,
}

/// A related row, or a root row.
#[derive(Debug)]
pub struct OneNode {
    /// Where it comes from.
    pub source: RowSource,
    /// How it is found from its parent; at root [`Link::Free`].
    pub link: Link<ReadableField>,
    /// What it must satisfy: at root the id or the key.
    pub filter: FilterPredicate,
    /// What is written of it.
    pub slots: Vec<Slot>,
}

/// A list of rows: one statement, and one more for totals and aggregates, and one for each grouping.
#[derive(Debug)]
pub struct ListNode {
    /// Where rows come from.
    pub source: RowSource,
    /// How they are found from the parent; at root [`Link::Free`].
    pub link: Link<ReadableField>,
    /// What they must satisfy.
    pub filter: FilterPredicate,
    /// Joins that `order` walks over.
    pub order_joins: Vec<OrderJoin>,
    /// The order, total: its last key is the id.
    pub order: Vec<OrderKey>,
    /// Which part of the list.
    pub page: Page,
    /// What is written of it; for [`SlotKind::Rows`] the slots of one row.
    pub connection: Connection,
}

/// A guarded join that only the order needs.
#[derive(Debug)]
pub struct OrderJoin {
    /// The join whose row holds the reference; `None`: the listed row.
    pub from: Option<usize>,
    /// The reference walked.
    pub reference: ReadableField,
    /// The target.
    pub source: RowSource,
}

/// One key of an order.
#[derive(Clone, Debug)]
pub struct OrderKey {
    /// Index in `order_joins`; `None`: the listed row.
    pub join: Option<usize>,
    /// The field.
    pub field: ReadableField,
    /// Its type.
    pub value_type: freehold_base::ValueType,
    /// Greatest first, nulls first; otherwise least first, nulls last.
    pub descending: bool,
    /// It may be null.
    pub nullable: bool,
}

/// Which part of a list.
#[derive(Debug)]
pub struct Page {
    /// Rows wanted.
    pub limit: u32,
    /// One more row is read to know whether there are more.
    pub peek: bool,
    /// `last`: the order is turned round for reading, and the rows back for writing.
    pub backward: bool,
    /// Rows passed over.
    pub offset: u32,
    /// Rows after this cursor's keys, in the order of `order`.
    pub after: Option<Vec<Operand>>,
    /// Rows before this cursor's keys.
    pub before: Option<Vec<Operand>>,
    /// Binds a cursor to its order: associated data of its seal.
    pub cursor_binding: Vec<u8>,
}

/// What is written of a list.
#[derive(Debug)]
pub enum Connection {
    /// A JSON array of objects with these slots.
    Rows(Vec<Slot>),
    /// A connection object.
    Object(Vec<ConnectionSlot>),
}

/// One key of a connection object.
#[derive(Debug)]
pub struct ConnectionSlot {
    /// The response key.
    pub key: String,
    /// Its value.
    pub kind: ConnectionSlotKind,
}

/// The value under a connection's key.
#[derive(Debug)]
pub enum ConnectionSlotKind {
    /// `__typename`
    Text(String),
    /// `nodes`
    Nodes(Vec<Slot>),
    /// `edges`
    Edges(Vec<EdgeSlot>),
    /// `pageInfo`
    PageInfo(Vec<PageInfoSlot>),
    /// `totalCount`
    TotalCount,
    /// `aggregate`
    Aggregate(Vec<AggregateSlot>),
    /// `groups`
    Groups(Box<Groups>),
}

/// One key of an edge.
#[derive(Debug)]
pub struct EdgeSlot {
    /// The response key.
    pub key: String,
    /// Its value.
    pub kind: EdgeSlotKind,
}

/// The value under an edge's key.
#[derive(Debug)]
pub enum EdgeSlotKind {
    /// `__typename`
    Text(String),
    /// `cursor`
    Cursor,
    /// `node`
    Node(Vec<Slot>),
}

/// One key of `pageInfo`.
#[derive(Debug)]
pub struct PageInfoSlot {
    /// The response key.
    pub key: String,
    /// Its value.
    pub kind: PageInfoKind,
}

/// The value under a key of `pageInfo`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageInfoKind {
    /// `__typename`
    Text(String),
    /// `hasNextPage`
    HasNextPage,
    /// `hasPreviousPage`
    HasPreviousPage,
    /// `startCursor`
    StartCursor,
    /// `endCursor`
    EndCursor,
}

/// One key of an aggregate object.
#[derive(Debug)]
pub struct AggregateSlot {
    /// The response key.
    pub key: String,
    /// Its value.
    pub kind: AggregateSlotKind,
}

/// The value under an aggregate's key.
#[derive(Debug)]
pub enum AggregateSlotKind {
    /// `__typename`
    Text(String),
    /// `count`
    Count,
    /// `sum`, `avg`, `min` or `max`, field by field.
    Function {
        /// Which.
        function: AggregateFunction,
        /// Its fields.
        fields: Vec<AggregateField>,
    },
}

/// One field of an aggregate function.
#[derive(Debug)]
pub struct AggregateField {
    /// The response key.
    pub key: String,
    /// The field; `None` for `__typename`.
    pub field: Option<(ReadableField, Output)>,
    /// The type's name, for `__typename`.
    pub type_name: String,
}

/// A function over the rows of a list. Of nothing it is null.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AggregateFunction {
    /// Sum: of integers and doubles a double, of decimals a decimal.
    Sum,
    /// Mean, as a double.
    Avg,
    /// Least.
    Min,
    /// Greatest.
    Max,
}

/// Rows grouped by keys. Groups are ordered by their keys, nulls last.
#[derive(Debug)]
pub struct Groups {
    /// What is grouped by, without repetition.
    pub by: Vec<GroupKey>,
    /// Most groups answered.
    pub limit: u32,
    /// What is written of a group.
    pub slots: Vec<GroupSlot>,
}

/// One grouping key.
#[derive(Debug)]
pub struct GroupKey {
    /// The field.
    pub field: ReadableField,
    /// A reference's target: rows are grouped by the target they show, so hidden targets count as null.
    pub target: Option<RowSource>,
}

/// One key of a group.
#[derive(Debug)]
pub struct GroupSlot {
    /// The response key.
    pub key: String,
    /// Its value.
    pub kind: GroupSlotKind,
}

/// The value under a group's key.
#[derive(Debug)]
pub enum GroupSlotKind {
    /// `__typename`
    Text(String),
    /// `key`
    Key(Vec<GroupKeySlot>),
    /// `aggregate`
    Aggregate(Vec<AggregateSlot>),
}

/// One key of a group's `key`.
#[derive(Debug)]
pub struct GroupKeySlot {
    /// The response key.
    pub key: String,
    /// Its value.
    pub kind: GroupKeyKind,
}

/// The value under a key of a group's `key`.
#[derive(Debug)]
pub enum GroupKeyKind {
    /// `__typename`
    Text(String),
    /// Selected, but not grouped by.
    Null,
    /// A plain key: index in `by`.
    Field(usize, Output),
    /// A reference: index in `by`, and what is written of the target.
    One(usize, Box<OneNode>),
}
