//! Pages: the rows of a list, in their order, between their bounds.

use super::Renderer;
use super::list::{Parent, order_name, parent_tie};
use super::parameters::Parameters;
use super::parents::{KEY_COLUMN, Parents, key_of};
use super::raw::{conjunction, constant, disjunction, restrict};
use super::row::Row;
use super::source::Scope;
use crate::layout::PageLayout;
use crate::program::Dialect;
use freehold_base::{Value, ValueType};
use freehold_planner::plan::{ListNode, OrderKey};
use freehold_policy::operand::Operand;
use sea_query::{DynIden, Expr, ExprTrait, JoinType, NullOrdering, Order, Query, SelectStatement};

/// A page's statement while its slots are rendered.
pub(super) struct PageBuilder<'a> {
    statement: usize,
    pub(super) parameters: Parameters,
    pub(super) row: Row<'a>,
    /// Alias of the parents' keys.
    key: Option<DynIden>,
}

impl<'a> PageBuilder<'a> {
    pub(super) fn new(renderer: &mut Renderer<'a>, node: &'a ListNode, parent: Option<&Parent<'a>>) -> Self {
        let statement = renderer.reserve();
        let mut parameters = Parameters::new(renderer.dialect);
        let scope = Scope::of_list(&mut parameters, &node.source);
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

impl<'a> Renderer<'a> {
    /// Finishes the statement of a page.
    pub(super) fn page(
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
        let tie = parent_tie(node, key.as_ref());
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
        select.from_subquery(
            self.guarded_for(parameters, scope, &node.filter, tie),
            scope.alias.clone(),
        );
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
}
