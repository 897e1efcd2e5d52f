//! How a child statement finds its parents on PostgreSQL: the parents' own page again, as a sub-select of keys.

use super::Renderer;
use super::parameters::Parameters;
use super::raw::{conjunction, constant, restrict};
use super::source::Scope;
use freehold_planner::plan::{ListNode, OneNode};
use freehold_policy::source::ReadableField;
use sea_query::{Alias, DynIden, Expr, ExprTrait, IntoIden, Query, SelectStatement};

/// Where rows come from, seen from a list below them.
#[derive(Clone)]
pub(crate) enum Parents<'a> {
    /// A root row.
    Root(&'a OneNode),
    /// A page, of whose parents there may be many.
    Page(&'a ListNode, Option<Box<Origin<'a>>>),
}

/// The rows whose list is read: some parents, perhaps a few references further, and the list field there.
#[derive(Clone)]
pub(crate) struct Origin<'a> {
    /// The rows at the start.
    pub(crate) parents: Parents<'a>,
    /// References walked from there, outermost first.
    pub(crate) ones: Vec<&'a OneNode>,
    /// The list field; its column is the row's id where the list may be seen.
    pub(crate) list: ReadableField,
}

/// Name of the key column.
pub(crate) const KEY_COLUMN: &str = "k";

impl<'a> Renderer<'a> {
    /// `SELECT DISTINCT <key> AS k FROM <parents>`.
    pub(crate) fn keys(&self, parameters: &mut Parameters, origin: &Origin<'a>) -> SelectStatement {
        let mut scopes = Vec::with_capacity(origin.ones.len() + 1);
        scopes.push(match &origin.parents {
            Parents::Root(node) => Scope::new(parameters, &node.source),
            Parents::Page(node, _) => Scope::of_list(parameters, &node.source),
        });
        for node in &origin.ones {
            scopes.push(Scope::new(parameters, &node.source));
        }
        let last = scopes.len() - 1;
        let key = self.field(&mut scopes[last], &origin.list);
        // Joins first: they say which columns the rows before them must give.
        let mut joins = Vec::with_capacity(origin.ones.len());
        for index in (1..scopes.len()).rev() {
            let (before, from) = scopes.split_at_mut(index);
            joins.push((
                index,
                self.one_condition(parameters, &mut before[index - 1], origin.ones[index - 1], &mut from[0]),
            ));
        }
        joins.reverse();
        let mut select = Query::select();
        select.distinct().expr_as(key.clone(), Alias::new(KEY_COLUMN));
        match &origin.parents {
            Parents::Root(node) => {
                let condition = self.filter(parameters, &mut scopes[0], &node.filter);
                select.from_subquery(self.guarded(parameters, &scopes[0]), scopes[0].alias.clone());
                restrict(&mut select, condition);
            }
            Parents::Page(node, parent) => {
                self.write_page(parameters, &mut select, node, parent.as_deref(), &mut scopes[0]);
            }
        }
        for (index, condition) in joins {
            self.join_one(parameters, &mut select, &scopes[index], condition);
        }
        select.and_where(key.is_not_null());
        select
    }

    /// Adds a page's rows to FROM, under the scope's alias; for a page with parents, once for each of them.
    fn write_page(
        &self,
        parameters: &mut Parameters,
        select: &mut SelectStatement,
        node: &'a ListNode,
        parent: Option<&Origin<'a>>,
        scope: &mut Scope<'a>,
    ) {
        match parent {
            None => {
                let page = self.exported_page(parameters, node, scope, None, false);
                select.from_subquery(page, scope.alias.clone());
            }
            Some(origin) => {
                let keys = self.keys(parameters, origin);
                let alias = parameters.alias("k");
                let page = self.exported_page(parameters, node, scope, Some(key_of(&alias)), false);
                select.from_subquery(keys, alias);
                select.join_lateral(
                    sea_query::JoinType::InnerJoin,
                    page,
                    scope.alias.clone(),
                    constant(true),
                );
            }
        }
    }

    /// The condition of a to-one join.
    pub(crate) fn one_condition(
        &self,
        parameters: &mut Parameters,
        ours: &mut Scope<'_>,
        node: &OneNode,
        theirs: &mut Scope<'_>,
    ) -> Expr {
        let mut parts: Vec<Expr> = self.link(ours, &node.link, theirs).into_iter().collect();
        parts.push(self.filter(parameters, theirs, &node.filter));
        conjunction(parts)
    }
}

/// The key column of a keys sub-select.
pub(crate) fn key_of(alias: &DynIden) -> Expr {
    Expr::col((alias.clone(), Alias::new(KEY_COLUMN).into_iden()))
}
