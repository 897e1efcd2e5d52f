//! Development data into an empty environment.

use crate::binder::Bound;
use crate::database::{Database, References};
use crate::dialect::{quote, quote_all};
use crate::error::{Error, Result};
use crate::program::Dialect;
use crate::tables::stored_type;
use crate::transaction::Transaction;
use freehold_base::{Clock, RowId, Timestamp, Value, ValueType};
use freehold_schema::catalog::{Catalog, EntityDef, EntityId, FieldDef, FieldId, FieldType, SystemField};
use freehold_schema::seed::{Seed, SeedRow};
use std::collections::HashMap;

/// Rows of one `INSERT`.
const BATCH_ROWS_MAX: usize = 500;
/// Parameters of one statement; SQLite allows 32,766, PostgreSQL 65,535.
const PARAMETERS_MAX: usize = 30_000;
/// The version of a new row.
const FIRST_VERSION: i64 = 1;

impl Database {
    /// Whether any table of the app has a row.
    ///
    /// # Errors
    /// When the tables are not there yet, or the database does not answer.
    pub async fn has_data(&self, catalog: &Catalog) -> Result<bool> {
        let mut transaction = self.begin(References::Enforced).await?;
        has_data(&mut transaction, catalog).await
    }

    /// Inserts development data in one transaction. References may point forward; they are checked at the end.
    /// Encrypted fields stay null. `progress` is told the rows done and the rows in all.
    ///
    /// # Errors
    /// [`Error::NotEmpty`] when the environment has rows, [`Error::Conflict`] when the rows contradict each other.
    pub async fn insert_seed(
        &self,
        catalog: &Catalog,
        seed: &Seed,
        clock: &dyn Clock,
        progress: &mut (dyn FnMut(usize, usize) + Send),
    ) -> Result<()> {
        let mut transaction = self.begin(References::Enforced).await?;
        if has_data(&mut transaction, catalog).await? {
            return Err(Error::NotEmpty);
        }
        let mut numbers = Numbers {
            now: clock.now(),
            next: HashMap::new(),
        };
        let mut rest = &seed.rows[..];
        while let Some(first) = rest.first() {
            let entity = catalog.entity(first.entity);
            let fields: Vec<(&FieldDef, String, ValueType)> = entity.fields.iter().filter_map(stored).collect();
            let most = BATCH_ROWS_MAX.min(PARAMETERS_MAX / fields.len().max(1)).max(1);
            let count = rest
                .iter()
                .take(most)
                .take_while(|row| row.entity == first.entity)
                .count();
            let (batch, after) = rest.split_at(count);
            insert(&mut transaction, entity, &fields, batch, &mut numbers).await?;
            rest = after;
            progress(seed.rows.len() - rest.len(), seed.rows.len());
        }
        analyze(&mut transaction, catalog).await?;
        transaction.commit().await
    }
}

/// Tells the database's planner what is in its tables, which it would else find out later or, on SQLite, never.
async fn analyze(transaction: &mut Transaction, catalog: &Catalog) -> Result<()> {
    let sql = match transaction.dialect() {
        Dialect::Sqlite => "ANALYZE".to_owned(),
        Dialect::Postgres => format!("ANALYZE {}", quote_all(catalog.entities.keys())),
    };
    transaction.batch(sql).await
}

/// What the server itself puts into new rows.
struct Numbers {
    now: Timestamp,
    /// The last number given, by field and tenant.
    next: HashMap<(EntityId, FieldId, Option<RowId>), i64>,
}

impl Numbers {
    fn next(&mut self, row: &SeedRow, field: FieldId) -> i64 {
        let last = self.next.entry((row.entity, field, row.tenant)).or_insert(0);
        *last += 1;
        *last
    }
}

async fn has_data(transaction: &mut Transaction, catalog: &Catalog) -> Result<bool> {
    let tables = catalog
        .entities
        .values()
        .map(|entity| format!("SELECT 1 WHERE EXISTS (SELECT 1 FROM {})", quote(&entity.name)));
    // One statement for each table would be one round trip for each; some hundred in one stay under SQLite's limit of 500.
    for part in tables.collect::<Vec<_>>().chunks(100) {
        let found = transaction
            .query(part.join(" UNION ALL "), Vec::new(), vec![ValueType::Int])
            .await?;
        if found.rows() > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A field with its column and the type stored.
fn stored(field: &FieldDef) -> Option<(&FieldDef, String, ValueType)> {
    Some((field, field.column()?.name, stored_type(field)?))
}

async fn insert(
    transaction: &mut Transaction,
    entity: &EntityDef,
    fields: &[(&FieldDef, String, ValueType)],
    rows: &[SeedRow],
    numbers: &mut Numbers,
) -> Result<()> {
    let mut parameters = Vec::with_capacity(rows.len() * fields.len());
    let mut tuples = Vec::with_capacity(rows.len());
    for row in rows {
        let given: HashMap<FieldId, &Value> = row.values.iter().map(|(id, value)| (*id, value)).collect();
        let mut places = Vec::with_capacity(fields.len());
        for (field, _, value_type) in fields {
            parameters.push(Bound::new(value(entity, row, field, &given, numbers), *value_type)?);
            places.push(format!("${}", parameters.len()));
        }
        tuples.push(format!("({})", places.join(", ")));
    }
    let columns = quote_all(fields.iter().map(|(_, column, _)| column));
    let sql = format!(
        "INSERT INTO {} ({columns}) VALUES {}",
        quote(&entity.name),
        tuples.join(", ")
    );
    transaction.execute(sql, parameters).await?;
    Ok(())
}

fn value(
    entity: &EntityDef,
    row: &SeedRow,
    field: &FieldDef,
    given: &HashMap<FieldId, &Value>,
    numbers: &mut Numbers,
) -> Value {
    if field.encrypted.is_some() {
        return Value::Null;
    }
    let stated = given.get(&field.id).map(|value| (*value).clone());
    match field.system {
        Some(SystemField::Id) => Value::Uuid(row.id.uuid()),
        Some(SystemField::Tenant) => row.tenant.map_or(Value::Null, |tenant| Value::Uuid(tenant.uuid())),
        Some(SystemField::Version) => Value::Int(FIRST_VERSION),
        Some(SystemField::CreatedAt) => stated.unwrap_or(Value::DateTime(numbers.now.0)),
        Some(SystemField::UpdatedAt) => stated.unwrap_or_else(|| {
            // A row that nobody has changed was last changed when it was made.
            let created = entity.find_system(SystemField::CreatedAt).and_then(|id| given.get(&id));
            created.map_or(Value::DateTime(numbers.now.0), |value| (*value).clone())
        }),
        Some(SystemField::Owner | SystemField::CreatedBy | SystemField::UpdatedBy) => stated.unwrap_or(Value::Null),
        None => match (&field.field_type, stated) {
            (_, Some(value)) if !value.is_null() => value,
            (FieldType::Autonumber, _) => Value::Int(numbers.next(row, field.id)),
            (_, stated) => stated.unwrap_or(Value::Null),
        },
    }
}
