//! What the rules say of a write, in one SELECT and before anything is written.
//!
//! `b` is the stored row. `n` is the row as it would be: the stored row with the new values laid over it, or for a creation the new
//! values alone. It is in no table, so a rule that looks into the row's own table does not find there what it is to judge.

use super::Renderer;
use super::parameters::{Parameters, raw as text};
use super::raw::{conjunction, constant, is_true, restrict};
use super::store::{Assignment, Rows, built, found, given, statement, uuid};
use crate::dialect::postgres;
use crate::program::{Dialect, Statement};
use crate::sealed;
use freehold_base::{RowId, ValueType};
use freehold_policy::operand::Operand;
use freehold_policy::predicate::RulePredicate;
use freehold_policy::source::RowSource;
use freehold_policy::target::Grant;
use freehold_schema::catalog::{Catalog, EntityId, FieldId, SystemField};
use sea_query::{Alias, BinOper, DynIden, Expr, ExprTrait, IntoIden, Query, SelectStatement};
use std::collections::BTreeMap;

/// A write that is to be judged.
pub(crate) struct Case<'a> {
    pub(crate) entity: EntityId,
    /// The row that is there; none of a creation.
    pub(crate) stored: Option<StoredRow>,
    /// Stored rows that the caller may know of.
    pub(crate) visible: &'a RulePredicate,
    /// The rows that may come out, one for each way in which rules preset values. Of a removal there is none.
    pub(crate) proposals: Vec<Vec<Assignment>>,
    /// The rules that take all of the write.
    pub(crate) candidates: Vec<Candidate<'a>>,
    /// Rows that the caller refers to anew.
    pub(crate) references: Vec<Referred<'a>>,
}

/// A row of the request's tenant.
pub(crate) struct StoredRow {
    pub(crate) id: Operand,
    /// It must refer to a parent, by this field.
    pub(crate) child_of: Option<(FieldId, RowId)>,
}

/// A rule that may let the write through.
pub(crate) struct Candidate<'a> {
    pub(crate) grant: &'a Grant,
    /// Index in `proposals`; none of a removal.
    pub(crate) proposal: Option<usize>,
    /// The row gets another parent.
    pub(crate) moved: bool,
}

/// A row that is referred to.
pub(crate) struct Referred<'a> {
    pub(crate) id: Operand,
    /// Those of its entity that the caller may read; none: not one.
    pub(crate) source: Option<&'a RowSource>,
}

/// One row: of a stored row the version and whether it is visible; then for each candidate whether it takes the stored row and the
/// new one; then for each reference whether its target is there for the caller. No row: nothing is stored there.
pub(crate) fn judge(catalog: &Catalog, dialect: Dialect, case: &Case<'_>) -> Statement {
    let renderer = Renderer::new(catalog, dialect);
    let mut parameters = Parameters::new(dialect);
    let judgement = renderer.judgement(&mut parameters, case);
    let mut select = judgement.rows;
    let mut columns = Vec::new();
    if let Some((version, visible)) = judgement.stored {
        select.expr(version).expr(is_true(visible));
        columns.extend([ValueType::BigInt, ValueType::Boolean]);
    }
    for (stored, new) in judgement.candidates {
        select.expr(is_true(stored)).expr(is_true(new));
        columns.extend([ValueType::Boolean; 2]);
    }
    for reference in judgement.references {
        select.expr(is_true(reference));
        columns.push(ValueType::Boolean);
    }
    if columns.is_empty() {
        select.expr(text("1"));
    }
    statement(built(&select, dialect), parameters, columns)
}

