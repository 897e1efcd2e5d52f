//! Mutations that leave no trace: for policy tests.

use super::execute::Writing;
use super::{Refused, WriteRequest, WrittenRow, conflict};
use crate::database::Database;
use crate::error::Error;
use crate::program::Dialect;
use crate::transaction::Transaction;
use freehold_planner::mutation::MutationPlan;

/// What a mutation would have done.
#[derive(Debug)]
pub struct Rehearsed {
    /// Its answer: the JSON object of `data`.
    pub data: Vec<u8>,
    /// The rows that were written.
    pub written: Vec<WrittenRow>,
}

impl Database {
    /// Does all that [`Database::write`] does but keeps nothing of it: it is judged, written, answered and checked, and then undone.
    ///
    /// # Errors
    /// As [`Database::write`].
    pub async fn rehearse(
        &self,
        plan: &MutationPlan,
        mut request: WriteRequest<'_>,
    ) -> std::result::Result<Rehearsed, Refused> {
        let limit = self.request_timeout();
        let rehearsed = tokio::time::timeout(limit, self.rehearse_in_time(plan, &mut request));
        rehearsed.await.unwrap_or_else(|_| Err(Error::Timeout { limit }.into()))
    }

    async fn rehearse_in_time(
        &self,
        plan: &MutationPlan,
        request: &mut WriteRequest<'_>,
    ) -> std::result::Result<Rehearsed, Refused> {
        request.letters.clear();
        let mut writing = Writing::begin(self, plan, request).await?;
        let outcome = match writing.all().await {
            Ok(data) => writing.transaction.check().await.map(|()| data).map_err(Refused::from),
            Err(stopped) => Err(stopped.refused),
        };
        let written = std::mem::take(&mut writing.written);
        writing.transaction.undo().await;
        match outcome {
            Ok(data) => Ok(Rehearsed { data, written }),
            Err(Refused { error, root, at }) => Err(Refused {
                error: conflict::settled(error, &at),
                root,
                at,
            }),
        }
    }
}

impl Transaction {
    /// Checks what is otherwise checked at the end: references.
    async fn check(&mut self) -> crate::error::Result<()> {
        match self.dialect() {
            Dialect::Postgres => self.batch("SET CONSTRAINTS ALL IMMEDIATE".to_owned()).await,
            Dialect::Sqlite => {
                let sql = "SELECT 1 FROM pragma_foreign_key_check LIMIT 1".to_owned();
                let broken = self
                    .query(sql, Vec::new(), vec![freehold_base::ValueType::BigInt])
                    .await?;
                match broken.rows() {
                    0 => Ok(()),
                    _ => Err(Error::conflict(conflict::REFERENCE)),
                }
            }
        }
    }
}
