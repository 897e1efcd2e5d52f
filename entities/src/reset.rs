//! `fh_reset`: links by which somebody chooses a password.

use sea_orm::entity::prelude::*;

/// One link, good once.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fh_reset")]
pub struct Model {
    /// SHA-256 of the token; the token itself is nowhere.
    #[sea_orm(primary_key, auto_increment = false)]
    pub token_hash: Vec<u8>,
    /// Whose password.
    pub user_id: Uuid,
    /// When it was made.
    pub created_at: i64,
    /// When it stops being good.
    pub expires_at: i64,
}

/// Nothing refers to it by a foreign key: users live in a table of the app.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
