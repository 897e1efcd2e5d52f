//! What is written of a row: columns, to-one joins, and the layout over them.

use super::parameters::{Parameters, raw as text};
use super::parents::{Origin, Parents};
use super::raw::constant as truth;
use super::source::Scope;
use super::{Renderer, json_key, json_text};
use crate::layout::{SlotKind, SlotLayout, TemplatePart};
use crate::program::{Dialect, ParentKey};
use crate::sealed::SealedField;
use freehold_base::ValueType;
use freehold_planner::plan::{self, ListNode, OneNode, Output, Slot};
use freehold_policy::predicate::Link;
use freehold_policy::source::{ReadableField, SourceColumn};
use sea_query::{Expr, JoinType, Query, SelectStatement};

/// One row of one statement while it is rendered: the row itself is scope 0, to-one joins follow.
pub(crate) struct Row<'a> {
    statement: usize,
    parents: Parents<'a>,
    pub(crate) scopes: Vec<Scope<'a>>,
    /// By scope, from 1: the join, and the scope that holds its reference.
    joins: Vec<(&'a OneNode, usize)>,
    columns: Vec<(Expr, ValueType)>,
}

impl<'a> Row<'a> {
    pub(crate) fn new(statement: usize, scope: Scope<'a>, parents: Parents<'a>) -> Self {
        Self {
            statement,
            parents,
            scopes: vec![scope],
            joins: Vec::new(),
            columns: Vec::new(),
        }
    }

    /// The index of a column, added if it is new.
    pub(crate) fn column(&mut self, expression: Expr, value_type: ValueType) -> usize {
        let column = (expression, value_type);
        self.columns
            .iter()
            .position(|known| *known == column)
            .unwrap_or_else(|| {
                self.columns.push(column);
                self.columns.len() - 1
            })
    }

    pub(crate) fn types(&self) -> Vec<ValueType> {
        self.columns.iter().map(|(_, value_type)| *value_type).collect()
    }

    /// The columns, to be put beside others.
    pub(crate) fn take_columns(&mut self) -> Vec<(Expr, ValueType)> {
        std::mem::take(&mut self.columns)
    }

    pub(crate) fn has_joins(&self) -> bool {
        !self.joins.is_empty()
    }

    /// Adds the columns to SELECT. The key that stands in front on SQLite is the executor's.
    pub(crate) fn write_columns(&self, renderer: &Renderer<'_>, select: &mut SelectStatement) {
        let mut empty = true;
        for (expression, value_type) in &self.columns {
            if *expression != Parameters::key() {
                select.expr(renderer.outgoing(expression.clone(), *value_type));
                empty = false;
            }
        }
        if empty {
            select.expr(text("1"));
        }
    }

    /// The references walked from the row itself to a scope.
    fn path(&self, scope: usize) -> Vec<&'a OneNode> {
        let mut path = Vec::new();
        let mut at = scope;
        while at > 0 {
            let (node, from) = self.joins[at - 1];
            path.push(node);
            at = from;
        }
        path.reverse();
        path
    }
}

impl<'a> Renderer<'a> {
    /// The layout of a row's slots; adds the columns and joins they need.
    pub(crate) fn slots(
        &mut self,
        parameters: &mut Parameters,
        row: &mut Row<'a>,
        scope: usize,
        slots: &'a [Slot],
    ) -> Vec<SlotLayout> {
        slots
            .iter()
            .map(|slot| SlotLayout {
                key: json_key(&slot.key),
                kind: self.slot(parameters, row, scope, &slot.kind),
            })
            .collect()
    }

