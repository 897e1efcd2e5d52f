//! Random data and callers, from domains so small that coincidences are common.

use crate::eval::{Database, Row};
use freehold_base::{Caller, CallerTenant, Person, RowId, Timestamp, Value};
use freehold_schema::catalog::{Catalog, EntityDef, EntityId, FieldType, SystemField};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The app that they fit.
pub(crate) const MODEL: &str = include_str!("agreement.yaml");

const ROWS: u64 = 4;

/// Small numbers from a seed (splitmix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    pub(crate) fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len() as u64) as usize].clone()
    }
}

pub(crate) fn id_of(entity: EntityId, row: u64) -> Uuid {
    Uuid::from_u64_pair(u64::from(entity.0) + 1, row)
}

/// Values from domains so small that coincidences are common.
pub(crate) fn value(
    catalog: &Catalog,
    entity: &EntityDef,
    field: &freehold_schema::catalog::FieldDef,
    row: u64,
    dice: &mut Dice,
) -> Value {
    if field.system == Some(SystemField::Id) {
        return Value::Uuid(id_of(entity.id, row));
    }
    if field.system == Some(SystemField::Tenant) {
        // The first two rows of the tenant entity are the ones that callers name.
        let tenant = catalog.find_entity("organisation").unwrap();
        return Value::Uuid(id_of(tenant.id, dice.roll(2)));
    }
    if !field.required && dice.roll(5) == 0 {
        return Value::Null;
    }
    match &field.field_type {
        FieldType::Reference { to, .. } => Value::Uuid(id_of(dice.pick(to), dice.roll(ROWS))),
        FieldType::Text(_) => Value::Text(dice.pick(&["a", "b", "c"]).into()),
        FieldType::Select(options) => Value::Text(dice.pick(options).value),
        FieldType::MultiSelect(options) => Value::TextList(
            options
                .iter()
                .filter(|_| dice.roll(2) == 0)
                .map(|option| option.value.clone())
                .collect(),
        ),
        FieldType::Boolean => Value::Boolean(dice.roll(2) == 0),
        FieldType::DateTime => Value::DateTime(dice.roll(3) as i64),
        FieldType::List { .. } => Value::Null,
        _ => Value::Int(dice.roll(4) as i64),
    }
}

pub(crate) fn database(catalog: &Catalog, dice: &mut Dice) -> Database {
    let rows = catalog.entities.values().map(|entity| {
        (0..ROWS)
            .map(|row| {
                entity
                    .fields
                    .iter()
                    .map(|field| value(catalog, entity, field, row, dice))
                    .collect::<Row>()
            })
            .collect()
    });
    Database { rows: rows.collect() }
}

/// Anybody: anonymous or signed in, in a tenant or none, member or not, with roles that may not count.
pub(crate) fn caller(catalog: &Catalog, database: &Database, dice: &mut Dice) -> Caller {
    let user = id_of(catalog.user, dice.roll(ROWS));
    let signed_in = dice.roll(4) != 0;
    let membership = catalog.find_entity("membership").unwrap();
    let tenant = (dice.roll(5) != 0).then(|| id_of(catalog.find_entity("organisation").unwrap().id, dice.roll(2)));
    let member = dice.roll(3) != 0 && signed_in;
    let fields: BTreeMap<String, Value> = membership
        .fields
        .iter()
        .zip(&database.rows[membership.id.0 as usize][0])
        .map(|(field, value)| (field.name.clone(), value.clone()))
        .collect();
    let mut claims = BTreeMap::new();
    if dice.roll(2) == 0 {
        claims.insert("word".to_owned(), Value::Text(dice.pick(&["a", "b"]).into()));
    }
    Caller {
        person: signed_in.then_some(Person { id: RowId::from(user) }),
        tenant: tenant.map(|id| CallerTenant {
            id: RowId::from(id),
            membership: member.then_some(fields),
        }),
        profile: dice.pick(&[None, Some("member".to_owned()), Some("visitor".to_owned())]),
        roles: ["r1", "r2"]
            .into_iter()
            .filter(|_| dice.roll(2) == 0)
            .map(str::to_owned)
            .collect(),
        claims,
        reads_only: false,
        now: Timestamp(1),
    }
}
