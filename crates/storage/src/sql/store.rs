//! Statements that write rows, and those that find and lock them.

use super::Renderer;
use super::parameters::{Parameters, raw as text};
use crate::dialect::{quote, quote_all};
use crate::program::{Dialect, Statement};
use freehold_base::{EntityTag, RowId, Value, ValueType};
use freehold_policy::operand::{Operand, SessionValue};
use freehold_schema::catalog::{Catalog, EntityDef, EntityId, FieldId, SystemField};
use sea_query::{
    Alias, DynIden, Expr, ExprTrait, IntoIden, PostgresQueryBuilder, Query, SelectStatement, SqliteQueryBuilder,
};
use uuid::Uuid;

/// The counters of autonumbers, made in `tables`.
const COUNTER: &str = "fh_counter";

/// A column and what it gets.
#[derive(Clone, Debug)]
pub(crate) struct Assignment {
    /// The column's name.
    pub(crate) column: String,
    /// What it stores.
    pub(crate) value_type: ValueType,
    /// What it gets.
    pub(crate) given: Given,
}

/// What a column gets.
#[derive(Clone, Debug)]
pub(crate) enum Given {
    /// A value.
    Operand(Operand),
    /// The number that was just taken.
    Number(Counter),
}

/// Which numbers are counted together.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Counter {
    pub(crate) entity: EntityTag,
    pub(crate) field: String,
    /// Each tenant has its own.
    pub(crate) tenant: Operand,
}

/// Some rows of one entity, all of one tenant.
#[derive(Clone, Debug)]
pub(crate) struct Rows<'a> {
    /// The tenant, for entities whose rows have one.
    pub(crate) tenant: Operand,
    pub(crate) ids: Ids<'a>,
}

/// The ids of some rows.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ids<'a> {
    /// Of all of them.
    Known(&'a [RowId]),
    /// Of a single one.
    One(&'a Operand),
}

impl<'a> Rows<'a> {
    /// A row of the request's tenant.
    pub(crate) fn one(id: &'a Operand) -> Self {
        Self {
            tenant: Operand::Session(SessionValue::Tenant),
            ids: Ids::One(id),
        }
    }

    /// Rows of the request's tenant.
    pub(crate) fn of_request(ids: &'a [RowId]) -> Self {
        Self {
            tenant: Operand::Session(SessionValue::Tenant),
            ids: Ids::Known(ids),
        }
    }

    /// Rows of that tenant.
    pub(crate) fn of_tenant(tenant: Option<RowId>, ids: &'a [RowId]) -> Self {
        Self {
            tenant: uuid(tenant.map(RowId::uuid)),
            ids: Ids::Known(ids),
        }
    }
}

/// How much a lock keeps others from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lock {
    /// From removing the row.
    Share,
    /// From changing it.
    Change,
    /// From anything but reading it.
    Remove,
}

/// `INSERT`
pub(crate) fn insert(catalog: &Catalog, dialect: Dialect, entity: EntityId, row: &[Assignment]) -> Statement {
    let mut parameters = Parameters::new(dialect);
    let mut select = Query::select();
    for assignment in row {
        select.expr(given(&mut parameters, assignment));
    }
    let sql = insert_text(catalog, entity, row, &built(&select, dialect));
    statement(sql, parameters, Vec::new())
}

/// `INSERT INTO … (…)` before the rows.
pub(super) fn insert_text(catalog: &Catalog, entity: EntityId, row: &[Assignment], select: &str) -> String {
    let columns = quote_all(row.iter().map(|assignment| &assignment.column));
    format!(
        "INSERT INTO {} ({columns}) {select}",
        quote(&catalog.entity(entity).name)
    )
}

/// `UPDATE`: the rows get the values, and the system's own columns say so.
pub(crate) fn update(
    catalog: &Catalog,
    dialect: Dialect,
    entity: EntityId,
    rows: &Rows<'_>,
    values: &[Assignment],
) -> Statement {
    let renderer = Renderer::new(catalog, dialect);
    let mut parameters = Parameters::new(dialect);
    let mut update = renderer.update(&mut parameters, entity, values);
    update.and_where(found(&mut parameters, catalog.entity(entity), None, rows));
    let sql = match dialect {
        Dialect::Sqlite => update.to_string(SqliteQueryBuilder),
        Dialect::Postgres => update.to_string(PostgresQueryBuilder),
    };
    statement(sql, parameters, Vec::new())
}

