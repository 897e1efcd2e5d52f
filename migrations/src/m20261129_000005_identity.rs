//! Identity: sessions of every kind, what is good once, second factors, people as identity providers know them, refresh tokens, and
//! the bounds on who tries how often.
//!
//! Sessions that were there are over: they say less than is asked of one now, and people sign in again.

use crate::columns::{bytes, instant, int, text, uuid};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: [&str; 6] = [
    "fh_rate",
    "fh_refresh",
    "fh_identity",
    "fh_recovery",
    "fh_factor",
    "fh_ticket",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let new = |name: &'static str| Table::create().table(Alias::new(name)).if_not_exists().to_owned();
        let old = Table::drop().table(Alias::new("fh_session")).if_exists().to_owned();
        manager.drop_table(old).await?;
        manager
            .create_table(
                new("fh_session")
                    .col(bytes("token_hash").not_null().primary_key())
                    .col(uuid(manager, "id").not_null())
                    .col(uuid(manager, "user_id").not_null())
                    .col(text("kind").not_null())
                    .col(text("terms"))
                    .col(uuid(manager, "tenant_id"))
                    .col(int("rotate").not_null().default(0))
                    .col(text("label"))
                    .col(instant("created_at").not_null())
                    .col(instant("last_seen_at").not_null())
                    .col(instant("expires_at").not_null())
                    .col(text("user_agent"))
                    .col(text("address"))
                    .col(text("provider"))
                    .col(text("provider_session"))
                    .col(uuid(manager, "family"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                new("fh_ticket")
                    .col(bytes("token_hash").not_null().primary_key())
                    .col(text("kind").not_null())
                    .col(uuid(manager, "user_id"))
                    .col(text("data").not_null())
                    .col(instant("created_at").not_null())
                    .col(instant("expires_at").not_null())
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                new("fh_factor")
                    .col(uuid(manager, "id").not_null().primary_key())
                    .col(uuid(manager, "user_id").not_null())
                    .col(text("kind").not_null())
                    .col(text("label").not_null())
                    .col(text("handle"))
                    .col(bytes("secret").not_null())
                    .col(instant("used_step"))
                    .col(instant("created_at").not_null())
                    .col(instant("last_used_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                new("fh_recovery")
                    .col(bytes("code_hash").not_null().primary_key())
                    .col(uuid(manager, "user_id").not_null())
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                new("fh_identity")
                    .col(text("provider").not_null())
                    .col(text("subject").not_null())
                    .col(uuid(manager, "user_id").not_null())
                    .col(text("grants").not_null())
                    .col(instant("created_at").not_null())
                    .col(instant("last_seen_at").not_null())
                    .primary_key(Index::create().col(Alias::new("provider")).col(Alias::new("subject")))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                new("fh_refresh")
                    .col(bytes("token_hash").not_null().primary_key())
                    .col(uuid(manager, "family").not_null())
                    .col(uuid(manager, "user_id").not_null())
                    .col(text("client").not_null())
                    .col(text("terms"))
                    .col(instant("created_at").not_null())
                    .col(instant("expires_at").not_null())
                    .col(instant("used_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                new("fh_rate")
                    .col(text("subject").not_null().primary_key())
                    .col(instant("free_at").not_null())
                    .to_owned(),
            )
            .await?;
        for (table, column) in [
            ("fh_session", "id"),
            ("fh_session", "user_id"),
            ("fh_session", "expires_at"),
            ("fh_session", "family"),
            ("fh_ticket", "expires_at"),
            ("fh_ticket", "user_id"),
            ("fh_factor", "user_id"),
            ("fh_factor", "handle"),
            ("fh_recovery", "user_id"),
            ("fh_identity", "user_id"),
            ("fh_refresh", "family"),
            ("fh_refresh", "user_id"),
            ("fh_refresh", "expires_at"),
            ("fh_rate", "free_at"),
        ] {
            let index = Index::create()
                .name(format!("{table}_{column}"))
                .table(Alias::new(table))
                .col(Alias::new(column))
                .if_not_exists()
                .to_owned();
            manager.create_index(index).await?;
        }
        // Whoever has a password has chosen it by a letter, or was added by those who run the server: their addresses count.
        let verified = Table::alter()
            .table(Alias::new("fh_credential"))
            .add_column(text("verified_email").not_null().default("*"))
            .to_owned();
        manager.alter_table(verified).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in TABLES {
            manager
                .drop_table(Table::drop().table(Alias::new(name)).if_exists().to_owned())
                .await?;
        }
        let verified = Table::alter()
            .table(Alias::new("fh_credential"))
            .drop_column(Alias::new("verified_email"))
            .to_owned();
        manager.alter_table(verified).await
    }
}
