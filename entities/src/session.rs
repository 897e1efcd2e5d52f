//! `fh_session`: who is signed in.

use sea_orm::entity::prelude::*;

/// One session.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fh_session")]
pub struct Model {
    /// SHA-256 of the token; the token itself is nowhere.
    #[sea_orm(primary_key, auto_increment = false)]
    pub token_hash: Vec<u8>,
    /// Whose.
    pub user_id: Uuid,
    /// When it began.
    pub created_at: i64,
    /// When it was last used, to the minute.
    pub last_seen_at: i64,
    /// When it ends in any case.
    pub expires_at: i64,
    /// What the browser calls itself.
    #[sea_orm(column_type = "Text", nullable)]
    pub user_agent: Option<String>,
    /// Where it was begun from.
    #[sea_orm(column_type = "Text", nullable)]
    pub address: Option<String>,
}

/// Nothing refers to it by a foreign key: users live in a table of the app.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
