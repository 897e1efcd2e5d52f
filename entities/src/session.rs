//! `fh_session`: what shows who calls: sessions of people, access tokens, keys of machines.

use sea_orm::entity::prelude::*;

/// One session, or whatever counts as one.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fh_session")]
pub struct Model {
    /// SHA-256 of the token; the token itself is nowhere.
    #[sea_orm(primary_key, auto_increment = false)]
    pub token_hash: Vec<u8>,
    /// What it is called where people see it. Nobody gets in with it.
    pub id: Uuid,
    /// Whose.
    pub user_id: Uuid,
    /// `browser`, `token`, `key` …
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    /// What it is good for, in JSON; null for a session of a browser without a second factor.
    #[sea_orm(column_type = "Text", nullable)]
    pub terms: Option<String>,
    /// The only tenant in which it counts; null: all.
    pub tenant_id: Option<Uuid>,
    /// 1: its token is to be replaced when it is next used. 2: it was, and is good for requests that are under way.
    pub rotate: i32,
    /// What its owner calls it.
    #[sea_orm(column_type = "Text", nullable)]
    pub label: Option<String>,
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
    /// The identity provider that signed the person in.
    #[sea_orm(column_type = "Text", nullable)]
    pub provider: Option<String>,
    /// What the provider calls its own session (`sid`).
    #[sea_orm(column_type = "Text", nullable)]
    pub provider_session: Option<String>,
    /// The refresh tokens it came from.
    pub family: Option<Uuid>,
}

/// Nothing refers to it by a foreign key: users live in a table of the app.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