    fn slot(
        &mut self,
        parameters: &mut Parameters,
        row: &mut Row<'a>,
        scope: usize,
        slot: &'a plan::SlotKind,
    ) -> SlotKind {
        match slot {
            plan::SlotKind::Field {
                field,
                output: Output::Sealed,
            } => self.sealed_cell(row, scope, field),
            plan::SlotKind::Field { field, output } => {
                let value_type = self.value_type(field.entity(), field.id());
                let expression = self.field(&mut row.scopes[scope], field);
                SlotKind::Cell {
                    column: row.column(expression, value_type),
                    output: output.clone(),
                }
            }
            plan::SlotKind::One(node) => {
                let (present, slots) = self.one(parameters, row, scope, node);
                SlotKind::One { present, slots }
            }
            plan::SlotKind::Union(nodes) => SlotKind::FirstOf(
                nodes
                    .iter()
                    .map(|node| self.one(parameters, row, scope, node))
                    .collect(),
            ),
            plan::SlotKind::Many(node) | plan::SlotKind::Rows(node) => {
                SlotKind::Many(self.list_below(row, scope, node))
            }
            plan::SlotKind::Object(slots) => SlotKind::Object(self.slots(parameters, row, scope, slots)),
            plan::SlotKind::Can(operation) => self.boolean(row, scope, SourceColumn::Can(*operation)),
            plan::SlotKind::Writable(names) => SlotKind::Names(
                names
                    .iter()
                    .map(|(id, name)| (self.flag(row, scope, SourceColumn::Writable(*id)), json_text(name)))
                    .collect(),
            ),
            plan::SlotKind::Restricted(names) => SlotKind::Names(
                names
                    .iter()
                    .map(|(field, name)| {
                        (
                            self.flag(row, scope, SourceColumn::Restricted(field.id())),
                            json_text(name),
                        )
                    })
                    .collect(),
            ),
            plan::SlotKind::Concat { objects, lists } => SlotKind::Concat {
                objects: objects
                    .iter()
                    .map(|slots| self.slots(parameters, row, scope, slots))
                    .collect(),
                lists: lists.iter().map(|node| self.list_below(row, scope, node)).collect(),
            },
            plan::SlotKind::Template(parts) => SlotKind::Template(
                parts
                    .iter()
                    .map(|part| self.template_part(parameters, row, scope, part))
                    .collect(),
            ),
            plan::SlotKind::Text(_)
            | plan::SlotKind::Null
            | plan::SlotKind::Json(_)
            | plan::SlotKind::Session(_)
            | plan::SlotKind::Texts(_) => constant(slot).unwrap_or(SlotKind::Json(b"null".to_vec())),
        }
    }

    fn one(
        &mut self,
        parameters: &mut Parameters,
        row: &mut Row<'a>,
        from: usize,
        node: &'a OneNode,
    ) -> (usize, Vec<SlotLayout>) {
        row.scopes.push(Scope::new(parameters, &node.source));
        row.joins.push((node, from));
        let scope = row.scopes.len() - 1;
        let id = self.id(&mut row.scopes[scope]);
        let present = row.column(id, ValueType::Uuid);
        (present, self.slots(parameters, row, scope, &node.slots))
    }

    /// A value that the writer opens: its row's id is read with it, as it opens nowhere else.
    fn sealed_cell(&mut self, row: &mut Row<'a>, scope: usize, field: &ReadableField) -> SlotKind {
        let Some(sealed) = SealedField::find(self.catalog, field.entity(), field.id()) else {
            return SlotKind::Json(b"null".to_vec());
        };
        self.keys.insert(sealed.key.clone());
        let value = self.field(&mut row.scopes[scope], field);
        let id = self.id(&mut row.scopes[scope]);
        SlotKind::Sealed {
            column: row.column(value, ValueType::Bytes),
            row: row.column(id, ValueType::Uuid),
            field: Box::new(sealed),
        }
    }

    fn template_part(
        &mut self,
        parameters: &mut Parameters,
        row: &mut Row<'a>,
        scope: usize,
        part: &'a plan::TemplatePart,
    ) -> TemplatePart {
        match part {
            plan::TemplatePart::Text(text) => {
                let quoted = json_text(text);
                TemplatePart::Text(quoted[1..quoted.len() - 1].to_vec())
            }
            plan::TemplatePart::Field { steps, field } => {
                let mut at = scope;
                for step in steps {
                    row.scopes.push(Scope::new(parameters, &step.source));
                    row.joins.push((step, at));
                    at = row.scopes.len() - 1;
                }
                let value_type = self.value_type(field.entity(), field.id());
                let expression = self.field(&mut row.scopes[at], field);
                TemplatePart::Cell {
                    column: row.column(expression, value_type),
                    value_type,
                }
            }
        }
    }

