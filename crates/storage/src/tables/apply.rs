//! An environment's tables brought to what a catalog says.

use super::compare::{Change, compare};
use super::ddl::column_type;
use super::rebuild::carry_out;
use super::safety::{Permission, problems};
use super::{Tables, desired};
use crate::binder::Bound;
use crate::cells::{Table, read};
use crate::database::{Database, References};
use crate::error::{Error, Result};
use crate::program::Dialect;
use crate::transaction::Transaction;
use freehold_base::{Clock, EntityTag, Value, ValueType};
use freehold_schema::catalog::{Catalog, EntityId, FieldId};
use std::collections::BTreeMap;

/// What was done to an environment's tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// The changes, in the order they were made; none when the tables were already right.
    pub changes: Vec<Change>,
    /// The tag of each entity of the catalog, by name; see [`Applied::give_tags`].
    pub tags: BTreeMap<String, EntityTag>,
}

impl Applied {
    /// Puts the environment's tags into its catalog: before anything makes an id.
    pub fn give_tags(&self, catalog: &mut Catalog) {
        for (name, entity) in &mut catalog.entities {
            if let Some(tag) = self.tags.get(name) {
                entity.tag = *tag;
            }
        }
    }
}

/// The row of `fh_catalog` that holds the present shape.
const SHAPE_ROW: i64 = 1;

/// The platform's tables that this room keeps itself; `migrations` has the same definitions.
const PLATFORM_TABLES: &str = "\
CREATE TABLE IF NOT EXISTS fh_entity (name text NOT NULL PRIMARY KEY, tag integer NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS fh_catalog (id integer NOT NULL PRIMARY KEY, shape text NOT NULL, applied_at bigint NOT NULL);
CREATE TABLE IF NOT EXISTS fh_setting (key text NOT NULL PRIMARY KEY, value text NOT NULL);";

/// The numbers that fields of type `autonumber` have got, for each tenant; the tenant of shared rows is nobody's id.
const COUNTERS: &str = "\
CREATE TABLE IF NOT EXISTS fh_counter \
(entity integer NOT NULL, field text NOT NULL, tenant UUID NOT NULL, value bigint NOT NULL, PRIMARY KEY (entity, field, tenant))";

impl Database {
    /// Brings the tables to what the catalog says, in one transaction; two servers that start together wait for each other.
    /// `indexes` are those the app's rules need. A second call changes nothing.
    ///
    /// # Errors
    /// [`Error::UnsafeChange`] with every change that would lose data, unless `allow_destructive`; nothing has been changed then.
    pub async fn apply(
        &self,
        catalog: &Catalog,
        indexes: &[(EntityId, Vec<FieldId>)],
        allow_destructive: bool,
        clock: &dyn Clock,
    ) -> Result<Applied> {
        let wanted = desired(catalog, indexes);
        let permission = if allow_destructive {
            Permission::AllowDestructive
        } else {
            Permission::Careful
        };
        let mut transaction = self.begin(References::CheckedByHand).await?;
        prepare(&mut transaction).await?;
        let tags = tags(&mut transaction, catalog).await?;
        let present = present(&mut transaction).await?;
        let changes = compare(&present, &wanted, catalog);
        let problems = problems(&mut transaction, &changes, &present, catalog, permission).await?;
        if !problems.is_empty() {
            return Err(Error::UnsafeChange { problems });
        }
        carry_out(&mut transaction, &changes, &present, &wanted, catalog).await?;
        if present != wanted {
            store(&mut transaction, &wanted, clock).await?;
        }
        transaction.commit().await?;
        for change in &changes {
            tracing::info!(%change, "tables changed");
        }
        Ok(Applied { changes, tags })
    }

    /// The changes that [`Database::apply`] would make, and the problems that would stop it. Changes nothing.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn compare(
        &self,
        catalog: &Catalog,
        indexes: &[(EntityId, Vec<FieldId>)],
    ) -> Result<(Vec<Change>, Vec<String>)> {
        let mut transaction = self.begin(References::Enforced).await?;
        prepare(&mut transaction).await?;
        let present = present(&mut transaction).await?;
        let changes = compare(&present, &desired(catalog, indexes), catalog);
        let problems = problems(&mut transaction, &changes, &present, catalog, Permission::Careful).await?;
        Ok((changes, problems))
    }
}

