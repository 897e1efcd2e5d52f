//! Links by which somebody chooses a password.

use crate::columns::{bytes, instant, uuid};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(Alias::new("fh_reset"))
            .if_not_exists()
            .col(bytes("token_hash").not_null().primary_key())
            .col(uuid(manager, "user_id").not_null())
            .col(instant("created_at").not_null())
            .col(instant("expires_at").not_null())
            .to_owned();
        manager.create_table(table).await?;
        let index = Index::create()
            .name("fh_reset_user_id")
            .table(Alias::new("fh_reset"))
            .col(Alias::new("user_id"))
            .if_not_exists()
            .to_owned();
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table(Alias::new("fh_reset")).if_exists().to_owned())
            .await
    }
}
