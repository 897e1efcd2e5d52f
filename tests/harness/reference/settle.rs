//! A world against the tables of a database: every row, every column, nothing more and nothing less.
//!
//! What only the server knows (ids, instants, the numbers of seeded rows) is learnt first, and held to from then on.

use super::model::{Entity, Field, Kind};
use super::value::{Decimal, Val};
use super::world::{Presence, RowId, World, instant};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};

type Tables = BTreeMap<String, Vec<Map<String, Value>>>;
type Stored = Map<String, Value>;

/// Learns all that the seed does not say about its rows, then compares.
///
/// # Errors
///
/// With the first difference.
pub fn adopt(world: &mut World, tables: &Tables) -> Result<(), String> {
    for row in world.ids().collect::<Vec<_>>() {
        let entity = world.model.entity(&world.row_of(row).entity).clone();
        let keys: &[&str] = match (entity.name.as_str(), world.model.membership.as_deref()) {
            ("user", _) => &["email"],
            (name, Some(membership)) if name == membership => &["tenant", "user"],
            (name, _) if world.model.tenant.as_deref() == Some(name) => &["slug"],
            _ => &["label"],
        };
        // People and tenants stand first in the seed's document, and so have their ids before memberships ask for them.
        let known = by_id(world);
        let is_same = |stored: &&Stored| {
            keys.iter().all(|key| {
                let value = read(&known, entity.field(key), stored);
                value.is_ok_and(|value| value == *world.raw(row, key))
            })
        };
        let found = rows_of(tables, &entity).iter().find(is_same);
        let stored = found.ok_or_else(|| format!("{} `{}` is not stored", entity.name, world.row_of(row).label))?;
        let id = stored["id"].as_str().map(str::to_owned);
        let mut learnt = Vec::new();
        for field in &entity.fields {
            let is_server_s =
                field.kind == Kind::Autonumber || matches!(field.name.as_str(), "created_at" | "updated_at");
            if is_server_s && world.raw(row, &field.name).is_null() {
                learnt.push((field.name.clone(), read(&known, field, stored)?));
            }
        }
        world.row_mut(row).id = id;
        world.row_mut(row).values.extend(learnt);
    }
    compare(world, tables)
}

/// Learns the ids of new rows and the instant of the operation, which our world calls `ours`; then compares. Gives the instant, if
/// the world speaks of it.
///
/// # Errors
///
/// With the first difference.
pub fn settle(world: &mut World, ours: &str, tables: &Tables) -> Result<Option<String>, String> {
    let instant = find_instant(world, ours, tables)?;
    if let Some(theirs) = &instant {
        world.tell_time(ours, theirs);
    }
    let names: Vec<String> = world.model.entities.keys().cloned().collect();
    for name in &names {
        let known = by_id(world);
        let fresh = rows_of(tables, world.model.entity(name))
            .iter()
            .filter(|stored| !known.contains_key(id_of(stored)));
        let (fresh, own) = (
            fresh.count(),
            world.of(name).filter(|row| world.row_of(*row).id.is_none()).count(),
        );
        if fresh != own {
            return Err(format!("{fresh} new rows of `{name}`, {own} are expected"));
        }
    }
    while let Some((row, id)) = next_pair(world, &names, tables)? {
        world.row_mut(row).id = Some(id);
    }
    compare(world, tables)?;
    Ok(instant)
}

/// The instant of the operation: what stands where our world has its own.
fn find_instant(world: &World, ours: &str, tables: &Tables) -> Result<Option<String>, String> {
    let ours = Val::Text(ours.to_owned());
    let known = by_id(world);
    for row in world.ids().filter(|row| *world.raw(*row, "updated_at") == ours) {
        let entity = world.model.entity(&world.row_of(row).entity);
        let own = world.row_of(row).id.as_deref();
        let stands =
            |stored: &&Stored| own.map_or_else(|| !known.contains_key(id_of(stored)), |id| id_of(stored) == id);
        if let Some(stored) = rows_of(tables, entity).iter().find(stands) {
            return match read(&known, entity.field("updated_at"), stored)? {
                Val::Text(instant) => Ok(Some(instant)),
                other => Err(format!("{}.updated_at is {other:?}", entity.name)),
            };
        }
    }
    Ok(None)
}

