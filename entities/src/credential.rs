//! `fh_credential`: a password, and the failures to give it.

use sea_orm::entity::prelude::*;

/// One user's password.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fh_credential")]
pub struct Model {
    /// The user.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    /// PHC string.
    #[sea_orm(column_type = "Text")]
    pub password_hash: String,
    /// Attempts begun since the last success.
    pub failures: i32,
    /// No attempt is heard before.
    pub blocked_until: Option<i64>,
    /// When the password was set.
    pub changed_at: i64,
    /// The address that its owner has shown to be theirs; `*`: whichever they have.
    #[sea_orm(column_type = "Text")]
    pub verified_email: String,
}

/// Nothing refers to it by a foreign key: users live in a table of the app.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
