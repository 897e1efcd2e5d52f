//! The audit log: its records and the heads of its chains, which the database itself lets nobody change, and the tallies of what is
//! repeated.
//!
//! Written out for each dialect: the builder has neither triggers nor tables without a row id.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DatabaseBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// `UUID` and `BYTES` are the dialect's types; `CLUSTERED` is how SQLite keeps a table by its key alone.
const TABLES: &str = r"
CREATE TABLE IF NOT EXISTS fh_audit (
    chain UUID NOT NULL,
    seq bigint NOT NULL,
    at bigint NOT NULL,
    kind text NOT NULL,
    user_id UUID,
    entity text,
    row_id UUID,
    detail text NOT NULL,
    request_id text,
    previous BYTES NOT NULL,
    hash BYTES NOT NULL,
    PRIMARY KEY (chain, seq)
) CLUSTERED;
CREATE INDEX IF NOT EXISTS fh_audit_user ON fh_audit (chain, user_id, seq);
CREATE INDEX IF NOT EXISTS fh_audit_kind ON fh_audit (chain, kind, seq);
CREATE INDEX IF NOT EXISTS fh_audit_at ON fh_audit (chain, at);
CREATE TABLE IF NOT EXISTS fh_audit_chain (
    chain UUID NOT NULL PRIMARY KEY,
    length bigint NOT NULL,
    hash BYTES NOT NULL
) CLUSTERED;
CREATE TABLE IF NOT EXISTS fh_audit_tally (
    chain UUID NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    user_id UUID,
    opened_at bigint NOT NULL,
    seen bigint NOT NULL,
    held bigint NOT NULL,
    recent text NOT NULL,
    alerted_at bigint,
    PRIMARY KEY (chain, kind, subject)
) CLUSTERED;
CREATE INDEX IF NOT EXISTS fh_audit_tally_opened_at ON fh_audit_tally (opened_at);
";

/// `INSERT OR REPLACE` would remove a record without a word to the triggers on removal, hence those on insertion.
const SQLITE_TRIGGERS: &str = r"
CREATE TRIGGER IF NOT EXISTS fh_audit_no_update BEFORE UPDATE ON fh_audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS fh_audit_no_delete BEFORE DELETE ON fh_audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS fh_audit_no_replace BEFORE INSERT ON fh_audit
WHEN EXISTS (SELECT 1 FROM fh_audit WHERE chain = NEW.chain AND seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS fh_audit_chain_grows BEFORE UPDATE ON fh_audit_chain
WHEN NEW.chain <> OLD.chain OR NEW.length <= OLD.length
BEGIN SELECT RAISE(ABORT, 'a chain of the audit log only grows'); END;
CREATE TRIGGER IF NOT EXISTS fh_audit_chain_no_delete BEFORE DELETE ON fh_audit_chain
BEGIN SELECT RAISE(ABORT, 'a chain of the audit log only grows'); END;
CREATE TRIGGER IF NOT EXISTS fh_audit_chain_no_replace BEFORE INSERT ON fh_audit_chain
WHEN EXISTS (SELECT 1 FROM fh_audit_chain WHERE chain = NEW.chain)
BEGIN SELECT RAISE(ABORT, 'a chain of the audit log only grows'); END;
";

const POSTGRES_TRIGGERS: &str = r"
CREATE OR REPLACE FUNCTION fh_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE OR REPLACE FUNCTION fh_audit_chain_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.chain <> OLD.chain OR NEW.length <= OLD.length THEN
        RAISE EXCEPTION 'a chain of the audit log only grows' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER fh_audit_no_change BEFORE UPDATE OR DELETE ON fh_audit
FOR EACH ROW EXECUTE FUNCTION fh_audit_refuse();
CREATE OR REPLACE TRIGGER fh_audit_no_truncate BEFORE TRUNCATE ON fh_audit
FOR EACH STATEMENT EXECUTE FUNCTION fh_audit_refuse();
CREATE OR REPLACE TRIGGER fh_audit_chain_grows BEFORE UPDATE ON fh_audit_chain
FOR EACH ROW EXECUTE FUNCTION fh_audit_chain_grows();
CREATE OR REPLACE TRIGGER fh_audit_chain_no_delete BEFORE DELETE ON fh_audit_chain
FOR EACH ROW EXECUTE FUNCTION fh_audit_refuse();
CREATE OR REPLACE TRIGGER fh_audit_chain_no_truncate BEFORE TRUNCATE ON fh_audit_chain
FOR EACH STATEMENT EXECUTE FUNCTION fh_audit_refuse();
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sqlite = manager.get_database_backend() == DatabaseBackend::Sqlite;
        let (uuid, bytes, clustered, triggers) = if sqlite {
            ("blob", "blob", "WITHOUT ROWID", SQLITE_TRIGGERS)
        } else {
            ("uuid", "bytea", "", POSTGRES_TRIGGERS)
        };
        let tables = TABLES
            .replace("UUID", uuid)
            .replace("BYTES", bytes)
            .replace("CLUSTERED", clustered);
        let connection = manager.get_connection();
        connection.execute_unprepared(&tables).await?;
        connection.execute_unprepared(triggers).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // The triggers go with their tables.
        for name in ["fh_audit_tally", "fh_audit_chain", "fh_audit"] {
            manager
                .drop_table(Table::drop().table(Alias::new(name)).if_exists().to_owned())
                .await?;
        }
        if manager.get_database_backend() != DatabaseBackend::Sqlite {
            let functions = "DROP FUNCTION IF EXISTS fh_audit_refuse(); DROP FUNCTION IF EXISTS fh_audit_chain_grows()";
            manager.get_connection().execute_unprepared(functions).await?;
        }
        Ok(())
    }
}
