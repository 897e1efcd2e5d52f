//! `fh_refresh`: refresh tokens of apps. Each is good once; one that comes back ends its whole family.

use sea_orm::entity::prelude::*;

/// One refresh token.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fh_refresh")]
pub struct Model {
    /// SHA-256 of the token; the token itself is nowhere.
    #[sea_orm(primary_key, auto_increment = false)]
    pub token_hash: Vec<u8>,
    /// All that came from one sign-in.
    pub family: Uuid,
    /// Whose.
    pub user_id: Uuid,
    /// The app it was given to.
    #[sea_orm(column_type = "Text")]
    pub client: String,
    /// What its access tokens are good for, as in `fh_session`.
    #[sea_orm(column_type = "Text", nullable)]
    pub terms: Option<String>,
    /// When it was made.
    pub created_at: i64,
    /// When it stops being good.
    pub expires_at: i64,
    /// When it was used up.
    pub used_at: Option<i64>,
}

/// Nothing refers to it by a foreign key: users live in a table of the app.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
