//! What an environment calls its entities in ids, for those who only look.

use crate::cells;
use crate::database::{Database, References};
use crate::error::Result;
use freehold_base::{EntityTag, Value, ValueType};
use freehold_schema::catalog::Catalog;

impl Database {
    /// Puts the environment's tags into its catalog. Nothing is changed in the database: an entity that it does not have yet keeps
    /// the tag that it has.
    ///
    /// # Errors
    /// When the database is none of an environment, or does not answer.
    pub async fn find_tags(&self, catalog: &mut Catalog) -> Result<()> {
        let mut transaction = self.begin(References::Enforced).await?;
        let sql = "SELECT name, tag FROM fh_entity".to_owned();
        let found = transaction
            .query(sql, Vec::new(), vec![ValueType::Text, ValueType::Int])
            .await;
        transaction.undo().await;
        let table = found?;
        for row in 0..table.rows() {
            let name = cells::read(ValueType::Text, table.cell(row, 0))?;
            let tag = cells::read(ValueType::Int, table.cell(row, 1))?;
            if let (Value::Text(name), Value::Int(tag)) = (name, tag)
                && let Some(entity) = catalog.entities.get_mut(&name)
                && let Some(tag) = u16::try_from(tag).ok().and_then(EntityTag::new)
            {
                entity.tag = tag;
            }
        }
        Ok(())
    }
}
