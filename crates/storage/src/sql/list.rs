//! Pages, totals, and the layout of a connection.

use super::parameters::{Parameters, raw as text};
use super::parents::{KEY_COLUMN, Origin, Parents, key_of};
use super::raw::{conjunction, constant, disjunction, restrict};
use super::row::Row;
use super::source::Scope;
use super::{Renderer, json_key, json_text};
use crate::layout::{
    ConnectionKind, ConnectionLayout, EdgeKind, EdgeLayout, ListLayout, ListShape, PageLayout, SlotKind, SlotLayout,
};
use crate::program::{Dialect, ParentKey};
use freehold_base::{Value, ValueType};
use freehold_planner::plan::{
    AggregateField, AggregateFunction, AggregateSlot, AggregateSlotKind, Connection, ConnectionSlotKind, EdgeSlotKind,
    ListNode, OrderKey, Output, PageInfoKind,
};
use freehold_policy::operand::Operand;
use freehold_policy::predicate::Link;
use sea_query::{
    Alias, DynIden, Expr, ExprTrait, Func, IntoIden, JoinType, NullOrdering, Order, Query, SelectStatement,
};

/// A list's parents: where they come from, and where the executor finds their keys.
pub(crate) type Parent<'a> = (Origin<'a>, ParentKey);

impl<'a> Renderer<'a> {
    /// A list: its statements and its layout.
    pub(crate) fn list(&mut self, node: &'a ListNode, parent: Option<&Parent<'a>>) -> ListLayout {
        let parent_key = parent.map(|(_, key)| key.column);
        match &node.connection {
            Connection::Rows(slots) => {
                let mut page = PageBuilder::new(self, node, parent);
                let slots = self.slots(&mut page.parameters, &mut page.row, 0, slots);
                let page = self.page(page, node, parent, false);
                ListLayout {
                    parent_key,
                    page: Some(page),
                    totals: None,
                    shape: ListShape::Rows(slots),
                }
            }
            Connection::Object(connection) => {
                let reads_rows = connection.iter().any(|slot| {
                    matches!(
                        slot.kind,
                        ConnectionSlotKind::Nodes(_) | ConnectionSlotKind::Edges(_) | ConnectionSlotKind::PageInfo(_)
                    )
                });
                let mut page = reads_rows.then(|| PageBuilder::new(self, node, parent));
                let mut totals: Option<Totals<'a>> = None;
                let mut cursors = false;
                let mut layouts = Vec::with_capacity(connection.len());
                for slot in connection {
                    let kind = match (&slot.kind, &mut page) {
                        (ConnectionSlotKind::Text(value), _) => ConnectionKind::Json(json_text(value)),
                        (ConnectionSlotKind::Nodes(slots), Some(page)) => {
                            ConnectionKind::Nodes(self.slots(&mut page.parameters, &mut page.row, 0, slots))
                        }
                        (ConnectionSlotKind::Edges(slots), Some(page)) => {
                            let mut edges = Vec::with_capacity(slots.len());
                            for slot in slots {
                                let kind = match &slot.kind {
                                    EdgeSlotKind::Text(value) => EdgeKind::Json(json_text(value)),
                                    EdgeSlotKind::Cursor => {
                                        cursors = true;
                                        EdgeKind::Cursor
                                    }
                                    EdgeSlotKind::Node(slots) => {
                                        EdgeKind::Node(self.slots(&mut page.parameters, &mut page.row, 0, slots))
                                    }
                                };
                                edges.push(EdgeLayout {
                                    key: json_key(&slot.key),
                                    kind,
                                });
                            }
                            ConnectionKind::Edges(edges)
                        }
                        (ConnectionSlotKind::PageInfo(slots), _) => {
                            cursors |= slots
                                .iter()
                                .any(|slot| matches!(slot.kind, PageInfoKind::StartCursor | PageInfoKind::EndCursor));
                            ConnectionKind::PageInfo(
                                slots
                                    .iter()
                                    .map(|slot| (json_key(&slot.key), slot.kind.clone()))
                                    .collect(),
                            )
                        }
                        (ConnectionSlotKind::TotalCount, _) => {
                            let totals = totals.get_or_insert_with(|| Totals::new(self, node, parent));
                            ConnectionKind::Total(totals.column(count(), ValueType::BigInt))
                        }
                        (ConnectionSlotKind::Aggregate(slots), _) => {
                            let totals = totals.get_or_insert_with(|| Totals::new(self, node, parent));
                            ConnectionKind::Totals(self.aggregate(totals, slots))
                        }
                        (ConnectionSlotKind::Groups(groups), _) => self.groups(node, groups, parent),
                        // A connection that shows rows has a page.
                        (ConnectionSlotKind::Nodes(_) | ConnectionSlotKind::Edges(_), None) => {
                            ConnectionKind::Json(b"[]".to_vec())
                        }
                    };
                    layouts.push(ConnectionLayout {
                        key: json_key(&slot.key),
                        kind,
                    });
                }
                let page = page.map(|page| self.page(page, node, parent, cursors));
                let totals = totals.map(|totals| self.totals(totals, node, parent));
                ListLayout {
                    parent_key,
                    page,
                    totals,
                    shape: ListShape::Connection(layouts),
                }
            }
        }
    }

