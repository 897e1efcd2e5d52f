//! Data keys: wrapped, for each environment or tenant and key of the model.

use crate::columns::{bytes, instant, int, text, uuid};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(Alias::new("fh_data_key"))
            .if_not_exists()
            .col(uuid(manager, "id").not_null().primary_key())
            .col(uuid(manager, "tenant_id").not_null())
            .col(text("name").not_null())
            .col(int("number").not_null())
            .col(text("kek_id").not_null())
            .col(bytes("wrapped").not_null())
            .col(instant("created_at").not_null())
            .to_owned();
        manager.create_table(table).await?;
        // Two servers that make the same data key: one of them finds that it is there.
        let index = Index::create()
            .name("fh_data_key_number")
            .table(Alias::new("fh_data_key"))
            .col(Alias::new("tenant_id"))
            .col(Alias::new("name"))
            .col(Alias::new("number"))
            .unique()
            .if_not_exists()
            .to_owned();
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table(Alias::new("fh_data_key")).if_exists().to_owned())
            .await
    }
}
