//! Dated steps of the platform's own tables (`fh_…`), alike on SQLite and PostgreSQL.
//!
//! They run inside one environment: a SQLite file, or the PostgreSQL schema that the connection's `search_path` names. The
//! tables of an app are not made here; `storage` derives them from the catalog.

mod columns;
mod m20261122_000001_platform_tables;
mod m20261123_000002_audit_log;
mod m20261123_000003_data_keys;
mod m20261123_000004_password_reset;
mod m20261129_000005_identity;

use sea_orm_migration::prelude::*;

/// Every step, oldest first.
#[derive(Clone, Copy, Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_000001_platform_tables::Migration),
            Box::new(m20261123_000002_audit_log::Migration),
            Box::new(m20261123_000003_data_keys::Migration),
            Box::new(m20261123_000004_password_reset::Migration),
            Box::new(m20261129_000005_identity::Migration),
        ]
    }

    fn migration_table_name() -> DynIden {
        Alias::new("fh_migration").into_iden()
    }
}

/// Brings the platform's tables up to date. Doing it again does nothing.
///
/// # Errors
/// When the database refuses a step; steps before it stay done.
pub async fn migrate(database: &DatabaseConnection) -> Result<(), DbErr> {
    Migrator::up(database, None).await
}

pub use sea_orm_migration::sea_orm::{DatabaseConnection, DbErr};

#[cfg(test)]
mod tests {
    use super::*;
    use sea_orm_migration::sea_orm::{ConnectionTrait, Database, Statement};

    #[tokio::test]
    async fn steps_run_twice_on_sqlite() {
        let database = Database::connect("sqlite::memory:").await.unwrap();
        migrate(&database).await.unwrap();
        migrate(&database).await.unwrap();
        let backend = database.get_database_backend();
        let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'fh%' ORDER BY name";
        let rows = database
            .query_all_raw(Statement::from_string(backend, sql))
            .await
            .unwrap();
        let names: Vec<String> = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
        assert_eq!(
            names,
            [
                "fh_audit",
                "fh_audit_chain",
                "fh_audit_tally",
                "fh_catalog",
                "fh_credential",
                "fh_data_key",
                "fh_entity",
                "fh_factor",
                "fh_identity",
                "fh_migration",
                "fh_rate",
                "fh_recovery",
                "fh_refresh",
                "fh_reset",
                "fh_session",
                "fh_setting",
                "fh_ticket"
            ]
        );
    }
}
