//! `fh_factor`: second factors: authenticators that show codes, and passkeys.

use sea_orm::entity::prelude::*;

/// One factor.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fh_factor")]
pub struct Model {
    /// Random.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose.
    pub user_id: Uuid,
    /// `totp` or `passkey`.
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    /// What its owner calls it.
    #[sea_orm(column_type = "Text")]
    pub label: String,
    /// A passkey's credential id, in base64url.
    #[sea_orm(column_type = "Text", nullable)]
    pub handle: Option<String>,
    /// Sealed: a secret of codes, or the public half of a passkey.
    pub secret: Vec<u8>,
    /// The step of the last code: it and those before are used up.
    pub used_step: Option<i64>,
    /// When it was set up.
    pub created_at: i64,
    /// When it was last used.
    pub last_used_at: Option<i64>,
}

/// Nothing refers to it by a foreign key: users live in a table of the app.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