/// `DELETE`
pub(crate) fn delete(catalog: &Catalog, dialect: Dialect, entity: EntityId, rows: &Rows<'_>) -> Statement {
    let renderer = Renderer::new(catalog, dialect);
    let mut parameters = Parameters::new(dialect);
    let mut delete = Query::delete();
    delete.from_table(renderer.table(entity));
    delete.and_where(found(&mut parameters, catalog.entity(entity), None, rows));
    let sql = match dialect {
        Dialect::Sqlite => delete.to_string(SqliteQueryBuilder),
        Dialect::Postgres => delete.to_string(PostgresQueryBuilder),
    };
    statement(sql, parameters, Vec::new())
}

/// Locks rows, in the order of their ids; `None` on SQLite, which has one writer anyway.
pub(crate) fn lock(
    catalog: &Catalog,
    dialect: Dialect,
    entity: EntityId,
    rows: &Rows<'_>,
    lock: Lock,
) -> Option<Statement> {
    if dialect == Dialect::Sqlite {
        return None;
    }
    let mut parameters = Parameters::new(dialect);
    let sql = lock_text(catalog, &mut parameters, entity, rows, lock);
    Some(statement(sql, parameters, Vec::new()))
}

/// The same as a part of a statement of PostgreSQL.
pub(super) fn lock_text(
    catalog: &Catalog,
    parameters: &mut Parameters,
    entity: EntityId,
    rows: &Rows<'_>,
    lock: Lock,
) -> String {
    let dialect = parameters.dialect;
    let mut select = Query::select();
    select
        .expr(text("1"))
        .from(Renderer::new(catalog, dialect).table(entity));
    select.and_where(found(parameters, catalog.entity(entity), None, rows));
    if matches!(rows.ids, Ids::Known(ids) if ids.len() > 1) {
        select.order_by(column(ID), sea_query::Order::Asc);
    }
    format!("{}{}", built(&select, dialect), locking(dialect, lock))
}

/// Finds a row by the values of a unique key: its id. Locks it.
pub(crate) fn by_key(
    catalog: &Catalog,
    dialect: Dialect,
    entity: EntityId,
    key: &[(String, ValueType, Value)],
) -> Statement {
    let renderer = Renderer::new(catalog, dialect);
    let mut parameters = Parameters::new(dialect);
    let mut select = Query::select();
    select.column(column(ID)).from(renderer.table(entity));
    if let Some(tenant) = tenant_column(catalog.entity(entity)) {
        let value = parameters.own(&Operand::Session(SessionValue::Tenant), ValueType::Uuid);
        select.and_where(Expr::col(column(&tenant)).eq(value));
    }
    for (name, value_type, value) in key {
        let value = parameters.own(&Operand::Constant(value.clone()), *value_type);
        select.and_where(Expr::col(column(name)).eq(value));
    }
    let sql = format!("{}{}", built(&select, dialect), locking(dialect, Lock::Change));
    statement(sql, parameters, vec![ValueType::Uuid])
}

/// Rows that refer to some others: tenant (null for rows without) and id, in the order of their ids, at most `limit` of them.
pub(crate) struct Referring<'a> {
    pub(crate) entity: EntityId,
    pub(crate) by: FieldId,
    /// The tenant that they are in, where it is known.
    pub(crate) tenant: Option<RowId>,
    pub(crate) targets: &'a [RowId],
    pub(crate) limit: u64,
    pub(crate) lock: Option<Lock>,
}

