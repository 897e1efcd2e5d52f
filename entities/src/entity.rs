//! `fh_entity`: the number of each entity in its rows' ids, assigned once per environment.

use sea_orm::entity::prelude::*;

/// One entity's number.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fh_entity")]
pub struct Model {
    /// The model's name of the entity.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub name: String,
    /// 12 bits.
    #[sea_orm(unique)]
    pub tag: i32,
}

/// Nothing refers to it by a foreign key: users live in a table of the app.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
