//! `fh_ticket`: what is good once and for a while: links, challenges, sign-ins that are under way.

use sea_orm::entity::prelude::*;

/// One ticket.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fh_ticket")]
pub struct Model {
    /// SHA-256 of the token; the token itself is nowhere.
    #[sea_orm(primary_key, auto_increment = false)]
    pub token_hash: Vec<u8>,
    /// What it is for; good for nothing else.
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    /// Whom it is about.
    pub user_id: Option<Uuid>,
    /// What is to be known when it comes back, in JSON.
    #[sea_orm(column_type = "Text")]
    pub data: String,
    /// When it was made.
    pub created_at: i64,
    /// When it stops being good.
    pub expires_at: i64,
}

/// Nothing refers to it by a foreign key: users live in a table of the app.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