    /// A list below a row of this statement.
    fn list_below(&mut self, row: &mut Row<'a>, scope: usize, node: &'a ListNode) -> crate::layout::ListLayout {
        let Link::Equal { ours, .. } = &node.link else {
            return self.list(node, None);
        };
        let key = self.field(&mut row.scopes[scope], ours);
        let column = row.column(key, ValueType::Uuid);
        let origin = Origin {
            parents: row.parents.clone(),
            ones: row.path(scope),
            list: ours.clone(),
        };
        let parent = (
            origin,
            ParentKey {
                statement: row.statement,
                column,
            },
        );
        self.list(node, Some(&parent))
    }

    fn flag(&mut self, row: &mut Row<'a>, scope: usize, column: SourceColumn) -> usize {
        let expression = self.column(&mut row.scopes[scope], column);
        row.column(expression, ValueType::Boolean)
    }

    fn boolean(&mut self, row: &mut Row<'a>, scope: usize, column: SourceColumn) -> SlotKind {
        SlotKind::Cell {
            column: self.flag(row, scope, column),
            output: Output::Plain(ValueType::Boolean),
        }
    }

    /// The conditions of the row's joins. Call it before any source is written: they say which columns are used.
    pub(crate) fn join_conditions(&self, parameters: &mut Parameters, row: &mut Row<'a>) -> Vec<Expr> {
        let joins = row.joins.clone();
        joins
            .into_iter()
            .enumerate()
            .map(|(index, (node, from))| {
                // A join's reference is held by a scope before its own.
                let (before, behind) = row.scopes.split_at_mut(index + 1);
                self.one_condition(parameters, &mut before[from], node, &mut behind[0])
            })
            .collect()
    }

    pub(crate) fn write_joins(
        &self,
        parameters: &mut Parameters,
        select: &mut SelectStatement,
        row: &Row<'a>,
        conditions: Vec<Expr>,
    ) {
        for (scope, condition) in row.scopes[1..].iter().zip(conditions) {
            self.join_one(parameters, select, scope, condition);
        }
    }

    /// A to-one join. On PostgreSQL it is lateral with a limit of one, so that no plan turns it round and loses the rows' order.
    pub(crate) fn join_one(
        &self,
        parameters: &mut Parameters,
        select: &mut SelectStatement,
        scope: &Scope<'_>,
        condition: Expr,
    ) {
        let guarded = self.guarded(parameters, scope);
        match self.dialect {
            Dialect::Sqlite => {
                select.join_subquery(JoinType::LeftJoin, guarded, scope.alias.clone(), condition);
            }
            Dialect::Postgres => {
                let mut lateral = Query::select();
                self.export(&mut lateral, scope, scope.used());
                lateral
                    .from_subquery(guarded, scope.alias.clone())
                    .and_where(condition)
                    .limit(1);
                select.join_lateral(JoinType::LeftJoin, lateral, scope.alias.clone(), truth(true));
            }
        }
    }

    /// Adds a source's columns to SELECT under their own names.
    pub(crate) fn export<'c>(
        &self,
        select: &mut SelectStatement,
        scope: &Scope<'_>,
        columns: impl IntoIterator<Item = &'c SourceColumn>,
    ) {
        // Never empty: a join is told present by its id, and a page has the keys of its order.
        for column in columns {
            let name = self.column_name(scope.entity(), *column);
            select.expr_as(Expr::col((scope.alias.clone(), name.clone())), name);
        }
    }
}

/// Slots that need no row.
pub(crate) fn constant(slot: &plan::SlotKind) -> Option<SlotKind> {
    Some(match slot {
        plan::SlotKind::Text(value) => SlotKind::Json(json_text(value)),
        plan::SlotKind::Null => SlotKind::Json(b"null".to_vec()),
        plan::SlotKind::Json(json) => SlotKind::Json(json.get().as_bytes().to_vec()),
        plan::SlotKind::Session(value) => SlotKind::Session(value.clone()),
        plan::SlotKind::Texts(texts) => SlotKind::Json(serde_json::Value::from(texts.clone()).to_string().into_bytes()),
        _ => return None,
    })
}