/// Of some stored rows: tenant, id, and for each rule whether it takes the row.
pub(crate) fn judge_rows(
    catalog: &Catalog,
    dialect: Dialect,
    entity: EntityId,
    rows: &Rows<'_>,
    grants: &[Grant],
) -> Statement {
    let renderer = Renderer::new(catalog, dialect);
    let mut parameters = Parameters::new(dialect);
    let alias = parameters.alias("b");
    let mut select = Query::select();
    select.from_as(renderer.table(entity), alias.clone());
    select.expr(Expr::col((alias.clone(), Alias::new("id"))));
    let mut columns = vec![ValueType::Uuid];
    for grant in grants {
        let taken = renderer.rule(&mut parameters, entity, &alias, grant.stored());
        select.expr(is_true(taken));
        columns.push(ValueType::Boolean);
    }
    let found = found(&mut parameters, catalog.entity(entity), Some(&alias), rows);
    select.and_where(found);
    statement(built(&select, dialect), parameters, columns)
}

/// A case as expressions over `rows`, which is a SELECT without columns.
pub(super) struct Judgement {
    pub(super) rows: SelectStatement,
    /// Version and visibility of the stored row.
    pub(super) stored: Option<(Expr, Expr)>,
    /// Whether the stored row is taken, and whether the new one is.
    pub(super) candidates: Vec<(Expr, Expr)>,
    pub(super) references: Vec<Expr>,
    /// The alias of each proposal.
    pub(super) proposals: Vec<DynIden>,
}

