//! Writes that judge themselves: the judgement stands in the statement, which writes nothing unless it is favourable.
//!
//! Written for a flight in which nobody looks at an answer before the next statement. On PostgreSQL a statement that writes nothing
//! therefore fails, by a division by the number of its rows, and takes all that follows with it.

use super::Renderer;
use super::judge::{Case, Judgement};
use super::parameters::{Parameters, raw};
use super::raw::{conjunction, disjunction, restrict};
use super::store::{self, Assignment, Given, Rows, built, found, insert_text};
use crate::program::{Dialect, Statement};
use freehold_base::{Value, ValueType};
use freehold_policy::operand::Operand;
use freehold_schema::catalog::Catalog;
use sea_query::{
    Alias, DynIden, Expr, ExprTrait, IntoTableRef, PostgresQueryBuilder, Query, SelectStatement, SqliteQueryBuilder,
};

/// A case that is written as soon as it is judged: one way in which it may come out, and what its row must be like besides.
pub(crate) struct Guarded<'a> {
    pub(crate) case: Case<'a>,
    pub(crate) if_version: Option<Operand>,
}

impl Guarded<'_> {
    /// Takes the values that are given out of it and out of the row that is written, and leaves their places: what is rendered serves
    /// other values too.
    pub(crate) fn take_given(&mut self, written: &mut [Assignment]) -> Vec<Value> {
        let mut given = Vec::new();
        let mut take = |operand: &mut Operand| {
            if let Operand::Constant(_) = operand
                && let Operand::Constant(value) = std::mem::replace(operand, Operand::Given(given.len()))
            {
                given.push(value);
            }
        };
        let Case {
            stored,
            proposals,
            references,
            ..
        } = &mut self.case;
        if let Some(stored) = stored {
            take(&mut stored.id);
        }
        for assignment in proposals.iter_mut().flatten().chain(written) {
            if let Given::Operand(operand) = &mut assignment.given {
                take(operand);
            }
        }
        for reference in references {
            take(&mut reference.id);
        }
        if let Some(version) = &mut self.if_version {
            take(version);
        }
        given
    }
}

/// What is written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Writing<'a> {
    /// The case's only proposal is added.
    Insert,
    /// The case's row gets these values.
    Update(&'a [Assignment]),
    /// The case's row goes.
    Delete,
}

/// The statement that writes a case.
pub(crate) fn statement(catalog: &Catalog, dialect: Dialect, guarded: &Guarded<'_>, writing: Writing<'_>) -> Statement {
    let mut parameters = Parameters::new(dialect);
    let sql = text(catalog, &mut parameters, guarded, writing, &[]);
    finished(sql, parameters, dialect)
}

/// The same as a part of a statement; `besides`: what else has to hold.
pub(super) fn text(
    catalog: &Catalog,
    parameters: &mut Parameters,
    guarded: &Guarded<'_>,
    writing: Writing<'_>,
    besides: &[String],
) -> String {
    let dialect = parameters.dialect;
    let renderer = Renderer::new(catalog, dialect);
    let entity = catalog.entity(guarded.case.entity);
    let besides = || -> Vec<Expr> { besides.iter().map(raw).collect() };
    match writing {
        Writing::Insert => {
            let judgement = renderer.judgement(parameters, &guarded.case);
            let row = guarded.case.proposals.first().map_or(&[][..], Vec::as_slice);
            let new = judgement.proposals.first().cloned();
            let mut select = favourable(parameters, judgement, guarded.if_version.as_ref());
            restrict(&mut select, conjunction(besides()));
            for assignment in row {
                let column = Alias::new(&assignment.column);
                match &new {
                    Some(new) => select.expr(Expr::col((new.clone(), column))),
                    None => select.expr(raw("NULL")),
                };
            }
            insert_text(catalog, entity.id, row, &built(&select, dialect))
        }
        Writing::Update(values) => {
            let row = parameters.alias("b");
            let mut update = renderer.update(parameters, entity.id, values);
            update.table(renderer.table(entity.id).into_table_ref().alias(row.clone()));
            if let Some(stored) = &guarded.case.stored {
                update.and_where(found(parameters, entity, Some(&row), &Rows::one(&stored.id)));
            }
            update.and_where(renderer.is_favourable(parameters, guarded, &row));
            for condition in besides() {
                update.and_where(condition);
            }
            match dialect {
                Dialect::Sqlite => update.to_string(SqliteQueryBuilder),
                Dialect::Postgres => update.to_string(PostgresQueryBuilder),
            }
        }
        Writing::Delete => {
            let row = parameters.alias("b");
            let mut delete = Query::delete();
            delete.from_table(renderer.table(entity.id).into_table_ref().alias(row.clone()));
            if let Some(stored) = &guarded.case.stored {
                delete.and_where(found(parameters, entity, Some(&row), &Rows::one(&stored.id)));
            }
            delete.and_where(renderer.is_favourable(parameters, guarded, &row));
            for condition in besides() {
                delete.and_where(condition);
            }
            match dialect {
                Dialect::Sqlite => delete.to_string(SqliteQueryBuilder),
                Dialect::Postgres => delete.to_string(PostgresQueryBuilder),
            }
        }
    }
}

impl Renderer<'_> {
    /// The judgement of the row that is being written.
    fn is_favourable(&self, parameters: &mut Parameters, guarded: &Guarded<'_>, row: &DynIden) -> Expr {
        let judgement = self.judgement_of(parameters, &guarded.case, Some(row));
        let mut select = favourable(parameters, judgement, guarded.if_version.as_ref());
        Expr::exists(select.expr(raw("1")).take())
    }
}

/// The judgement's rows, if it is favourable.
fn favourable(parameters: &mut Parameters, judgement: Judgement, if_version: Option<&Operand>) -> SelectStatement {
    let mut parts = Vec::new();
    if let Some((version, visible)) = judgement.stored {
        parts.push(visible);
        if let Some(expected) = if_version {
            let expected = parameters.own(expected, ValueType::BigInt);
            parts.push(version.eq(expected));
        }
    }
    let candidates = judgement.candidates.into_iter();
    let candidates = candidates.map(|(stored, new)| conjunction(vec![stored, new]));
    parts.push(disjunction(candidates.collect()));
    parts.extend(judgement.references);
    let mut select = judgement.rows;
    restrict(&mut select, conjunction(parts));
    select
}

fn finished(sql: String, parameters: Parameters, dialect: Dialect) -> Statement {
    match dialect {
        Dialect::Sqlite => store::statement(sql, parameters, Vec::new()),
        Dialect::Postgres => {
            let sql = format!("WITH w AS ({sql} RETURNING 1) SELECT 1 / (SELECT count(*) FROM w)::int4");
            store::statement(sql, parameters, vec![ValueType::Int])
        }
    }
}
