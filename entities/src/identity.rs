//! `fh_identity`: people as identity providers know them.

use sea_orm::entity::prelude::*;

/// One person at one provider.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fh_identity")]
pub struct Model {
    /// The provider's name in the model.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub provider: String,
    /// The provider's own id of the person; it is never given to another.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub subject: String,
    /// Who it is here.
    pub user_id: Uuid,
    /// Roles that this provider has given, in JSON: they are taken away when it stops saying so.
    #[sea_orm(column_type = "Text")]
    pub grants: String,
    /// When they first came.
    pub created_at: i64,
    /// When they last came.
    pub last_seen_at: i64,
}

/// Nothing refers to it by a foreign key: users live in a table of the app.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
