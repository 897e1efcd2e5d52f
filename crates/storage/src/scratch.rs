//! Databases that are thrown away: those of policy tests.

use crate::database::{Database, References};
use crate::dialect::quote;
use crate::error::Result;
use crate::program::Dialect;

impl Database {
    /// Drops a schema of PostgreSQL with all that is in it, if it is there. On SQLite there is none: the file is the environment.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn drop_schema(&self, name: &str) -> Result<()> {
        match self.dialect() {
            Dialect::Sqlite => Ok(()),
            Dialect::Postgres => {
                let mut transaction = self.begin(References::Enforced).await?;
                transaction
                    .batch(format!("DROP SCHEMA IF EXISTS {} CASCADE", quote(name)))
                    .await?;
                transaction.commit().await
            }
        }
    }
}
