//! The layout of a list, and what its statements share.

use super::fence::Tie;
use super::page::PageBuilder;
use super::parameters::Parameters;
use super::parents::{Origin, key_of};
use super::raw::conjunction;
use super::source::Scope;
use super::totals::{Totals, count};
use super::{Renderer, json_key, json_text};
use crate::layout::{ConnectionKind, ConnectionLayout, EdgeKind, EdgeLayout, ListLayout, ListShape};
use crate::program::{Dialect, ParentKey};
use freehold_base::ValueType;
use freehold_planner::plan::{Connection, ConnectionSlotKind, EdgeSlotKind, ListNode, PageInfoKind};
use freehold_policy::predicate::Link;
use sea_query::{Alias, DynIden, Expr, ExprTrait, IntoIden, SelectStatement};

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

    /// The parents' keys, where the statement finds them itself.
    pub(super) fn keys_if_any(
        &self,
        parameters: &mut Parameters,
        parent: Option<&Parent<'a>>,
    ) -> Option<SelectStatement> {
        match (self.dialect, parent) {
            (Dialect::Postgres, Some((origin, _))) => Some(self.keys(parameters, origin)),
            _ => None,
        }
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

    /// Column 0 of a statement with parents.
    pub(crate) fn key_column(&self, key: &DynIden) -> Expr {
        match self.dialect {
            Dialect::Sqlite => Parameters::key(),
            Dialect::Postgres => key_of(key),
        }
    }
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

/// What ties a listed row to its parent.
pub(crate) fn parent_tie(node: &ListNode, key: Option<&Expr>) -> Option<Tie> {
    match (&node.link, key) {
        (Link::Equal { theirs, .. }, Some(key)) => Some((*theirs, key.clone())),
        _ => None,
    }
}