impl Renderer<'_> {
    pub(super) fn judgement(&self, parameters: &mut Parameters, case: &Case<'_>) -> Judgement {
        self.judgement_of(parameters, case, None)
    }

    /// The same; `written` is the stored row where a statement that writes has found it already, under its lock.
    pub(super) fn judgement_of(
        &self,
        parameters: &mut Parameters,
        case: &Case<'_>,
        written: Option<&DynIden>,
    ) -> Judgement {
        let mut rows = Query::select();
        let row = case.stored.as_ref().map(|stored| {
            let row = written.cloned().unwrap_or_else(|| parameters.alias("b"));
            if written.is_none() {
                rows.from_as(self.table(case.entity), row.clone());
                rows.and_where(self.is_row(parameters, case.entity, &row, &stored.id));
            }
            if let Some((by, parent)) = stored.child_of {
                let parent = parameters.own(&uuid(Some(parent.uuid())), ValueType::Uuid);
                rows.and_where(self.stored_column(case.entity, &row, by).eq(parent));
            }
            row
        });
        let before = self.before(parameters, case, row.as_ref());
        parameters.set_before(before);
        let mut proposals = Vec::with_capacity(case.proposals.len());
        for assignments in &case.proposals {
            proposals.push(match &row {
                // Nothing is laid over the row.
                Some(row) if assignments.is_empty() => row.clone(),
                Some(row) => {
                    let new = parameters.alias("n");
                    let stored = case.stored.as_ref().filter(|_| written.is_none());
                    let proposal = match stored {
                        Some(stored) => {
                            rows.and_where(id_of(&new).eq(id_of(row)));
                            let row = parameters.alias("r");
                            let mut proposal = self.laid_over(parameters, case.entity, &row, assignments);
                            proposal.from_as(self.table(case.entity), row.clone());
                            proposal.and_where(self.is_row(parameters, case.entity, &row, &stored.id));
                            proposal
                        }
                        None => self.laid_over(parameters, case.entity, row, assignments),
                    };
                    rows.from_subquery(proposal, new.clone());
                    new
                }
                None => {
                    let new = parameters.alias("n");
                    rows.from_subquery(self.proposal(parameters, assignments), new.clone());
                    new
                }
            });
        }
        let stored = row.as_ref().map(|row| {
            let entity = self.catalog.entity(case.entity);
            let version = entity.find_system(SystemField::Version).unwrap_or(FieldId(0));
            (
                self.stored_column(case.entity, row, version),
                self.rule(parameters, case.entity, row, case.visible),
            )
        });
        let candidates = case.candidates.iter().map(|candidate| {
            let grant = candidate.grant;
            let old = match &row {
                Some(row) => self.rule(parameters, case.entity, row, grant.stored()),
                None => constant(true),
            };
            let new = match candidate.proposal.and_then(|index| proposals.get(index)) {
                Some(new) => {
                    let mut parts = vec![self.rule(parameters, case.entity, new, grant.new_row())];
                    if candidate.moved {
                        parts.push(self.rule(parameters, case.entity, new, grant.moved()));
                    }
                    conjunction(parts)
                }
                // Of a removal nothing is left to be judged.
                None => constant(row.is_some()),
            };
            (old, new)
        });
        let candidates = candidates.collect();
        let references = case
            .references
            .iter()
            .map(|reference| self.is_there(parameters, reference))
            .collect();
        Judgement {
            rows,
            stored,
            candidates,
            references,
            proposals,
        }
    }

    /// A new row as it would be.
    fn proposal(&self, parameters: &mut Parameters, assignments: &[Assignment]) -> SelectStatement {
        let mut select = Query::select();
        for assignment in assignments {
            let value = self.proposed(parameters, assignment);
            select.expr_as(value, Alias::new(&assignment.column));
        }
        select
    }

    /// A stored row as it would be: the columns of `row` with the new values laid over them.
    fn laid_over(
        &self,
        parameters: &mut Parameters,
        entity: EntityId,
        row: &DynIden,
        assignments: &[Assignment],
    ) -> SelectStatement {
        let mut select = Query::select();
        for (name, _) in self.catalog.entity(entity).fields.iter().flat_map(sealed::columns) {
            let value = match assignments.iter().find(|assignment| assignment.column == name) {
                Some(assignment) => self.proposed(parameters, assignment),
                None => Expr::col((row.clone(), Alias::new(&name))),
            };
            select.expr_as(value, Alias::new(&name));
        }
        select
    }

    /// A new value that compares as its column would.
    fn proposed(&self, parameters: &mut Parameters, assignment: &Assignment) -> Expr {
        let value = given(parameters, assignment);
        match (self.dialect, assignment.value_type) {
            (Dialect::Postgres, ValueType::Text) => value.binary(BinOper::Custom("COLLATE"), text("\"C\"")),
            (Dialect::Sqlite, ValueType::Decimal) => value.binary(BinOper::Custom("COLLATE"), text("fh_decimal")),
            _ => value,
        }
    }

    fn is_row(&self, parameters: &mut Parameters, entity: EntityId, alias: &DynIden, id: &Operand) -> Expr {
        found(parameters, self.catalog.entity(entity), Some(alias), &Rows::one(id))
    }

    /// What `$before` is: the stored row's columns. A created row had nothing before.
    fn before(&self, parameters: &mut Parameters, case: &Case<'_>, row: Option<&DynIden>) -> BTreeMap<FieldId, Expr> {
        let looks_back = case
            .candidates
            .iter()
            .flat_map(|candidate| candidate.grant.looks_back());
        let mut columns = BTreeMap::new();
        for field in looks_back {
            columns.entry(field).or_insert_with(|| match row {
                Some(row) => self.raw_column(parameters, case.entity, row, field),
                None => self.nothing(self.value_type(case.entity, field)),
            });
        }
        columns
    }

    /// Null of that type.
    fn nothing(&self, value_type: ValueType) -> Expr {
        match self.dialect {
            Dialect::Sqlite => text("NULL"),
            Dialect::Postgres => text(format!("NULL::{}", postgres::type_of(value_type).name())),
        }
    }

    /// Whether a row is there for the caller.
    fn is_there(&self, parameters: &mut Parameters, reference: &Referred<'_>) -> Expr {
        let Some(source) = reference.source else {
            return constant(false);
        };
        let row = parameters.alias("r");
        let mut select = Query::select();
        select.expr(text("1")).from_as(self.table(source.entity()), row.clone());
        let id = parameters.own(&reference.id, ValueType::Uuid);
        select.and_where(id_of(&row).eq(id));
        let rows = self.rule(parameters, source.entity(), &row, source.rows());
        restrict(&mut select, rows);
        Expr::exists(select)
    }
}

fn id_of(alias: &DynIden) -> Expr {
    Expr::col((alias.clone(), Alias::new("id").into_iden()))
}
