//! Several predicates about one row, each a column of the answer.

use super::Renderer;
use super::parameters::{Parameters, raw as text};
use super::raw::{is_true, restrict};
use crate::program::{Dialect, Parameter};
use freehold_policy::predicate::RulePredicate;
use freehold_schema::catalog::{Catalog, EntityId};
use sea_query::{PostgresQueryBuilder, Query, SqliteQueryBuilder};

/// One row for the row of `entity` that satisfies `found`: TRUE, then each question's answer.
pub(crate) fn questions(
    catalog: &Catalog,
    entity: EntityId,
    found: &RulePredicate,
    questions: &[RulePredicate],
    dialect: Dialect,
) -> (String, Vec<Parameter>) {
    let renderer = Renderer::new(catalog, dialect);
    let mut parameters = Parameters::new(dialect);
    let alias = parameters.alias("t");
    let mut select = Query::select();
    select.from_as(renderer.table(entity), alias.clone()).expr(text("TRUE"));
    for question in questions {
        let asked = renderer.rule(&mut parameters, entity, &alias, question);
        select.expr(is_true(asked));
    }
    let found = renderer.rule(&mut parameters, entity, &alias, found);
    restrict(&mut select, found);
    let sql = match dialect {
        Dialect::Sqlite => select.to_string(SqliteQueryBuilder),
        Dialect::Postgres => select.to_string(PostgresQueryBuilder),
    };
    (sql, parameters.into_list())
}