/// A new row of ours and the id of the stored row that it is. Where several look alike it does not matter which is which.
fn next_pair(world: &World, names: &[String], tables: &Tables) -> Result<Option<(RowId, String)>, String> {
    let known = by_id(world);
    let mut fallback = None;
    for name in names {
        let entity = world.model.entity(name);
        let own: Vec<(RowId, String)> = world
            .of(name)
            .filter(|row| world.row_of(*row).id.is_none())
            .map(|row| (row, looks(world, row, entity)))
            .collect();
        let mut theirs: Vec<(String, String)> = Vec::new();
        for stored in rows_of(tables, entity)
            .iter()
            .filter(|stored| !known.contains_key(id_of(stored)))
        {
            theirs.push((id_of(stored).to_owned(), stored_looks(&known, entity, stored)?));
        }
        for (row, look) in &own {
            let alike: Vec<&(String, String)> = theirs.iter().filter(|(_, other)| other == look).collect();
            match alike.as_slice() {
                [] => {
                    return Err(format!(
                        "no new row of `{name}` is\n    {look}\n  new are\n    {theirs:?}"
                    ));
                }
                [(id, _)] => return Ok(Some((*row, id.clone()))),
                [(id, _), ..] => fallback = Some((*row, id.clone())),
            }
        }
    }
    Ok(fallback)
}

/// A row of ours in words: rows that are not known yet are all called alike.
fn looks(world: &World, row: RowId, entity: &Entity) -> String {
    let words = columns(entity).map(|field| match world.raw(row, &field.name) {
        Val::Row(target) => world.row_of(*target).id.clone().unwrap_or_else(|| "?".into()),
        value => value_words(field, value),
    });
    words.collect::<Vec<_>>().join(" | ")
}

fn stored_looks(known: &HashMap<String, RowId>, entity: &Entity, stored: &Stored) -> Result<String, String> {
    let mut words = Vec::new();
    for field in columns(entity) {
        words.push(match (&field.kind, &stored[&column(field)]) {
            (Kind::Ref(_) | Kind::OneOf(_), Value::String(id)) if known.contains_key(id) => id.clone(),
            (Kind::Ref(_) | Kind::OneOf(_), Value::String(_)) => "?".into(),
            _ => value_words(field, &read(known, field, stored)?),
        });
    }
    Ok(words.join(" | "))
}

fn value_words(field: &Field, value: &Val) -> String {
    match value {
        // 1.50 and 1.5 are the same number.
        Val::Decimal(number) => format!("{}={}", field.name, number.as_f64()),
        value => format!("{}={value:?}", field.name),
    }
}

/// Every row that is there against every row that is stored.
fn compare(world: &World, tables: &Tables) -> Result<(), String> {
    let known = by_id(world);
    for entity in world.model.entities.values() {
        let stored: HashMap<&str, &Stored> = rows_of(tables, entity).iter().map(|row| (id_of(row), row)).collect();
        for id in stored.keys() {
            if known
                .get(*id)
                .is_none_or(|row| world.row_of(*row).presence != Presence::Stored)
            {
                return Err(format!(
                    "{} {id} is stored, and should not be: {:?}",
                    entity.name, stored[id]
                ));
            }
        }
        for row in world.of(&entity.name) {
            let id = world.row_of(row).id.as_deref().unwrap_or_default();
            let Some(found) = stored.get(id) else {
                return Err(format!(
                    "{} {id} is not stored: {:?}",
                    entity.name,
                    world.row_of(row).values
                ));
            };
            for field in columns(entity) {
                let (wanted, got) = (world.raw(row, &field.name), read(&known, field, found)?);
                let is_same = *wanted == got || wanted.equals(&got);
                if !is_same {
                    let (name, column) = (&entity.name, &field.name);
                    return Err(format!("{name} {id}: `{column}` should be {wanted:?}, and is {got:?}"));
                }
            }
        }
    }
    Ok(())
}

fn rows_of<'a>(tables: &'a Tables, entity: &Entity) -> &'a [Stored] {
    tables.get(&entity.name).map(Vec::as_slice).unwrap_or_default()
}

