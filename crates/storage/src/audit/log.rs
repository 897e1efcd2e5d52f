//! Reading the audit log: pages of a chain, and the heads of all.

use super::record::{AuditRecord, Digest};
use super::{AuditChain, AuditKind, bound};
use crate::binder::Bound;
use crate::cells::{Table, read};
use crate::database::Database;
use crate::error::{Error, Result};
use crate::program::{Dialect, Parameter, Program, Statement};
use freehold_base::{RowId, Timestamp, Value, ValueType};
use freehold_policy::operand::Operand;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

/// Which records of a chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Of one of these kinds; none given: of any.
    pub kinds: Vec<AuditKind>,
    /// By this user.
    pub user: Option<RowId>,
    /// At that moment or later.
    pub since: Option<Timestamp>,
    /// Before that moment.
    pub until: Option<Timestamp>,
}

/// The head of a chain: how many records it has, and the hash of the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditHead {
    /// Whose.
    pub chain: AuditChain,
    /// Records.
    pub length: i64,
    /// Hash of the last.
    pub hash: Digest,
}

/// Sign-ins, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignIns {
    /// Those that succeeded, by how, most first.
    pub by_method: Vec<(String, i64)>,
    /// How many people these were.
    pub users: i64,
    /// Those that failed.
    pub failures: i64,
    /// How often somebody was locked out.
    pub lockouts: i64,
}

/// A statement in the making.
#[derive(Default)]
pub(super) struct Select {
    sql: String,
    values: Vec<(Value, ValueType)>,
}

impl Select {
    pub(super) fn push(mut self, text: &str) -> Self {
        self.sql.push_str(text);
        self
    }

    pub(super) fn bind(mut self, value: Value, value_type: ValueType) -> Self {
        self.values.push((value, value_type));
        // Writing to a string does not fail.
        let _ = write!(self.sql, "${}", self.values.len());
        self
    }

    pub(super) fn number(self, number: i64) -> Self {
        self.bind(Value::Int(number), ValueType::BigInt)
    }

    pub(super) fn chain(self, chain: AuditChain) -> Self {
        self.bind(Value::Uuid(chain.id().uuid()), ValueType::Uuid)
    }

    /// Runs it outside of any transaction.
    pub(super) async fn run(self, database: &Database, columns: Vec<ValueType>) -> Result<Table> {
        let bounds: Vec<Bound> = self
            .values
            .iter()
            .map(|(value, value_type)| bound(value.clone(), *value_type))
            .collect::<Result<_>>()?;
        let parameters = self.values.into_iter().map(|(value, value_type)| Parameter {
            operand: Operand::Constant(value),
            value_type,
            sealed: None,
        });
        let program = Arc::new(Program {
            statements: vec![Statement {
                sql: self.sql,
                parameters: parameters.collect(),
                columns,
                parent: None,
            }],
            layout: Vec::new(),
            keys: BTreeSet::new(),
            reads: std::collections::BTreeMap::new(),
        });
        let mut tables = database.rows(&program, vec![bounds]).await?;
        tables.pop().ok_or_else(|| Error::program("a statement has no rows"))
    }
}

impl Database {
    /// Records of a chain, the newest first: at most `limit` of those before the one of number `before`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn audit_page(
        &self,
        chain: AuditChain,
        filter: &AuditFilter,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<AuditRecord>> {
        let columns = AuditRecord::selected(self.dialect());
        let mut select = Select::default()
            .push(&format!("SELECT {columns} FROM fh_audit WHERE chain = "))
            .chain(chain);
        if let Some(before) = before {
            select = select.push(" AND seq < ").number(before);
        }
        select = matching(select, filter)
            .push(" ORDER BY seq DESC LIMIT ")
            .number(i64::from(limit));
        let table = select.run(self, AuditRecord::types()).await?;
        (0..table.rows()).map(|row| AuditRecord::read(&table, row)).collect()
    }