/// Takes the lock of changes, and makes the platform's tables if `migrations` has not yet.
async fn prepare(transaction: &mut Transaction) -> Result<()> {
    if transaction.dialect() == Dialect::Postgres {
        // SQLite has one writer anyway. A change of tables waits for their readers, and new readers wait for it: not for long.
        let lock = "SELECT pg_advisory_xact_lock(hashtextextended('freehold.tables.' || current_schema(), 0));\n\
                    SET LOCAL lock_timeout = '10s'";
        transaction.batch(lock.to_owned()).await?;
    }
    transaction.batch(PLATFORM_TABLES.to_owned()).await?;
    let uuid = column_type(ValueType::Uuid, transaction.dialect());
    transaction.batch(COUNTERS.replace("UUID", uuid)).await
}

/// The entities' tags; new entities get one. A tag is never given twice, not even that of an entity long gone.
async fn tags(transaction: &mut Transaction, catalog: &Catalog) -> Result<BTreeMap<String, EntityTag>> {
    let known = transaction
        .query(
            "SELECT name, tag FROM fh_entity".to_owned(),
            Vec::new(),
            vec![ValueType::Text, ValueType::Int],
        )
        .await?;
    let mut taken = BTreeMap::new();
    for row in 0..known.rows() {
        if let (Value::Text(name), Value::Int(tag)) = (
            read(ValueType::Text, known.cell(row, 0))?,
            read(ValueType::Int, known.cell(row, 1))?,
        ) {
            let tag = u16::try_from(tag)
                .ok()
                .and_then(EntityTag::new)
                .ok_or_else(|| Error::program(format!("tag {tag} of `{name}`")))?;
            taken.insert(name, tag);
        }
    }
    let mut tags = BTreeMap::new();
    for entity in catalog.entities.values() {
        if let Some(tag) = taken.get(&entity.name) {
            tags.insert(entity.name.clone(), *tag);
            continue;
        }
        let free = |tag: &EntityTag| !taken.values().any(|other| other == tag);
        let next = || {
            taken
                .values()
                .map(|tag| tag.number())
                .max()
                .map_or(Some(1), |tag| tag.checked_add(1))
        };
        let tag = Some(entity.tag)
            .filter(free)
            .or_else(|| next().and_then(EntityTag::new));
        let tag = tag.ok_or_else(|| Error::program("an environment has had more than 4095 entities"))?;
        let row = vec![
            text(entity.name.clone())?,
            Bound::new(Value::Int(i64::from(tag.number())), ValueType::Int)?,
        ];
        transaction
            .execute("INSERT INTO fh_entity (name, tag) VALUES ($1, $2)".to_owned(), row)
            .await?;
        taken.insert(entity.name.clone(), tag);
        tags.insert(entity.name.clone(), tag);
    }
    Ok(tags)
}

/// The shape the tables have.
async fn present(transaction: &mut Transaction) -> Result<Tables> {
    let sql = format!("SELECT shape FROM fh_catalog WHERE id = {SHAPE_ROW}");
    let stored: Table = transaction.query(sql, Vec::new(), vec![ValueType::Text]).await?;
    match stored.cell(0, 0) {
        None => Ok(Tables::default()),
        Some(shape) => {
            serde_json::from_slice(shape).map_err(|error| Error::program(format!("fh_catalog holds no shape: {error}")))
        }
    }
}

async fn store(transaction: &mut Transaction, tables: &Tables, clock: &dyn Clock) -> Result<()> {
    let shape = serde_json::to_string(tables).map_err(|error| Error::program(error.to_string()))?;
    let sql = format!(
        "INSERT INTO fh_catalog (id, shape, applied_at) VALUES ({SHAPE_ROW}, $1, $2) \
         ON CONFLICT (id) DO UPDATE SET shape = excluded.shape, applied_at = excluded.applied_at"
    );
    transaction
        .execute(
            sql,
            vec![text(shape)?, Bound::new(Value::Int(clock.now().0), ValueType::BigInt)?],
        )
        .await?;
    Ok(())
}

fn text(text: String) -> Result<Bound> {
    Bound::new(Value::Text(text), ValueType::Text)
}