    /// Finishes the statement of a page.
    fn page(
        &mut self,
        builder: PageBuilder<'a>,
        node: &'a ListNode,
        parent: Option<&Parent<'a>>,
        cursors: bool,
    ) -> PageLayout {
        let PageBuilder {
            statement,
            mut parameters,
            mut row,
            key,
        } = builder;
        let joins = self.join_conditions(&mut parameters, &mut row);
        let keys = self.keys_if_any(&mut parameters, parent);
        let wrapped = keys.is_some() || row.has_joins() || self.offsets_outside(node);
        let mut select;
        let order: Vec<Expr>;
        let correlated = match self.dialect {
            Dialect::Sqlite => key.is_some().then(Parameters::key),
            Dialect::Postgres => key.as_ref().map(key_of),
        };
        if wrapped {
            let page = self.exported_page(&mut parameters, node, &mut row.scopes[0], correlated, node.page.peek);
            let alias = row.scopes[0].alias.clone();
            order = (0..node.order.len())
                .map(|index| Expr::col((alias.clone(), order_name(index))))
                .collect();
            select = Query::select();
            match (keys, &key) {
                (Some(keys), Some(key)) => {
                    select.from_subquery(keys, key.clone());
                    select.join_lateral(JoinType::InnerJoin, page, alias, constant(true));
                    select.order_by_expr(key_of(key), Order::Asc);
                }
                _ => {
                    select.from_subquery(page, alias);
                }
            }
            self.write_joins(&mut parameters, &mut select, &row, joins);
            self.order_by(&mut select, node, &order);
            if self.offsets_outside(node) {
                select.limit(u64::from(node.page.limit) + u64::from(node.page.peek));
                select.offset(u64::from(node.page.offset));
            }
        } else {
            (select, order) = self.page_rows(&mut parameters, node, &mut row.scopes[0], correlated, node.page.peek);
        }
        let cursor_columns = if cursors {
            order
                .into_iter()
                .zip(&node.order)
                .map(|(expression, key)| row.column(expression, key.value_type))
                .collect()
        } else {
            Vec::new()
        };
        row.write_columns(self, &mut select);
        self.finish(statement, parameters, &select, row.types(), parent.map(|(_, key)| *key));
        let page = &node.page;
        PageLayout {
            statement,
            limit: page.limit as usize,
            backward: page.backward,
            continued: if page.backward {
                page.before.is_some()
            } else {
                page.after.is_some() || page.offset > 0
            },
            cursor_columns,
            cursor_binding: page.cursor_binding.clone(),
        }
    }

    /// Whether rows are passed over outside the page's sub-select. SQLite (3.51) turns an EXISTS of the guard into a join and then
    /// counts OFFSET once for each inner match; LIMIT it counts right.
    fn offsets_outside(&self, node: &ListNode) -> bool {
        self.dialect == Dialect::Sqlite && node.page.offset > 0
    }

    fn keys_if_any(&self, parameters: &mut Parameters, parent: Option<&Parent<'a>>) -> Option<SelectStatement> {
        match (self.dialect, parent) {
            (Dialect::Postgres, Some((origin, _))) => Some(self.keys(parameters, origin)),
            _ => None,
        }
    }

    /// A page as a sub-select: the columns used so far under their own names, and the keys of the order.
    pub(crate) fn exported_page(
        &self,
        parameters: &mut Parameters,
        node: &'a ListNode,
        scope: &mut Scope<'a>,
        key: Option<Expr>,
        peek: bool,
    ) -> SelectStatement {
        let outside = scope.used().clone();
        let (mut select, order) = self.page_rows(parameters, node, scope, key, peek);
        for (index, expression) in order.into_iter().enumerate() {
            select.expr_as(expression, order_name(index));
        }
        self.export(&mut select, scope, &outside);
        select
    }