    /// How many records of a chain match.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn audit_count(&self, chain: AuditChain, filter: &AuditFilter) -> Result<i64> {
        let select = Select::default()
            .push("SELECT count(*) FROM fh_audit WHERE chain = ")
            .chain(chain);
        let table = matching(select, filter).run(self, vec![ValueType::BigInt]).await?;
        count(&table, 0, 0)
    }

    /// Sign-ins of a chain, from one moment to before another. Of a flood of failures those count that are recorded by now.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn audit_sign_ins(
        &self,
        chain: AuditChain,
        since: Option<Timestamp>,
        until: Option<Timestamp>,
    ) -> Result<SignIns> {
        let of = |kind: AuditKind| AuditFilter {
            kinds: vec![kind],
            since,
            until,
            ..AuditFilter::default()
        };
        let (method, repeated) = match self.dialect() {
            Dialect::Sqlite => (
                "json_extract(detail, '$.method')",
                "CAST(json_extract(detail, '$.repeated') AS INTEGER)",
            ),
            Dialect::Postgres => ("detail::json->>'method'", "CAST(detail::json->>'repeated' AS bigint)"),
        };
        let counted = |what: &str| {
            Select::default()
                .push(&format!("SELECT CAST({what} AS bigint) FROM fh_audit WHERE chain = "))
                .chain(chain)
        };
        let grouped = Select::default()
            .push(&format!("SELECT {method}, count(*) FROM fh_audit WHERE chain = "))
            .chain(chain);
        let table = matching(grouped, &of(AuditKind::SignIn))
            .push(" GROUP BY 1 ORDER BY 2 DESC, 1")
            .run(self, vec![ValueType::Text, ValueType::BigInt])
            .await?;
        let mut by_method = Vec::new();
        for row in 0..table.rows() {
            let method = match read(ValueType::Text, table.cell(row, 0))? {
                Value::Text(method) => method,
                _ => "unknown".to_owned(),
            };
            by_method.push((method, count(&table, row, 1)?));
        }
        let one = async |what: &str, kind: AuditKind| {
            let select = matching(counted(what), &of(kind));
            count(&select.run(self, vec![ValueType::BigInt]).await?, 0, 0)
        };
        Ok(SignIns {
            by_method,
            users: one("count(DISTINCT user_id)", AuditKind::SignIn).await?,
            failures: one(
                &format!("COALESCE(sum(COALESCE({repeated}, 1)), 0)"),
                AuditKind::SignInFailed,
            )
            .await?,
            lockouts: one("count(*)", AuditKind::LockedOut).await?,
        })
    }

    /// The heads of all chains; of a chain that has records and no head, none.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn audit_heads(&self) -> Result<Vec<AuditHead>> {
        let table = Select::default()
            .push("SELECT chain, length, hash FROM fh_audit_chain ORDER BY chain")
            .run(self, vec![ValueType::Uuid, ValueType::BigInt, ValueType::Bytes])
            .await?;
        (0..table.rows())
            .map(|row| {
                let chain = read(ValueType::Uuid, table.cell(row, 0))?;
                let length = read(ValueType::BigInt, table.cell(row, 1))?;
                match (chain, length, table.cell(row, 2).and_then(Digest::read)) {
                    (Value::Uuid(id), Value::Int(length), Some(hash)) => Ok(AuditHead {
                        chain: AuditChain::of(id.into()),
                        length,
                        hash,
                    }),
                    _ => Err(Error::program("the head of an audit chain cannot be read")),
                }
            })
            .collect()
    }

    /// Every chain that has a head or a record.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn audit_chains(&self) -> Result<Vec<AuditChain>> {
        let table = Select::default()
            .push("SELECT chain FROM fh_audit_chain UNION SELECT chain FROM fh_audit ORDER BY 1")
            .run(self, vec![ValueType::Uuid])
            .await?;
        (0..table.rows())
            .map(|row| match read(ValueType::Uuid, table.cell(row, 0))? {
                Value::Uuid(id) => Ok(AuditChain::of(id.into())),
                _ => Err(Error::program("an audit chain has no id")),
            })
            .collect()
    }
}

fn count(table: &Table, row: usize, column: usize) -> Result<i64> {
    match read(ValueType::BigInt, table.cell(row, column))? {
        Value::Int(count) => Ok(count),
        _ => Err(Error::program("a count is null")),
    }
}

fn matching(mut select: Select, filter: &AuditFilter) -> Select {
    if let Some(user) = filter.user {
        select = select
            .push(" AND user_id = ")
            .bind(Value::Uuid(user.uuid()), ValueType::Uuid);
    }
    for (index, kind) in filter.kinds.iter().enumerate() {
        select = select
            .push(if index == 0 { " AND kind IN (" } else { ", " })
            .bind(Value::Text(kind.name().to_owned()), ValueType::Text);
    }
    if !filter.kinds.is_empty() {
        select = select.push(")");
    }
    if let Some(since) = filter.since {
        select = select.push(" AND at >= ").number(since.0);
    }
    if let Some(until) = filter.until {
        select = select.push(" AND at < ").number(until.0);
    }
    select
}
