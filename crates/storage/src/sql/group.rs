//! Groups.

use super::list::{Parent, add, order_name, parent_tie};
use super::parameters::{Parameters, raw as text};
use super::parents::{KEY_COLUMN, Parents, key_of};
use super::raw::{constant, restrict};
use super::row::Row;
use super::source::Scope;
use super::{Renderer, json_key, json_text};
use crate::layout::{ConnectionKind, SlotKind, SlotLayout};
use crate::program::Dialect;
use freehold_base::ValueType;
use freehold_planner::plan::{GroupKeyKind, GroupSlotKind, Groups, ListNode};
use sea_query::{Alias, DynIden, Expr, ExprTrait, IntoIden, JoinType, Query, SelectStatement};

/// The grouped rows as a sub-select: keys `g:0`, `g:1`… and aggregates `o:0`, `o:1`….
struct Grouped {
    select: SelectStatement,
    key_types: Vec<ValueType>,
}

impl<'a> Renderer<'a> {
    /// A grouping: one statement, and the layout of its rows.
    pub(crate) fn groups(
        &mut self,
        node: &'a ListNode,
        groups: &'a Groups,
        parent: Option<&Parent<'a>>,
    ) -> ConnectionKind {
        let statement = self.reserve();
        let mut parameters = Parameters::new(self.dialect);
        let key = parent.map(|_| parameters.alias(KEY_COLUMN));
        let alias = parameters.alias("g");
        let mut columns: Vec<(Expr, ValueType)> =
            key.iter().map(|key| (self.key_column(key), ValueType::Uuid)).collect();
        let mut scope = Scope::of_list(&mut parameters, &node.source);
        let mut aggregates: Vec<(Expr, ValueType)> = Vec::new();
        let mut targets: Vec<(usize, Row<'a>)> = Vec::new();
        let mut slots = Vec::with_capacity(groups.slots.len());
        for slot in &groups.slots {
            let kind = match &slot.kind {
                GroupSlotKind::Text(value) => SlotKind::Json(json_text(value)),
                GroupSlotKind::Aggregate(parts) => {
                    SlotKind::Object(self.aggregate_slots(&mut scope, parts, &mut |expression, value_type| {
                        let index = add(&mut aggregates, expression, value_type);
                        add(&mut columns, Expr::col((alias.clone(), order_name(index))), value_type)
                    }))
                }
                GroupSlotKind::Key(parts) => {
                    let mut layouts = Vec::with_capacity(parts.len());
                    for part in parts {
                        let kind = match &part.kind {
                            GroupKeyKind::Text(value) => SlotKind::Json(json_text(value)),
                            GroupKeyKind::Null => SlotKind::Json(b"null".to_vec()),
                            GroupKeyKind::Field(index, output) => {
                                let field = &groups.by[*index].field;
                                let value_type = self.value_type(field.entity(), field.id());
                                let column =
                                    add(&mut columns, Expr::col((alias.clone(), key_name(*index))), value_type);
                                SlotKind::Cell {
                                    column,
                                    output: output.clone(),
                                }
                            }
                            GroupKeyKind::One(index, one) => {
                                let target = Scope::new(&mut parameters, &one.source);
                                let mut row = Row::new(statement, target, Parents::Root(one));
                                let mut inner = self.slots(&mut parameters, &mut row, 0, &one.slots);
                                let id = self.id(&mut row.scopes[0]);
                                let id = row.column(id, ValueType::Uuid);
                                // The row's columns become the group's.
                                let moved: Vec<usize> = row
                                    .take_columns()
                                    .into_iter()
                                    .map(|(expression, value_type)| add(&mut columns, expression, value_type))
                                    .collect();
                                crate::layout::renumber(&mut inner, &moved);
                                targets.push((*index, row));
                                SlotKind::One {
                                    present: moved[id],
                                    slots: inner,
                                }
                            }
                        };
                        layouts.push(SlotLayout {
                            key: json_key(&part.key),
                            kind,
                        });
                    }
                    SlotKind::Object(layouts)
                }
            };
            slots.push(SlotLayout {
                key: json_key(&slot.key),
                kind,
            });
        }
        let correlated = key.as_ref().map(|key| self.key_column(key));
        let grouped = self.grouped(&mut parameters, node, groups, &mut scope, correlated, aggregates);
        let mut select = Query::select();
        match (self.dialect, parent, &key) {
            (Dialect::Postgres, Some((origin, _)), Some(key)) => {
                let keys = self.keys(&mut parameters, origin);
                select.from_subquery(keys, key.clone());
                select.join_lateral(JoinType::InnerJoin, grouped.select, alias.clone(), constant(true));
                select.order_by_expr(key_of(key), sea_query::Order::Asc);
            }
            _ => {
                select.from_subquery(grouped.select, alias.clone());
            }
        }
        for (index, row) in &mut targets {
            let ours = Expr::col((alias.clone(), key_name(*index)));
            let condition = self.id(&mut row.scopes[0]).eq(ours);
            let conditions = self.join_conditions(&mut parameters, row);
            self.join_one(&mut parameters, &mut select, &row.scopes[0], condition);
            self.write_joins(&mut parameters, &mut select, row, conditions);
        }
        for (index, value_type) in grouped.key_types.iter().enumerate() {
            self.order_by_key(
                &mut select,
                Expr::col((alias.clone(), key_name(index))),
                *value_type,
                false,
                true,
            );
        }
        let mut written = false;
        for (expression, value_type) in &columns {
            if *expression != Parameters::key() {
                select.expr(self.outgoing(expression.clone(), *value_type));
                written = true;
            }
        }
        if !written {
            select.expr(text("1"));
        }
        let types = columns.iter().map(|(_, value_type)| *value_type).collect();
        self.finish(statement, parameters, &select, types, parent.map(|(_, key)| *key));
        ConnectionKind::Groups { statement, slots }
    }

    fn grouped(
        &self,
        parameters: &mut Parameters,
        node: &'a ListNode,
        groups: &'a Groups,
        scope: &mut Scope<'a>,
        key: Option<Expr>,
        aggregates: Vec<(Expr, ValueType)>,
    ) -> Grouped {
        let mut select = Query::select();
        let mut joins = Vec::new();
        let mut key_types = Vec::with_capacity(groups.by.len());
        for (index, group) in groups.by.iter().enumerate() {
            let own = self.field(scope, &group.field);
            let value_type = self.value_type(group.field.entity(), group.field.id());
            let expression = match &group.target {
                // A reference groups by the row that it shows: a hidden target counts as none.
                Some(target) => {
                    let mut target = Scope::new(parameters, target);
                    let id = self.id(&mut target);
                    let condition = id.clone().eq(own);
                    joins.push((target, condition));
                    id
                }
                None => own,
            };
            let expression = self.compared(expression, value_type);
            select.expr_as(expression.clone(), key_name(index));
            select.add_group_by([expression.clone()]);
            self.order_by_key(&mut select, expression, value_type, false, true);
            key_types.push(value_type);
        }
        for (index, (expression, _)) in aggregates.into_iter().enumerate() {
            select.expr_as(expression, order_name(index));
        }
        let tie = parent_tie(node, key.as_ref());
        let condition = self.list_condition(parameters, node, scope, key);
        select.from_subquery(
            self.guarded_for(parameters, scope, &node.filter, tie),
            scope.alias.clone(),
        );
        for (target, condition) in joins {
            self.join_one(parameters, &mut select, &target, condition);
        }
        restrict(&mut select, condition);
        select.limit(u64::from(groups.limit));
        Grouped { select, key_types }
    }
}

/// Name of a grouping key's column.
fn key_name(index: usize) -> DynIden {
    Alias::new(format!("g:{index}")).into_iden()
}