    /// FROM, WHERE, ORDER BY and LIMIT of a page, without columns; and the expressions of its order.
    fn page_rows(
        &self,
        parameters: &mut Parameters,
        node: &'a ListNode,
        scope: &mut Scope<'a>,
        key: Option<Expr>,
        peek: bool,
    ) -> (SelectStatement, Vec<Expr>) {
        let mut joins: Vec<Scope<'_>> = Vec::with_capacity(node.order_joins.len());
        let mut join_conditions = Vec::with_capacity(node.order_joins.len());
        for join in &node.order_joins {
            let mut theirs = Scope::new(parameters, &join.source);
            let ours = match join.from {
                Some(index) => &mut joins[index],
                None => &mut *scope,
            };
            let reference = self.field(ours, &join.reference);
            join_conditions.push(self.id(&mut theirs).eq(reference));
            joins.push(theirs);
        }
        let order: Vec<Expr> = node
            .order
            .iter()
            .map(|key| match key.join {
                Some(index) => self.field(&mut joins[index], &key.field),
                None => self.field(scope, &key.field),
            })
            .collect();
        let condition = self.list_condition(parameters, node, scope, key);
        let after = node
            .page
            .after
            .as_ref()
            .map(|values| self.beyond(parameters, &node.order, &order, values, false));
        let before = node
            .page
            .before
            .as_ref()
            .map(|values| self.beyond(parameters, &node.order, &order, values, true));
        let mut select = Query::select();
        select.from_subquery(self.guarded(parameters, scope), scope.alias.clone());
        for (scope, condition) in joins.iter().zip(join_conditions) {
            self.join_one(parameters, &mut select, scope, condition);
        }
        restrict(&mut select, condition);
        select.and_where_option(after).and_where_option(before);
        self.order_by(&mut select, node, &order);
        let limit = u64::from(node.page.limit) + u64::from(peek);
        if self.offsets_outside(node) {
            select.limit(limit + u64::from(node.page.offset));
        } else {
            select.limit(limit);
            if node.page.offset > 0 {
                select.offset(u64::from(node.page.offset));
            }
        }
        (select, order)
    }

    /// Which rows belong to the list: the parent's, and those that the filter takes.
    pub(crate) fn list_condition(
        &self,
        parameters: &mut Parameters,
        node: &'a ListNode,
        scope: &mut Scope<'a>,
        key: Option<Expr>,
    ) -> Expr {
        let mut parts = Vec::new();
        if let (Some(key), Link::Equal { theirs, .. }) = (key, &node.link) {
            parts.push(self.back(scope, *theirs).eq(key));
        }
        parts.push(self.filter(parameters, scope, &node.filter));
        conjunction(parts)
    }

    fn order_by(&self, select: &mut SelectStatement, node: &ListNode, order: &[Expr]) {
        for (expression, key) in order.iter().zip(&node.order) {
            let descending = key.descending != node.page.backward;
            self.order_by_key(select, expression.clone(), key.value_type, descending, key.nullable);
        }
    }

    /// Ascending: nulls last. Descending: nulls first.
    pub(crate) fn order_by_key(
        &self,
        select: &mut SelectStatement,
        expression: Expr,
        value_type: ValueType,
        descending: bool,
        nullable: bool,
    ) {
        let expression = self.compared(expression, value_type);
        let direction = if descending { Order::Desc } else { Order::Asc };
        if nullable {
            let nulls = if descending {
                NullOrdering::First
            } else {
                NullOrdering::Last
            };
            select.order_by_expr_with_nulls(expression, direction, nulls);
        } else {
            select.order_by_expr(expression, direction);
        }
    }

