//! Development data into an empty environment.

use crate::binder::Bound;
use crate::database::{Database, References};
use crate::dialect::{quote, quote_all};
use crate::error::{Error, Result};
use crate::program::Dialect;
use crate::sealed::{self, SealedValue};
use crate::transaction::Transaction;
use freehold_base::{Clock, ColumnCipher, RowId, Timestamp, Value, ValueType};
use freehold_schema::catalog::{Catalog, EntityDef, EntityId, FieldDef, FieldId, FieldType, SystemField};
use freehold_schema::seed::{Seed, SeedRow};
use std::collections::{BTreeSet, HashMap};

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
    /// `cipher` has the keys of [`seals`] loaded. `progress` is told the rows done and the rows in all.
    ///
    /// # Errors
    /// [`Error::NotEmpty`] when the environment has rows, [`Error::Conflict`] when the rows contradict each other,
    /// [`Error::Sealed`] when a key is not there.
    pub async fn insert_seed(
        &self,
        catalog: &Catalog,
        seed: &Seed,
        cipher: Option<&dyn ColumnCipher>,
        clock: &dyn Clock,
        progress: &mut (dyn FnMut(usize, usize) + Send),
    ) -> Result<()> {
        let mut transaction = self.begin(References::Enforced).await?;
        if has_data(&mut transaction, catalog).await? {
            return Err(Error::NotEmpty);
        }
        let mut maker = Maker {
            catalog,
            cipher,
            now: clock.now(),
            next: HashMap::new(),
        };
        let mut rest = &seed.rows[..];
        while let Some(first) = rest.first() {
            let entity = catalog.entity(first.entity);
            let columns = entity
                .fields
                .iter()
                .map(|field| sealed::columns(field).len())
                .sum::<usize>();
            let most = BATCH_ROWS_MAX.min(PARAMETERS_MAX / columns.max(1)).max(1);
            let count = rest
                .iter()
                .take(most)
                .take_while(|row| row.entity == first.entity)
                .count();
            let (batch, after) = rest.split_at(count);
            insert(&mut transaction, entity, batch, &mut maker).await?;
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
struct Maker<'a> {
    catalog: &'a Catalog,
    cipher: Option<&'a dyn ColumnCipher>,
    now: Timestamp,
    /// The last number given, by field and tenant.
    next: HashMap<(EntityId, FieldId, Option<RowId>), i64>,
}

impl Maker<'_> {
    fn next(&mut self, row: &SeedRow, field: FieldId) -> i64 {
        let last = self.next.entry((row.entity, field, row.tenant)).or_insert(0);
        *last += 1;
        *last
    }

    /// The values for the columns of a field, in the order of [`sealed::columns`].
    fn values(
        &mut self,
        entity: &EntityDef,
        row: &SeedRow,
        field: &FieldDef,
        given: &HashMap<FieldId, &Value>,
    ) -> Result<Vec<Value>> {
        let value = value(entity, row, field, given, self);
        if field.encrypted.is_none() {
            return Ok(vec![value]);
        }
        let SealedValue { value, index } = sealed::seal(
            self.cipher,
            self.catalog,
            (entity.id, field.id),
            tenant_of(self.catalog, row),
            row.id,
            &value,
        )?;
        Ok(std::iter::once(value).chain(index).collect())
    }
}

/// The tenant that a row belongs to; of a tenant's own row its id.
fn tenant_of(catalog: &Catalog, row: &SeedRow) -> Option<RowId> {
    if catalog.is_tenant_entity(row.entity) {
        Some(row.id)
    } else {
        row.tenant
    }
}

/// The keys that a seed's values are sealed under: each key of the model, and the tenant whose rows have such values.
pub fn seals(catalog: &Catalog, seed: &Seed) -> BTreeSet<(String, Option<RowId>)> {
    let mut found = BTreeSet::new();
    for row in &seed.rows {
        for (field, value) in &row.values {
            if let (Some(key), false) = (&catalog.field(row.entity, *field).encrypted, value.is_null()) {
                found.insert((key.clone(), tenant_of(catalog, row)));
            }
        }
    }
    found
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

async fn insert(
    transaction: &mut Transaction,
    entity: &EntityDef,
    rows: &[SeedRow],
    maker: &mut Maker<'_>,
) -> Result<()> {
    let fields: Vec<(&FieldDef, Vec<(String, ValueType)>)> = entity
        .fields
        .iter()
        .map(|field| (field, sealed::columns(field)))
        .filter(|(_, columns)| !columns.is_empty())
        .collect();
    let mut parameters = Vec::with_capacity(rows.len() * fields.len());
    let mut tuples = Vec::with_capacity(rows.len());
    for row in rows {
        let given: HashMap<FieldId, &Value> = row.values.iter().map(|(id, value)| (*id, value)).collect();
        let mut places = Vec::with_capacity(fields.len());
        for (field, columns) in &fields {
            let values = maker.values(entity, row, field, &given)?;
            for (value, (_, value_type)) in values.into_iter().zip(columns) {
                parameters.push(Bound::new(value, *value_type)?);
                places.push(format!("${}", parameters.len()));
            }
        }
        tuples.push(format!("({})", places.join(", ")));
    }
    let columns = quote_all(fields.iter().flat_map(|(_, columns)| columns).map(|(column, _)| column));
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
    maker: &mut Maker<'_>,
) -> Value {
    let stated = given.get(&field.id).map(|value| (*value).clone());
    match field.system {
        Some(SystemField::Id) => Value::Uuid(row.id.uuid()),
        Some(SystemField::Tenant) => row.tenant.map_or(Value::Null, |tenant| Value::Uuid(tenant.uuid())),
        Some(SystemField::Version) => Value::Int(FIRST_VERSION),
        Some(SystemField::CreatedAt) => stated.unwrap_or(Value::DateTime(maker.now.0)),
        Some(SystemField::UpdatedAt) => stated.unwrap_or_else(|| {
            // A row that nobody has changed was last changed when it was made.
            let created = entity.find_system(SystemField::CreatedAt).and_then(|id| given.get(&id));
            created.map_or(Value::DateTime(maker.now.0), |value| (*value).clone())
        }),
        Some(SystemField::Owner | SystemField::CreatedBy | SystemField::UpdatedBy) => stated.unwrap_or(Value::Null),
        None => match (&field.field_type, stated) {
            (_, Some(value)) if !value.is_null() => value,
            (FieldType::Autonumber, _) => Value::Int(maker.next(row, field.id)),
            (_, stated) => stated.unwrap_or(Value::Null),
        },
    }
}
