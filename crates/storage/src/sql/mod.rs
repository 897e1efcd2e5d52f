//! Plan → SQL and layout, for both dialects from one syntax tree.
//!
//! INVARIANT: a table stands in SQL only inside `source`, which puts its guard inside with it, or inside a rule (`raw`).
//! Values are parameters; the only numbers in the text are `LIMIT` and `OFFSET`, which the planner has bounded, and formulas' bounds.

pub(crate) mod at_once;
mod fence;
mod formula;
mod group;
pub(crate) mod guarded;
pub(crate) mod judge;
mod list;
mod page;
mod parameters;
mod parents;
mod questions;
mod raw;
mod row;
mod source;
pub(crate) mod store;
mod test;
mod totals;

use crate::layout::{Layout, SlotKind, SlotLayout};
use crate::program::{Dialect, ParentKey, Program, Statement};
use freehold_base::ValueType;
use freehold_planner::plan::{self, ListNode, OneNode, Plan};
use freehold_schema::catalog::{Catalog, EntityId};
use parameters::Parameters;
use parents::Parents;
pub(crate) use questions::questions;
use raw::restrict;
use row::Row;
use sea_query::{Alias, IntoIden, PostgresQueryBuilder, Query, SelectStatement, SqliteQueryBuilder};
use source::Scope;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// Renders a plan. A plan is complete, so this never refuses.
pub fn render(catalog: &Catalog, plan: &Plan, dialect: Dialect) -> Program {
    let mut renderer = Renderer {
        catalog,
        dialect,
        statements: Vec::new(),
        keys: BTreeSet::new(),
        reads: RefCell::default(),
        others: 0,
        written: None,
    };
    let layout = plan.roots.iter().map(|slot| renderer.root(slot)).collect();
    renderer.program(layout)
}

/// Renders a list of rows alone; also gives the column of its one slot, in the list's page.
pub(crate) fn render_list(catalog: &Catalog, node: &ListNode, dialect: Dialect) -> Program {
    let mut renderer = Renderer::new(catalog, dialect);
    let layout = vec![SlotLayout {
        key: json_key("rows"),
        kind: SlotKind::Many(renderer.list(node, None)),
    }];
    renderer.program(layout)
}

/// Collects the statements of one program.
pub(crate) struct Renderer<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) dialect: Dialect,
    /// By index; a place is taken before its statement is finished, because children are rendered meanwhile.
    statements: Vec<Option<Statement>>,
    /// Keys of the sealed fields met so far.
    pub(crate) keys: BTreeSet<String>,
    /// How often the table of each entity stands in what was rendered so far.
    reads: RefCell<BTreeMap<EntityId, usize>>,
    /// Parameters that stand before those of a root row.
    others: usize,
    /// What stands for the table of a root row: the row that the same statement writes.
    written: Option<&'static str>,
}

impl<'a> Renderer<'a> {
    /// A renderer of single statements.
    pub(crate) fn new(catalog: &'a Catalog, dialect: Dialect) -> Self {
        Self {
            catalog,
            dialect,
            statements: Vec::new(),
            keys: BTreeSet::new(),
            reads: RefCell::default(),
            others: 0,
            written: None,
        }
    }

    /// What was rendered, with the layout of its answer.
    fn program(self, layout: Layout) -> Program {
        Program {
            statements: self.statements.into_iter().flatten().collect(),
            layout,
            keys: self.keys,
            reads: self.reads.into_inner(),
        }
    }

    fn root(&mut self, slot: &'a plan::Slot) -> SlotLayout {
        let kind = match &slot.kind {
            plan::SlotKind::One(node) => self.root_row(node),
            plan::SlotKind::Many(node) | plan::SlotKind::Rows(node) => SlotKind::Many(self.list(node, None)),
            constant => row::constant(constant).unwrap_or(SlotKind::Json(b"null".to_vec())),
        };
        SlotLayout {
            key: json_key(&slot.key),
            kind,
        }
    }

    /// A root object: one row, found by id, key or session.
    fn root_row(&mut self, node: &'a OneNode) -> SlotKind {
        let statement = self.reserve();
        let mut parameters = Parameters::after(self.dialect, self.others);
        let scope = Scope::new(&mut parameters, &node.source);
        let mut row = Row::new(statement, scope, Parents::Root(node));
        let slots = self.slots(&mut parameters, &mut row, 0, &node.slots);
        // A row of which only constants are written is still a row.
        let id = self.id(&mut row.scopes[0]);
        row.column(id, ValueType::Uuid);
        let condition = self.filter(&mut parameters, &mut row.scopes[0], &node.filter);
        let joins = self.join_conditions(&mut parameters, &mut row);
        let mut select = Query::select();
        row.write_columns(self, &mut select);
        let table = self.written.map(|written| Alias::new(written).into_iden());
        let table = table.unwrap_or_else(|| self.table(row.scopes[0].entity()));
        select.from_subquery(
            self.guarded_from(&mut parameters, &row.scopes[0], table).0,
            row.scopes[0].alias.clone(),
        );
        self.write_joins(&mut parameters, &mut select, &row, joins);
        restrict(&mut select, condition);
        self.finish(statement, parameters, &select, row.types(), None);
        SlotKind::Root { statement, slots }
    }

    /// Takes a statement's place.
    pub(crate) fn reserve(&mut self) -> usize {
        self.statements.push(None);
        self.statements.len() - 1
    }

    /// Fills a statement's place.
    pub(crate) fn finish(
        &mut self,
        index: usize,
        parameters: Parameters,
        select: &SelectStatement,
        columns: Vec<ValueType>,
        parent: Option<ParentKey>,
    ) {
        let sql = match self.dialect {
            Dialect::Sqlite => select.to_string(SqliteQueryBuilder),
            Dialect::Postgres => select.to_string(PostgresQueryBuilder),
        };
        let sql = parameters.with_key(sql);
        let parameters = parameters.into_list();
        let sealed = parameters.iter().filter_map(|parameter| parameter.sealed.as_ref());
        self.keys.extend(sealed.map(|field| field.key.clone()));
        self.statements[index] = Some(Statement {
            sql,
            parameters,
            columns,
            parent,
        });
    }
}

/// `"key":`
pub(crate) fn json_key(key: &str) -> Vec<u8> {
    let mut out = json_text(key);
    out.push(b':');
    out
}

/// A JSON string.
pub(crate) fn json_text(text: &str) -> Vec<u8> {
    serde_json::Value::from(text).to_string().into_bytes()
}
