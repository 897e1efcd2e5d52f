//! `fh_recovery`: codes for those who have lost their second factor.

use sea_orm::entity::prelude::*;

/// One code, good once.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fh_recovery")]
pub struct Model {
    /// SHA-256 of the owner and the code; the code itself is nowhere.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code_hash: Vec<u8>,
    /// Whose.
    pub user_id: Uuid,
}

/// Nothing refers to it by a foreign key: users live in a table of the app.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
