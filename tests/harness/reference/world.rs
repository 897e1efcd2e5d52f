//! A model with its rows.

use super::document;
use super::model::{Field, Kind, Model};
use super::value::{Decimal, Val};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

/// Number of a row in its world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId(pub usize);

/// A row.
#[derive(Clone, Debug)]
pub struct Row {
    /// Of which entity.
    pub entity: String,
    /// Its name in the seed.
    pub label: String,
    /// Its tenant, for walled entities.
    pub tenant: Option<RowId>,
    /// By field.
    pub values: BTreeMap<String, Val>,
    /// The id that a server gave it.
    pub id: Option<String>,
    /// Whether it is there.
    pub presence: Presence,
}

/// Whether a row is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It is.
    Stored,
    /// It was.
    Deleted,
    /// It may come to be: looked at by the rule that judges it, and found by nobody.
    Proposed,
}

/// A model with its rows.
#[derive(Clone, Debug)]
pub struct World {
    /// The model.
    pub model: Arc<Model>,
    /// The rows; a [`RowId`] is the index here.
    pub rows: Vec<Arc<Row>>,
    /// The last numbers given, by entity, field and tenant.
    numbers: BTreeMap<(String, String, Option<RowId>), i64>,
}

impl World {
    /// Reads model and seed from a folder.
    pub fn read(folder: &Path) -> Self {
        Self::new(&document::read(folder))
    }

    /// Reads model and seed from a merged document.
    pub fn new(document: &Map<String, Value>) -> Self {
        let model = Model::read(document);
        let mut world = Self {
            model: Arc::new(model),
            rows: Vec::new(),
            numbers: BTreeMap::new(),
        };
        let seeds = world.collect(document);
        let mut by_label: HashMap<(String, String), RowId> = HashMap::new();
        for (number, (entity, label, _)) in seeds.iter().enumerate() {
            by_label.insert((entity.clone(), label.clone()), RowId(number));
        }
        for (number, (entity, label, seed)) in seeds.iter().enumerate() {
            let row = world.row(RowId(number), entity, label, seed, &by_label);
            world.rows.push(Arc::new(row));
        }
        world
    }

    /// Entity, label and seed of every row.
    fn collect(&self, document: &Map<String, Value>) -> Vec<(String, String, Value)> {
        let mut seeds = Vec::new();
        for (key, value) in document {
            let entity = if key == "users" { "user" } else { key.as_str() };
            if !self.model.entities.contains_key(entity) {
                continue;
            }
            match value {
                Value::Array(items) => seeds.extend(items.iter().enumerate().map(|(number, item)| {
                    let label = item["email"]
                        .as_str()
                        .filter(|_| entity == "user")
                        .map_or_else(|| number.to_string(), str::to_owned);
                    (entity.to_owned(), label, item.clone())
                })),
                Value::Object(map) => {
                    seeds.extend(
                        map.iter()
                            .map(|(label, item)| (entity.to_owned(), label.clone(), item.clone())),
                    );
                }
                _ => panic!("seed of `{entity}` is neither a list nor a map"),
            }
        }
        seeds
    }

    fn row(
        &self,
        own: RowId,
        entity: &str,
        label: &str,
        seed: &Value,
        by_label: &HashMap<(String, String), RowId>,
    ) -> Row {
        let declared = self.model.entity(entity);
        let find = |target: &str, value: &Value| {
            let label = value.as_str().unwrap_or_default();
            let found = by_label.get(&(target.to_owned(), label.to_owned()));
            *found.unwrap_or_else(|| panic!("{entity}.{label}: no {target} `{label}`"))
        };
        let tenant = self.model.tenant.as_deref().filter(|_| declared.walled).map(|tenant| {
            if tenant == entity {
                own
            } else {
                find(tenant, &seed[tenant])
            }
        });
        let mut values = BTreeMap::new();
        for field in &declared.fields {
            let given = seed.get(&field.name).filter(|value| !value.is_null());
            let value = match (&field.kind, given) {
                (Kind::Ref(_), None) if field.name == "tenant" => tenant.map_or(Val::Null, Val::Row),
                (Kind::Ref(_), None) if field.name == "owner" && entity == "user" => Val::Row(own),
                (Kind::Ref(target), Some(value)) => Val::Row(find(target, value)),
                (Kind::OneOf(targets), Some(value)) => {
                    let label = value.as_str().unwrap_or_default();
                    let mut found = targets
                        .iter()
                        .filter_map(|target| by_label.get(&(target.clone(), label.to_owned())));
                    Val::Row(
                        *found
                            .next()
                            .unwrap_or_else(|| panic!("{entity}: nothing is called `{label}`")),
                    )
                }
                (Kind::Id, _) => Val::Row(own),
                (Kind::Text, None) if entity == "user" && field.name == "profile" => {
                    self.model.default_profile.clone().map_or(Val::Null, Val::Text)
                }
                (_, Some(value)) => parse(field, value),
                (_, None) => parse(field, &field.default),
            };
            values.insert(field.name.clone(), value);
        }
        // A row that nobody has changed was last changed when it was made.
        if values["updated_at"].is_null() {
            values.insert("updated_at".into(), values["created_at"].clone());
        }
        if self.model.membership.as_deref() == Some(entity) && values["owner"].is_null() {
            values.insert("owner".into(), values["user"].clone());
        }
        Row {
            entity: entity.into(),
            label: label.into(),
            tenant,
            values,
            id: None,
            presence: Presence::Stored,
        }
    }

