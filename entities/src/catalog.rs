//! `fh_catalog`: the shape of the tables as they are.

use sea_orm::entity::prelude::*;

/// One applied shape; the newest has the greatest id.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fh_catalog")]
pub struct Model {
    /// Ascending.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// The shape, as `storage` writes it.
    #[sea_orm(column_type = "Text")]
    pub shape: String,
    /// When it was applied.
    pub applied_at: i64,
}

/// Nothing refers to it by a foreign key: users live in a table of the app.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
