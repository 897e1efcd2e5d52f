//! Rules in SQL: they read raw tables, as their definer.

use super::Renderer;
use super::parameters::{Parameters, raw as text};
use freehold_base::ValueType;
use freehold_policy::predicate::{Link, Predicate, RawSource, RulePredicate, Test};
use freehold_schema::catalog::{EntityId, FieldId, FieldType, SystemField};
use sea_query::{Alias, DynIden, Expr, ExprTrait, IntoIden, Query, SelectStatement, UnionType};

impl Renderer<'_> {
    /// A rule's predicate over the row `alias` of a raw table.
    pub(crate) fn rule(
        &self,
        parameters: &mut Parameters,
        entity: EntityId,
        alias: &DynIden,
        predicate: &RulePredicate,
    ) -> Expr {
        match predicate {
            Predicate::Constant(value) => constant(*value),
            // A test on the caller is gone after reduction; one that is left lets nothing through.
            Predicate::Caller(_) => constant(false),
            Predicate::All(parts) => conjunction(
                parts
                    .iter()
                    .map(|part| self.rule(parameters, entity, alias, part))
                    .collect(),
            ),
            Predicate::Any(parts) => disjunction(
                parts
                    .iter()
                    .map(|part| self.rule(parameters, entity, alias, part))
                    .collect(),
            ),
            Predicate::Not(part) => is_not_true(self.rule(parameters, entity, alias, part)),
            Predicate::Leaf { field, test } => {
                let value_type = self.value_type(entity, *field);
                let column = self.raw_column(parameters, entity, alias, *field);
                match &self.catalog.field(entity, *field).field_type {
                    FieldType::Formula { .. } => self.formula_test(parameters, column, value_type, test),
                    _ => self.raw_test(parameters, column, value_type, test),
                }
            }
            Predicate::Exists { link, source, inner } => {
                let mut select = self.related(parameters, entity, alias, link, *source, inner);
                Expr::exists(select.expr(text("1")).take())
            }
            Predicate::Count {
                link,
                source,
                inner,
                test,
            } => {
                let mut select = self.related(parameters, entity, alias, link, *source, inner);
                let count = Expr::SubQuery(None, Box::new(select.expr(text("COUNT(*)")).take().into()));
                self.test(parameters, count, ValueType::Int, test)
            }
        }
    }

    /// The rule of a list's rows, where its rows are sought. *A certain row, or those that others refer to* is not a condition by
    /// which a database finds rows, so it asks each row of the table; the same as a list of ids is.
    pub(crate) fn rule_of_list(
        &self,
        parameters: &mut Parameters,
        entity: EntityId,
        alias: &DynIden,
        predicate: &RulePredicate,
    ) -> Expr {
        match predicate {
            Predicate::All(parts) => conjunction(
                parts
                    .iter()
                    .map(|part| self.rule_of_list(parameters, entity, alias, part))
                    .collect(),
            ),
            Predicate::Any(parts) => {
                let ids = self.ids(parameters, entity, alias, parts);
                ids.unwrap_or_else(|| self.rule(parameters, entity, alias, predicate))
            }
            other => self.rule(parameters, entity, alias, other),
        }
    }

    /// `id IN (…)`, if each alternative names rows by their ids; otherwise nothing. In a condition that rows must satisfy, null is as
    /// good as false.
    fn ids(
        &self,
        parameters: &mut Parameters,
        entity: EntityId,
        alias: &DynIden,
        parts: &[RulePredicate],
    ) -> Option<Expr> {
        let id = self.catalog.entity(entity).find_system(SystemField::Id)?;
        let names = |part: &RulePredicate| match part {
            Predicate::Leaf {
                field,
                test: Test::Equal(_),
            } => *field == id,
            Predicate::Exists {
                link: Link::Inverse { .. },
                ..
            } => true,
            _ => false,
        };
        let refers = |part: &RulePredicate| matches!(part, Predicate::Exists { .. });
        if !parts.iter().all(names) || !parts.iter().any(refers) {
            return None;
        }
        let mut selects = parts.iter().filter_map(|part| match part {
            Predicate::Leaf {
                test: Test::Equal(operand),
                ..
            } => {
                let value = parameters.bind(operand, self.value_type(entity, id));
                Some(Query::select().expr(value).take())
            }
            Predicate::Exists {
                link: Link::Inverse { by },
                source,
                inner,
            } => {
                let theirs = parameters.alias("r");
                let column = self.raw_column(parameters, source.entity, &theirs, *by);
                let mut select = Query::select();
                select.expr(column).from_as(self.table(source.entity), theirs.clone());
                let inner = self.rule(parameters, source.entity, &theirs, inner);
                restrict(&mut select, inner);
                Some(select)
            }
            _ => None,
        });
        let mut ids = selects.next()?;
        for select in selects {
            ids.union(UnionType::All, select);
        }
        Some(self.stored_column(entity, alias, id).in_subquery(ids))
    }

    fn related(
        &self,
        parameters: &mut Parameters,
        entity: EntityId,
        alias: &DynIden,
        link: &Link<FieldId>,
        source: RawSource,
        inner: &RulePredicate,
    ) -> SelectStatement {
        let theirs = parameters.alias("r");
        let id = |of: EntityId| {
            self.catalog
                .entity(of)
                .find_system(SystemField::Id)
                .unwrap_or(FieldId(0))
        };
        let mut select = Query::select();
        select.from_as(self.table(source.entity), theirs.clone());
        let mut linked = |their_field, our_field| {
            self.raw_column(parameters, source.entity, &theirs, their_field)
                .eq(self.raw_column(parameters, entity, alias, our_field))
        };
        match link {
            Link::Reference(field) => select.and_where(linked(id(source.entity), *field)),
            Link::Inverse { by } => select.and_where(linked(*by, id(entity))),
            Link::Equal { theirs, ours } => select.and_where(linked(*theirs, *ours)),
            Link::Free => &mut select,
        };
        let inner = self.rule(parameters, source.entity, &theirs, inner);
        restrict(&mut select, inner);
        select
    }

    /// A column of a raw table, or of anything that has its stored columns: a formula is calculated from them.
    pub(crate) fn raw_column(
        &self,
        parameters: &mut Parameters,
        entity: EntityId,
        alias: &DynIden,
        field: FieldId,
    ) -> Expr {
        match &self.catalog.field(entity, field).field_type {
            FieldType::Formula { expression, .. } => self.formula(parameters, entity, alias, expression),
            _ => self.stored_column(entity, alias, field),
        }
    }

    /// A stored column of a raw table. An inverse list stands for the row's id, by which its rows refer to it.
    pub(super) fn stored_column(&self, entity: EntityId, alias: &DynIden, field: FieldId) -> Expr {
        let name = self
            .catalog
            .field(entity, field)
            .column()
            .map_or_else(|| "id".to_owned(), |column| column.name);
        Expr::col((alias.clone(), Alias::new(name)))
    }

    /// The type of a column or a formula; of an inverse list, that of the id.
    pub(crate) fn value_type(&self, entity: EntityId, field: FieldId) -> ValueType {
        self.catalog
            .field(entity, field)
            .field_type
            .value_type()
            .unwrap_or(ValueType::Uuid)
    }

    /// The table of an entity, which the program reads then.
    pub(crate) fn table(&self, entity: EntityId) -> DynIden {
        *self.reads.borrow_mut().entry(entity).or_default() += 1;
        Alias::new(&self.catalog.entity(entity).name).into_iden()
    }
}