    /// Rows beyond a cursor: behind it, or in front of it (`reverse`).
    fn beyond(
        &self,
        parameters: &mut Parameters,
        keys: &[OrderKey],
        order: &[Expr],
        values: &[Operand],
        reverse: bool,
    ) -> Expr {
        let mut ways = Vec::with_capacity(keys.len());
        let mut equal: Vec<Expr> = Vec::new();
        for ((key, expression), value) in keys.iter().zip(order).zip(values) {
            let expression = self.compared(expression.clone(), key.value_type);
            let is_null = matches!(value, Operand::Constant(Value::Null));
            // Nulls stand at the end of an ascending order, seen forwards, and at the start of a descending one.
            let descending = key.descending != reverse;
            let further = match (is_null, descending) {
                (true, false) => constant(false),
                (true, true) => expression.clone().is_not_null(),
                (false, true) => expression.clone().lt(parameters.bind(value, key.value_type)),
                (false, false) => {
                    let greater = expression.clone().gt(parameters.bind(value, key.value_type));
                    if key.nullable {
                        greater.or(expression.clone().is_null())
                    } else {
                        greater
                    }
                }
            };
            ways.push(conjunction(equal.iter().cloned().chain([further]).collect()));
            equal.push(if is_null {
                expression.is_null()
            } else {
                expression.eq(parameters.bind(value, key.value_type))
            });
        }
        disjunction(ways)
    }

    /// Finishes the statement of totals.
    fn totals(&mut self, builder: Totals<'a>, node: &'a ListNode, parent: Option<&Parent<'a>>) -> usize {
        let Totals {
            statement,
            mut parameters,
            mut scope,
            key,
            mut columns,
        } = builder;
        if columns.len() == usize::from(key.is_some()) {
            // Only type names are asked for; a statement selects something all the same.
            add(&mut columns, count(), ValueType::BigInt);
        }
        let correlated = match self.dialect {
            Dialect::Sqlite => key.is_some().then(Parameters::key),
            Dialect::Postgres => key.as_ref().map(key_of),
        };
        let condition = self.list_condition(&mut parameters, node, &mut scope, correlated);
        let mut body = Query::select();
        body.from_subquery(self.guarded(&mut parameters, &scope), scope.alias.clone());
        restrict(&mut body, condition);
        let own = columns.iter().skip(usize::from(key.is_some()));
        let keys = self.keys_if_any(&mut parameters, parent);
        let select = match (keys, &key) {
            (Some(keys), Some(key)) => {
                let alias = parameters.alias("a");
                let mut select = Query::select();
                select.expr(key_of(key));
                for (index, (expression, value_type)) in own.enumerate() {
                    body.expr_as(self.outgoing(expression.clone(), *value_type), order_name(index));
                    select.expr(Expr::col((alias.clone(), order_name(index))));
                }
                select.from_subquery(keys, key.clone());
                select.join_lateral(JoinType::InnerJoin, body, alias, constant(true));
                select
            }
            _ => {
                for (expression, value_type) in own {
                    body.expr(self.outgoing(expression.clone(), *value_type));
                }
                body
            }
        };
        let types = columns.iter().map(|(_, value_type)| *value_type).collect();
        self.finish(statement, parameters, &select, types, parent.map(|(_, key)| *key));
        statement
    }

    fn aggregate(&self, totals: &mut Totals<'a>, slots: &'a [AggregateSlot]) -> Vec<SlotLayout> {
        let Totals { scope, columns, .. } = totals;
        self.aggregate_slots(scope, slots, &mut |expression, value_type| {
            add(columns, expression, value_type)
        })
    }

    /// The layout of an aggregate's slots; `column` gives the index of an expression.
    pub(crate) fn aggregate_slots(
        &self,
        scope: &mut Scope<'a>,
        slots: &'a [AggregateSlot],
        column: &mut dyn FnMut(Expr, ValueType) -> usize,
    ) -> Vec<SlotLayout> {
        slots
            .iter()
            .map(|slot| {
                let kind = match &slot.kind {
                    AggregateSlotKind::Text(value) => SlotKind::Json(json_text(value)),
                    AggregateSlotKind::Count => SlotKind::Cell {
                        column: column(count(), ValueType::BigInt),
                        output: Output::Plain(ValueType::BigInt),
                    },
                    AggregateSlotKind::Function { function, fields } => SlotKind::Object(
                        fields
                            .iter()
                            .map(|field| SlotLayout {
                                key: json_key(&field.key),
                                kind: self.aggregate_field(scope, *function, field, column),
                            })
                            .collect(),
                    ),
                };
                SlotLayout {
                    key: json_key(&slot.key),
                    kind,
                }
            })
            .collect()
    }