    /// That row.
    pub fn row_of(&self, id: RowId) -> &Row {
        &self.rows[id.0]
    }

    /// That row, to be changed.
    pub fn row_mut(&mut self, id: RowId) -> &mut Row {
        Arc::make_mut(&mut self.rows[id.0])
    }

    /// Ids of all rows that are there.
    pub fn ids(&self) -> impl Iterator<Item = RowId> + '_ {
        (0..self.rows.len())
            .map(RowId)
            .filter(|id| self.row_of(*id).presence == Presence::Stored)
    }

    /// The row that a proposed one would replace; any other row itself.
    pub(crate) fn itself(&self, row: RowId) -> RowId {
        match self.raw(row, "id") {
            Val::Row(id) => *id,
            _ => row,
        }
    }

    /// The next number of a field, within a tenant: the one after the last that was given, or, for the first, after the greatest
    /// that is there.
    pub(crate) fn take_number(&mut self, entity: &str, field: &str, tenant: Option<RowId>) -> i64 {
        let key = (entity.to_owned(), field.to_owned(), tenant);
        let last = self.numbers.get(&key).copied().unwrap_or_else(|| {
            let rows = self.of(entity).filter(|row| self.row_of(*row).tenant == tenant);
            let numbers = rows.map(|row| {
                if let Val::Int(number) = self.raw(row, field) {
                    *number
                } else {
                    0
                }
            });
            numbers.max().unwrap_or_default()
        });
        self.numbers.insert(key, last + 1);
        last + 1
    }

    /// Puts the server's time in the place of ours.
    pub fn tell_time(&mut self, ours: &str, theirs: &str) {
        let ours = Val::Text(ours.to_owned());
        for row in self
            .rows
            .iter_mut()
            .filter(|row| row.values.values().any(|value| *value == ours))
        {
            for value in Arc::make_mut(row).values.values_mut().filter(|value| **value == ours) {
                *value = Val::Text(theirs.to_owned());
            }
        }
    }

    /// The same world with a row beside the stored ones: a new one, or a stored one as it would be.
    pub(crate) fn beside(&self, proposed: Row) -> (Self, RowId) {
        let mut scene = self.clone();
        let id = RowId(scene.rows.len());
        scene.rows.push(Arc::new(Row {
            presence: Presence::Proposed,
            ..proposed
        }));
        (scene, id)
    }

    /// Ids of the rows of an entity.
    pub fn of<'a>(&'a self, entity: &'a str) -> impl Iterator<Item = RowId> + 'a {
        self.ids().filter(move |id| self.row_of(*id).entity == entity)
    }

    /// The row of that entity and label.
    pub fn find(&self, entity: &str, label: &str) -> Option<RowId> {
        self.of(entity).find(|id| self.row_of(*id).label == label)
    }

    /// What a field of a row holds, whoever asks.
    pub fn raw(&self, row: RowId, field: &str) -> &Val {
        self.row_of(row).values.get(field).unwrap_or(&Val::Null)
    }
}

/// An instant in UTC with all six digits behind the second, so that texts stand in the order of time.
pub(crate) fn instant(text: &str) -> String {
    let text = text.strip_suffix("+00:00").unwrap_or(text.trim_end_matches('Z'));
    let (second, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{second}.{fraction:0<6}Z")
}

/// Reads a value of the seed or of a condition as a field holds it.
pub(crate) fn parse(field: &Field, value: &Value) -> Val {
    match (&field.kind, value) {
        (Kind::Float, Value::Number(number)) => Val::Float(number.as_f64().unwrap_or_default()),
        (Kind::Decimal, Value::Number(number)) => Decimal::parse(&number.to_string()).map_or(Val::Null, Val::Decimal),
        (Kind::Decimal, Value::String(text)) => Decimal::parse(text).map_or(Val::Null, Val::Decimal),
        (_, Value::Number(number)) => Val::Int(number.as_i64().unwrap_or_default()),
        (_, Value::Bool(bool)) => Val::Bool(*bool),
        (Kind::DateTime, Value::String(text)) => Val::Text(instant(text)),
        (_, Value::String(text)) => Val::Text(text.clone()),
        (_, Value::Array(items)) => Val::Texts(items.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
        (_, Value::Null | Value::Object(_)) => Val::Null,
    }
}