pub(crate) fn constant(value: bool) -> Expr {
    text(if value { "TRUE" } else { "FALSE" })
}

/// The complement of a condition that may be null: two-valued.
pub(crate) fn is_not_true(condition: Expr) -> Expr {
    condition.binary(sea_query::BinOper::IsNot, text("TRUE"))
}

/// A condition that may be null as true or false.
pub(crate) fn is_true(condition: Expr) -> Expr {
    condition.binary(sea_query::BinOper::Is, text("TRUE"))
}

pub(crate) fn conjunction(parts: Vec<Expr>) -> Expr {
    let parts = parts.into_iter().filter(|part| *part != constant(true)).collect();
    balanced(parts, ExprTrait::and).unwrap_or_else(|| constant(true))
}

pub(crate) fn disjunction(parts: Vec<Expr>) -> Expr {
    balanced(parts, ExprTrait::or).unwrap_or_else(|| constant(false))
}

/// Joins the parts as a tree of least depth: what writes and what reads an expression recurses as deep as it is.
fn balanced(mut parts: Vec<Expr>, join: fn(Expr, Expr) -> Expr) -> Option<Expr> {
    if parts.len() < 2 {
        return parts.pop();
    }
    let right = parts.split_off(parts.len() / 2);
    match (balanced(parts, join), balanced(right, join)) {
        (Some(left), Some(right)) => Some(join(left, right)),
        (one, other) => one.or(other),
    }
}

/// Adds a condition to WHERE, unless it always holds.
pub(crate) fn restrict(select: &mut SelectStatement, condition: Expr) {
    if condition != constant(true) {
        select.and_where(condition);
    }
}