fn id_of(stored: &Stored) -> &str {
    stored["id"].as_str().unwrap_or_default()
}

fn by_id(world: &World) -> HashMap<String, RowId> {
    let rows = world.rows.iter().enumerate();
    rows.filter_map(|(number, row)| Some((row.id.clone()?, RowId(number))))
        .collect()
}

/// Fields that stand in the table, but the id.
fn columns(entity: &Entity) -> impl Iterator<Item = &Field> {
    let fields = entity.fields.iter();
    fields.filter(|field| !matches!(field.kind, Kind::Id | Kind::List { .. } | Kind::Other))
}

fn column(field: &Field) -> String {
    match field.kind {
        Kind::Ref(_) | Kind::OneOf(_) => format!("{}_id", field.name),
        _ => field.name.clone(),
    }
}

/// A stored value, as our worlds have it. SQLite and PostgreSQL write some of them differently.
fn read(known: &HashMap<String, RowId>, field: &Field, stored: &Stored) -> Result<Val, String> {
    let column = column(field);
    let value = stored
        .get(&column)
        .ok_or_else(|| format!("there is no column `{column}`"))?;
    let wrong = || format!("`{column}` holds {value}");
    Ok(match (&field.kind, value) {
        (_, Value::Null) => Val::Null,
        (Kind::Ref(_) | Kind::OneOf(_), Value::String(id)) => Val::Row(
            *known
                .get(id)
                .ok_or_else(|| format!("`{column}` refers to {id}, which no row has"))?,
        ),
        (Kind::Boolean, Value::Bool(value)) => Val::Bool(*value),
        (Kind::Boolean, Value::Number(number)) => Val::Bool(number.as_i64() == Some(1)),
        (Kind::Int | Kind::Autonumber, Value::Number(number)) => Val::Int(number.as_i64().ok_or_else(wrong)?),
        (Kind::Float, Value::Number(number)) => Val::Float(number.as_f64().ok_or_else(wrong)?),
        (Kind::Decimal, Value::Number(number)) => Val::Decimal(Decimal::parse(&number.to_string()).ok_or_else(wrong)?),
        (Kind::Decimal, Value::String(text)) => Val::Decimal(Decimal::parse(text).ok_or_else(wrong)?),
        (Kind::DateTime, Value::Number(number)) => Val::Text(of_micros(number.as_i64().ok_or_else(wrong)?)),
        (Kind::DateTime, Value::String(text)) => Val::Text(instant(text)),
        (Kind::MultiSelect(_), Value::Array(items)) => {
            Val::Texts(items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        }
        (Kind::MultiSelect(_), Value::String(text)) => Val::Texts(serde_json::from_str(text).map_err(|_| wrong())?),
        (_, Value::String(text)) => Val::Text(text.clone()),
        _ => return Err(wrong()),
    })
}

/// Microseconds since 1970 as our worlds write instants. Counts year by year: slow, and plainly right.
fn of_micros(micros: i64) -> String {
    let (mut days, rest) = (micros.div_euclid(86_400_000_000), micros.rem_euclid(86_400_000_000));
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut year = 1970;
    while days < 0 {
        year -= 1;
        days += 365 + i64::from(is_leap(year));
    }
    while days >= 365 + i64::from(is_leap(year)) {
        days -= 365 + i64::from(is_leap(year));
        year += 1;
    }
    let lengths = [
        31,
        28 + i64::from(is_leap(year)),
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let mut month = 1;
    for length in lengths {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let (seconds, fraction) = (rest / 1_000_000, rest % 1_000_000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!(
        "{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}.{fraction:06}Z",
        days + 1
    )
}

#[cfg(test)]
mod tests {
    use super::{instant, of_micros};

    #[test]
    fn instants_are_the_same_from_both_databases() {
        for (micros, text) in [
            (0, "1970-01-01T00:00:00+00:00"),
            (-1, "1969-12-31T23:59:59.999999+00:00"),
            (951_782_400_000_000, "2000-02-29T00:00:00+00:00"),
            (1_736_496_600_120_000, "2025-01-10T08:10:00.12Z"),
            (1_798_761_599_999_999, "2026-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(of_micros(micros), instant(text), "{micros}");
        }
    }
}
