//! Random rows.

use super::model::{Draft, PROFILES, ROLES};
use super::{OBSERVER, PASSWORD, STATES, TAGS, TEXTS};
use crate::random::Random;
use serde_json::{Map, Value, json};

/// Another value for a field of a row of the seed.
#[derive(Clone, Debug)]
pub struct Change {
    /// The entity.
    pub entity: String,
    /// The row.
    pub label: String,
    /// The field.
    pub field: String,
}

/// Makes `seed.yaml`.
pub fn seed(random: &mut Random, draft: &Draft) -> Value {
    let people = Draft::people();
    let mut seed = Map::new();
    let mut users: Vec<Value> = people.iter().map(|email| person(random, draft, email)).collect();
    let mut observer = json!({"email": OBSERVER, "password": PASSWORD, "name": "Observer", "profile": "member"});
    if !draft.tenants {
        observer["roles"] = json!(["observer"]);
    }
    users.push(observer);
    seed.insert("users".into(), json!(users));
    if draft.tenants {
        seed.insert(
            "org".into(),
            json!({"acme": {"name": "Acme", "slug": "acme"}, "globex": {"name": "Globex", "slug": "globex"}}),
        );
        seed.insert("membership".into(), memberships(random, &people));
    }
    let mut labels: Vec<(String, Option<&str>, String)> = Vec::new();
    for entity in ["area", "crew", "crew_member", "job", "task", "note"] {
        let mut rows = Map::new();
        for number in 0..random.below(5) + 6 {
            let tenant = draft.entities[entity]["in"]
                .is_string()
                .then(|| *random.pick(&["acme", "acme", "globex"]));
            let label = format!("{entity}{number}");
            let Some(row) = row(random, draft, entity, &label, tenant, &people, &labels) else {
                continue;
            };
            rows.insert(label.clone(), row);
            labels.push((entity.into(), tenant, label));
        }
        seed.insert(entity.into(), Value::Object(rows));
    }
    Value::Object(seed)
}

fn person(random: &mut Random, draft: &Draft, email: &str) -> Value {
    let mut person = json!({"email": email, "password": PASSWORD, "name": random.pick(&["Ann", "Bo", "Cleo"])});
    person["profile"] = json!(random.pick(&PROFILES));
    if !random.one_in(3) {
        person["title"] = json!(random.pick(&TEXTS));
    }
    if !random.one_in(3) {
        person["rank"] = json!(random.below(4));
    }
    if !draft.tenants {
        person["roles"] = json!(random.some(&ROLES, 2));
    }
    person
}

fn memberships(random: &mut Random, people: &[String]) -> Value {
    let mut rows = Map::new();
    for tenant in ["acme", "globex"] {
        rows.insert(
            format!("observer_{tenant}"),
            json!({"org": tenant, "user": OBSERVER, "roles": ["observer"]}),
        );
        for (number, email) in people.iter().enumerate() {
            if random.one_in(3) {
                continue;
            }
            let mut row = json!({"org": tenant, "user": email, "roles": random.some(&ROLES, 2)});
            if random.one_in(6) {
                row["status"] = json!("blocked");
            }
            if !random.one_in(3) {
                row["level"] = json!(random.below(4));
            }
            rows.insert(format!("m{number}_{tenant}"), row);
        }
    }
    Value::Object(rows)
}

fn row(
    random: &mut Random,
    draft: &Draft,
    entity: &str,
    label: &str,
    tenant: Option<&str>,
    people: &[String],
    labels: &[(String, Option<&str>, String)],
) -> Option<Value> {
    let mut row = Map::new();
    if let Some(tenant) = tenant {
        row.insert("org".into(), json!(tenant));
    }
    row.insert("label".into(), json!(label));
    row.insert(
        "created_at".into(),
        json!(format!("2025-0{}-1{}T08:30:00Z", random.below(6) + 1, random.below(3))),
    );
    if !random.one_in(4) {
        row.insert("owner".into(), json!(random.pick(people)));
    }
    let declared = draft.entities[entity]["fields"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    for (name, field) in declared {
        let is_required = field["required"] == true;
        let is_ours = name != "label" && field["type"] != "list" && field["type"] != "autonumber";
        if !is_ours || (random.one_in(5) && !is_required) {
            continue;
        }
        let value = match field["type"].as_str().unwrap_or_default() {
            "ref" if field["to"] == "user" => json!(random.pick(people)),
            "ref" => {
                let fits = |(other, of, _): &&(String, Option<&str>, String)| {
                    may_refer(&field, other) && (of.is_none() || *of == tenant)
                };
                let targets: Vec<&String> = labels.iter().filter(fits).map(|(_, _, label)| label).collect();
                match targets.as_slice() {
                    [] if is_required => return None,
                    [] => continue,
                    targets => json!(random.pick(targets)),
                }
            }
            // Codes may be keys.
            _ if name == "code" => json!(format!("code of {label}")),
            kind => value(random, kind),
        };
        row.insert(name, value);
    }
    Some(Value::Object(row))
}

fn may_refer(field: &Value, entity: &str) -> bool {
    let among = field["to"]
        .as_array()
        .is_some_and(|targets| targets.iter().any(|target| target == entity));
    among || field["to"] == entity
}

/// A value of a kind of field.
pub(crate) fn value(random: &mut Random, kind: &str) -> Value {
    match kind {
        "int" => json!(random.below(6) as i64 - 1),
        "float" => json!(random.below(12) as f64 / 4.0),
        "decimal" => json!(format!(
            "{}.{}",
            random.below(5),
            random.pick(&["00", "5", "25", "125"])
        )),
        "boolean" => json!(random.one_in(2)),
        "date" => json!(format!(
            "2025-0{}-{}",
            random.below(6) + 1,
            random.pick(&["01", "15", "28"])
        )),
        "datetime" => json!(format!(
            "2025-0{}-15T{}:00:00Z",
            random.below(6) + 1,
            random.pick(&["11", "12", "13"])
        )),
        "select" => json!(random.pick(&STATES)),
        "multiselect" => json!(random.some(&TAGS, 2)),
        _ => json!(random.pick(&TEXTS)),
    }
}

impl Change {
    /// Puts another value in the seed; false if the row has no such place, or its kind is not one to change.
    pub fn apply(&self, random: &mut Random, draft: &Draft, seed: &mut Value) -> bool {
        let kind = draft.entities[&self.entity]["fields"][&self.field]["type"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        if matches!(kind.as_str(), "" | "ref" | "list") {
            return false;
        }
        let Some(row) = seed[&self.entity].get_mut(&self.label) else {
            return false;
        };
        row[&self.field] = if kind == "text" {
            json!(format!("changed {}", random.number()))
        } else {
            value(random, &kind)
        };
        true
    }
}
