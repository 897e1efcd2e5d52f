//! The first tables: settings, entity numbers, the applied catalog, credentials and sessions.

use crate::columns::{bytes, instant, int, text, uuid};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let new = |name: &'static str| Table::create().table(Alias::new(name)).if_not_exists().to_owned();
        manager
            .create_table(
                new("fh_setting")
                    .col(text("key").not_null().primary_key())
                    .col(text("value").not_null())
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                new("fh_entity")
                    .col(text("name").not_null().primary_key())
                    .col(int("tag").not_null().unique_key())
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                new("fh_catalog")
                    .col(int("id").not_null().primary_key())
                    .col(text("shape").not_null())
                    .col(instant("applied_at").not_null())
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                new("fh_credential")
                    .col(uuid(manager, "user_id").not_null().primary_key())
                    .col(text("password_hash").not_null())
                    .col(int("failures").not_null().default(0))
                    .col(instant("blocked_until"))
                    .col(instant("changed_at").not_null())
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                new("fh_session")
                    .col(bytes("token_hash").not_null().primary_key())
                    .col(uuid(manager, "user_id").not_null())
                    .col(instant("created_at").not_null())
                    .col(instant("last_seen_at").not_null())
                    .col(instant("expires_at").not_null())
                    .col(text("user_agent"))
                    .col(text("address"))
                    .to_owned(),
            )
            .await?;
        // Listing and ending a person's sessions; purging those that are over.
        for column in ["user_id", "expires_at"] {
            let index = Index::create()
                .name(format!("fh_session_{column}"))
                .table(Alias::new("fh_session"))
                .col(Alias::new(column))
                .if_not_exists()
                .to_owned();
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["fh_session", "fh_credential", "fh_catalog", "fh_entity", "fh_setting"] {
            manager
                .drop_table(Table::drop().table(Alias::new(name)).if_exists().to_owned())
                .await?;
        }
        Ok(())
    }
}