/// Finds rows by what they refer to.
pub(crate) fn referring(catalog: &Catalog, dialect: Dialect, wanted: &Referring<'_>) -> Statement {
    let renderer = Renderer::new(catalog, dialect);
    let mut parameters = Parameters::new(dialect);
    let entity = catalog.entity(wanted.entity);
    let tenant = tenant_column(entity);
    let mut select = Query::select();
    match &tenant {
        Some(tenant) => select.column(column(tenant)),
        None => select.expr(text(match dialect {
            Dialect::Sqlite => "NULL",
            Dialect::Postgres => "NULL::uuid",
        })),
    };
    select.column(column(ID)).from(renderer.table(wanted.entity));
    if let (Some(tenant), Some(id)) = (&tenant, wanted.tenant) {
        let value = parameters.own(&uuid(Some(id.uuid())), ValueType::Uuid);
        select.and_where(Expr::col(column(tenant)).eq(value));
    }
    if let Some(reference) = entity.field(wanted.by).column() {
        let targets = Ids::Known(wanted.targets);
        let found = is_one_of(&mut parameters, Expr::col(column(&reference.name)), targets);
        select.and_where(found);
    }
    select.order_by(column(ID), sea_query::Order::Asc).limit(wanted.limit);
    let lock = wanted.lock.map_or("", |lock| locking(dialect, lock));
    let sql = format!("{}{lock}", built(&select, dialect));
    statement(sql, parameters, vec![ValueType::Uuid, ValueType::Uuid])
}

/// Takes the next number. The first in a tenant follows the greatest that is there. A transaction that is undone gives it back.
pub(crate) fn take_number(
    catalog: &Catalog,
    dialect: Dialect,
    entity: EntityId,
    field: FieldId,
    counter: &Counter,
) -> Statement {
    let renderer = Renderer::new(catalog, dialect);
    let mut parameters = Parameters::new(dialect);
    let def = catalog.entity(entity);
    let mut select = Query::select();
    let number = def.field(field).column().map_or_else(String::new, |column| column.name);
    select
        .expr(text(format!("MAX({})", quote(&number))))
        .from(renderer.table(entity));
    let of_tenant = tenant_column(def);
    let [tag, name, tenant] = counter_key(&mut parameters, counter);
    if let Some(column_name) = of_tenant {
        select.and_where(Expr::col(column(&column_name)).eq(tenant.clone()));
    }
    let mut known = Query::select();
    known.expr(text("1")).from(column(COUNTER));
    for (name, value) in ["entity", "field", "tenant"].into_iter().zip([&tag, &name, &tenant]) {
        known.and_where(Expr::col(column(name)).eq(value.clone()));
    }
    let first = format!(
        "CASE WHEN EXISTS ({}) THEN 0 ELSE 1 + COALESCE(({}), 0) END",
        built(&known, dialect),
        built(&select, dialect)
    );
    let mut values = Query::select();
    values.expr(tag).expr(name).expr(tenant).expr(text(first));
    let values = built(&values, dialect);
    let values = values.strip_prefix("SELECT ").unwrap_or(&values);
    let sql = format!(
        "INSERT INTO {COUNTER} (entity, field, tenant, value) VALUES ({values}) \
         ON CONFLICT (entity, field, tenant) DO UPDATE SET value = {COUNTER}.value + 1"
    );
    statement(sql, parameters, Vec::new())
}

fn counter_key(parameters: &mut Parameters, counter: &Counter) -> [Expr; 3] {
    let number = Value::Int(i64::from(counter.entity.number()));
    [
        parameters.own(&Operand::Constant(number), ValueType::Int),
        parameters.own(&Operand::Constant(Value::Text(counter.field.clone())), ValueType::Text),
        parameters.own(&counter.tenant, ValueType::Uuid),
    ]
}