    fn aggregate_field(
        &self,
        scope: &mut Scope<'a>,
        function: AggregateFunction,
        field: &AggregateField,
        column: &mut dyn FnMut(Expr, ValueType) -> usize,
    ) -> SlotKind {
        let Some((readable, output)) = &field.field else {
            return SlotKind::Json(json_text(&field.type_name));
        };
        let value_type = self.value_type(readable.entity(), readable.id());
        let value = self.field(scope, readable);
        let decimal = value_type == ValueType::Decimal;
        let (expression, value_type) = match function {
            AggregateFunction::Min => (self.compared(value, value_type).min(), value_type),
            AggregateFunction::Max => (self.compared(value, value_type).max(), value_type),
            AggregateFunction::Sum if decimal => (
                self.decimal_function("fh_decimal_sum", Func::sum(value.clone()).into(), value),
                value_type,
            ),
            AggregateFunction::Avg if decimal => (
                self.as_double(self.decimal_function("fh_decimal_avg", Func::avg(value.clone()).into(), value)),
                ValueType::Float,
            ),
            AggregateFunction::Sum => (self.as_double(value.sum()), ValueType::Float),
            AggregateFunction::Avg => (self.as_double(value.avg()), ValueType::Float),
        };
        SlotKind::Cell {
            column: column(expression, value_type),
            output: output.clone(),
        }
    }

    /// Decimals on SQLite are texts and have functions of their own.
    fn decimal_function(&self, sqlite: &'static str, postgres: Expr, value: Expr) -> Expr {
        match self.dialect {
            Dialect::Sqlite => Func::cust(Alias::new(sqlite)).arg(value).into(),
            Dialect::Postgres => postgres,
        }
    }

    fn as_double(&self, value: Expr) -> Expr {
        value.cast_as(Alias::new(match self.dialect {
            Dialect::Sqlite => "real",
            Dialect::Postgres => "double precision",
        }))
    }
}

/// `COUNT(*)`
fn count() -> Expr {
    text("COUNT(*)")
}

/// Name of a column that is told by its number.
pub(crate) fn order_name(index: usize) -> DynIden {
    Alias::new(format!("o:{index}")).into_iden()
}

/// The index of a column, added if it is new.
pub(crate) fn add(columns: &mut Vec<(Expr, ValueType)>, expression: Expr, value_type: ValueType) -> usize {
    let column = (expression, value_type);
    columns.iter().position(|known| *known == column).unwrap_or_else(|| {
        columns.push(column);
        columns.len() - 1
    })
}

/// A page's statement while its slots are rendered.
struct PageBuilder<'a> {
    statement: usize,
    parameters: Parameters,
    row: Row<'a>,
    /// Alias of the parents' keys.
    key: Option<DynIden>,
}

impl<'a> PageBuilder<'a> {
    fn new(renderer: &mut Renderer<'a>, node: &'a ListNode, parent: Option<&Parent<'a>>) -> Self {
        let statement = renderer.reserve();
        let mut parameters = Parameters::new(renderer.dialect);
        let scope = Scope::new(&mut parameters, &node.source);
        let parents = Parents::Page(node, parent.map(|(origin, _)| Box::new(origin.clone())));
        let mut row = Row::new(statement, scope, parents);
        let key = parent.map(|_| parameters.alias(KEY_COLUMN));
        if let Some(key) = &key {
            row.column(renderer.key_column(key), ValueType::Uuid);
        }
        Self {
            statement,
            parameters,
            row,
            key,
        }
    }
}

/// The statement of totals while its slots are rendered.
struct Totals<'a> {
    statement: usize,
    parameters: Parameters,
    scope: Scope<'a>,
    key: Option<DynIden>,
    columns: Vec<(Expr, ValueType)>,
}

impl<'a> Totals<'a> {
    fn new(renderer: &mut Renderer<'a>, node: &'a ListNode, parent: Option<&Parent<'a>>) -> Self {
        let statement = renderer.reserve();
        let mut parameters = Parameters::new(renderer.dialect);
        let scope = Scope::new(&mut parameters, &node.source);
        let key = parent.map(|_| parameters.alias(KEY_COLUMN));
        let columns = key
            .iter()
            .map(|key| (renderer.key_column(key), ValueType::Uuid))
            .collect();
        Self {
            statement,
            parameters,
            scope,
            key,
            columns,
        }
    }

    fn column(&mut self, expression: Expr, value_type: ValueType) -> usize {
        add(&mut self.columns, expression, value_type)
    }
}

impl Renderer<'_> {
    /// Column 0 of a statement with parents.
    pub(crate) fn key_column(&self, key: &DynIden) -> Expr {
        match self.dialect {
            Dialect::Sqlite => Parameters::key(),
            Dialect::Postgres => key_of(key),
        }
    }
}
