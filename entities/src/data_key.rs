//! `fh_data_key`: data keys, wrapped with a key-encryption key that is not in the database.

use sea_orm::entity::prelude::*;

/// One data key.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fh_data_key")]
pub struct Model {
    /// Random.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose; nil for a key of the whole environment.
    pub tenant_id: Uuid,
    /// The model's name of the key.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// 1, 2, …: values are sealed under the greatest; the first makes what they are compared by.
    pub number: i32,
    /// The key-encryption key that wraps it.
    #[sea_orm(column_type = "Text")]
    pub kek_id: String,
    /// Its secret, wrapped.
    pub wrapped: Vec<u8>,
    /// When it was made.
    pub created_at: i64,
}

/// Nothing refers to it by a foreign key: tenants live in a table of the app.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