impl Renderer<'_> {
    /// `UPDATE … SET …`, without saying of which rows.
    pub(super) fn update(
        &self,
        parameters: &mut Parameters,
        entity: EntityId,
        values: &[Assignment],
    ) -> sea_query::UpdateStatement {
        let def = self.catalog.entity(entity);
        let mut update = Query::update();
        update.table(self.table(entity));
        for assignment in values {
            update.value(column(&assignment.column), given(parameters, assignment));
        }
        let system = |system| {
            let field = def.field(def.find_system(system)?);
            field.column().map(|found| column(&found.name))
        };
        if let Some(version) = system(SystemField::Version) {
            update.value(version.clone(), Expr::col(version).add(text("1")));
        }
        if let Some(updated_at) = system(SystemField::UpdatedAt) {
            let now = parameters.bind(&Operand::Session(SessionValue::Now), ValueType::DateTime);
            update.value(updated_at, now);
        }
        if let Some(updated_by) = system(SystemField::UpdatedBy) {
            let user = parameters.bind(&Operand::Session(SessionValue::User), ValueType::Uuid);
            update.value(updated_by, user);
        }
        update
    }
}

/// The condition that finds rows by their ids, and by their tenant, with which the primary key begins.
pub(super) fn found(parameters: &mut Parameters, entity: &EntityDef, alias: Option<&DynIden>, rows: &Rows<'_>) -> Expr {
    let col = |name: &str| match alias {
        Some(alias) => Expr::col((alias.clone(), column(name))),
        None => Expr::col(column(name)),
    };
    let found = is_one_of(parameters, col(ID), rows.ids);
    match tenant_column(entity) {
        Some(tenant) => {
            let value = parameters.bind(&rows.tenant, ValueType::Uuid);
            col(&tenant).eq(value).and(found)
        }
        None => found,
    }
}

/// What a column gets, as an expression.
pub(super) fn given(parameters: &mut Parameters, assignment: &Assignment) -> Expr {
    match &assignment.given {
        Given::Operand(operand) => parameters.own(operand, assignment.value_type),
        Given::Number(counter) => {
            let key = counter_key(parameters, counter);
            let mut select = Query::select();
            select.expr(Expr::col(column("value")).cast_as(Alias::new("integer")));
            select.from(column(COUNTER));
            for (name, value) in ["entity", "field", "tenant"].into_iter().zip(key) {
                select.and_where(Expr::col(column(name)).eq(value));
            }
            Expr::SubQuery(None, Box::new(select.into()))
        }
    }
}

fn is_one_of(parameters: &mut Parameters, column: Expr, ids: Ids<'_>) -> Expr {
    let mut own = |id: &RowId| parameters.own(&Operand::from(*id), ValueType::Uuid);
    match ids {
        Ids::One(id) => column.eq(parameters.own(id, ValueType::Uuid)),
        Ids::Known([one]) => column.eq(own(one)),
        Ids::Known(many) => column.is_in(many.iter().map(own).collect::<Vec<_>>()),
    }
}

/// The column of every row's id.
const ID: &str = "id";

/// The column of the tenant, for entities whose rows have one.
pub(super) fn tenant_column(entity: &EntityDef) -> Option<String> {
    if !entity.tenant_scoped {
        return None;
    }
    let field = entity.field(entity.find_system(SystemField::Tenant)?);
    field.column().map(|column| column.name)
}

pub(super) fn built(select: &SelectStatement, dialect: Dialect) -> String {
    match dialect {
        Dialect::Sqlite => select.to_string(SqliteQueryBuilder),
        Dialect::Postgres => select.to_string(PostgresQueryBuilder),
    }
}

pub(super) fn statement(sql: String, parameters: Parameters, columns: Vec<ValueType>) -> Statement {
    Statement {
        sql,
        parameters: parameters.into_list(),
        columns,
        parent: None,
    }
}

fn locking(dialect: Dialect, lock: Lock) -> &'static str {
    match (dialect, lock) {
        (Dialect::Sqlite, _) => "",
        (Dialect::Postgres, Lock::Share) => " FOR KEY SHARE",
        // Others may go on referring to the row.
        (Dialect::Postgres, Lock::Change) => " FOR NO KEY UPDATE",
        (Dialect::Postgres, Lock::Remove) => " FOR UPDATE",
    }
}

fn column(name: &str) -> DynIden {
    Alias::new(name).into_iden()
}

pub(super) fn uuid(id: Option<Uuid>) -> Operand {
    Operand::Constant(id.map_or(Value::Null, Value::Uuid))
}
