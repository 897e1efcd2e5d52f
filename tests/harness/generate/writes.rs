//! Random models whose rows may be written: what reads do not need is added to a model for reads.

use super::condition::condition;
use super::model::{Draft, ROLES, draft, readable};
use super::{STATES, TAGS, data};
use crate::random::Random;
use serde_json::{Map, Value, json};

/// Entities whose rows come and go.
pub(crate) const WRITTEN: [&str; 6] = ["area", "crew", "crew_member", "job", "task", "note"];

/// What is written is compared with what is stored, which cannot be told of ciphertext.
fn in_the_clear(mut draft: Draft) -> Draft {
    let fields = draft
        .entities
        .values_mut()
        .filter_map(|entity| entity["fields"].as_object_mut());
    for field in fields
        .flat_map(|fields| fields.values_mut())
        .filter_map(Value::as_object_mut)
    {
        field.remove("encrypted");
        field.remove("searchable");
    }
    draft
}

/// Makes a model.
pub fn draft_with_writes(random: &mut Random) -> Draft {
    let mut draft = in_the_clear(draft(random));
    add_family(random, &mut draft);
    if random.one_in(2) {
        draft.entities["note"]["fields"]["subject"] =
            json!({"type": "ref", "to": ["job", "area"], "on_delete": "set_null"});
    }
    for (name, parent) in [("task", "job"), ("note", "task")] {
        // Most children open with their parents: moving them is where writes go wrong.
        if random.one_in(2) {
            draft.entities[name]["access"] = json!("protected");
            draft.entities[name]["access_field"] = json!(parent);
            draft.entities[name]["record_tokens"] = json!({});
        }
    }
    for name in WRITTEN {
        add_fields(random, &mut draft, name);
        add_references(random, &mut draft, name);
    }
    let sets = draft.access["permission_sets"].as_object().cloned().unwrap_or_default();
    for (set, rules) in sets {
        let mut rules = rules.as_array().cloned().unwrap_or_default();
        if set != "everything" {
            rules.extend(rules_for_writes(random, &draft, set.starts_with("as_")));
        }
        draft.access["permission_sets"][&set] = Value::Array(rules);
    }
    // Somebody gets something done.
    if !random.one_in(4) {
        let boss = format!("as_{}", random.pick(&ROLES));
        let rules = WRITTEN
            .iter()
            .flat_map(|name| boss_rules(random, &draft, name))
            .collect::<Vec<_>>();
        let set = draft.access["permission_sets"][&boss]
            .as_array_mut()
            .expect("every role has a set");
        set.extend(rules);
    }
    draft
}

/// A reference within an entity: cascades may go in circles.
fn add_family(random: &mut Random, draft: &mut Draft) {
    let fields = &mut draft.entities["area"]["fields"];
    if random.one_in(2) {
        fields["parent"] = json!({"type": "ref", "to": "area", "on_delete": "set_null"});
        fields["parts"] = json!({"type": "list", "of": "area", "by": "parent"});
    }
}

fn add_fields(random: &mut Random, draft: &mut Draft, name: &str) {
    let fields = draft.entities[name]["fields"]
        .as_object_mut()
        .expect("an entity has fields");
    if random.one_in(3) {
        fields.insert("code".into(), json!({"type": "text", "immutable": random.one_in(2)}));
    }
    if random.one_in(3) {
        fields.insert("number".into(), json!({"type": "autonumber"}));
    }
    for (field, declared) in fields.iter_mut() {
        match declared["type"].as_str().unwrap_or_default() {
            "select" if random.one_in(2) => declared["state"] = json!(true),
            kind @ ("int" | "float" | "decimal" | "boolean" | "date" | "text" | "multiselect")
                if field != "label" && field != "code" =>
            {
                if random.one_in(4) {
                    declared["default"] = data::value(random, kind);
                    if random.one_in(2) {
                        declared["required"] = json!(true);
                    }
                }
                if random.one_in(8) {
                    declared["immutable"] = json!(true);
                }
            }
            _ => {}
        }
    }
    let has_code = fields.contains_key("code");
    let references: Vec<String> = fields
        .iter()
        .filter(|(_, field)| field["type"] == "ref")
        .map(|(name, _)| name.clone())
        .collect();
    let mut unique = Vec::new();
    if random.one_in(2) {
        unique.push(json!(["label"]));
    }
    if has_code && random.one_in(2) {
        unique.push(json!(["code"]));
    } else if has_code && !references.is_empty() {
        unique.push(json!([random.pick(&references), "code"]));
    }
    draft.entities[name]["unique"] = Value::Array(unique);
}

fn add_references(random: &mut Random, draft: &mut Draft, name: &str) {
    let access_field = draft.entities[name]["access_field"].clone();
    let fields = draft.entities[name]["fields"]
        .as_object_mut()
        .expect("an entity has fields");
    for (field, declared) in fields.iter_mut().filter(|(_, field)| field["type"] == "ref") {
        // The rows of people are not for everybody to write.
        let on_delete = *random.pick(&["cascade", "restrict", "set_null", "cascade"]);
        declared["on_delete"] = json!(on_delete);
        if on_delete == "cascade" && random.one_in(3) {
            declared["cascade"] = json!("system");
        }
        let is_parent = access_field == field.as_str();
        if on_delete != "set_null" && field != "parent" && random.one_in(if is_parent { 2 } else { 6 }) {
            declared["required"] = json!(true);
        }
        if random.one_in(8) {
            declared["immutable"] = json!(true);
        }
    }
}

/// Fields that a rule may list under `write`.
fn writable(draft: &Draft, entity: &str) -> Vec<String> {
    let declared = draft.entities[entity]["fields"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    let stored = declared
        .iter()
        .filter(|(_, field)| field["type"] != "list" && field["type"] != "autonumber");
    let mut names: Vec<String> = stored.map(|(name, _)| name.clone()).collect();
    names.push("owner".into());
    names
}

fn rules_for_writes(random: &mut Random, draft: &Draft, for_role: bool) -> Vec<Value> {
    let mut rules = Vec::new();
    let names: Vec<String> = draft.entities.keys().cloned().collect();
    for entity in &names {
        for _ in 0..random.below(4) {
            if !for_role && entity == "user" && draft.entities["user"]["public"] != true {
                continue;
            }
            rules.push(rule(random, draft, entity, for_role));
        }
    }
    rules
}

fn rule(random: &mut Random, draft: &Draft, entity: &str, for_role: bool) -> Value {
    let mut allow = random.some(&["create", "update", "delete", "transition"], 2);
    if !WRITTEN.contains(&entity) {
        allow = vec!["update"];
    }
    if allow.is_empty() {
        allow = vec!["create", "update"];
    }
    let mut rule = json!({"entity": entity});
    if random.one_in(3) {
        allow.extend(["read", "list"]);
        rule["read"] = json!(random.some(&readable(draft, entity), 2));
    }
    let mut write: Vec<String> = writable(draft, entity);
    write.retain(|name| name == "label" || !random.one_in(4));
    if random.one_in(3) {
        let mut presets = presets(random, draft, entity, for_role);
        presets.retain(|name, _| name != "label" || random.one_in(3));
        write.retain(|name| !presets.contains_key(name));
        rule["set"] = Value::Object(presets);
    }
    rule["write"] = json!(write);
    if random.one_in(3) {
        rule["where"] = condition(random, draft, entity, 2);
    }
    match random.below(6) {
        0 => rule["check"] = json!("any"),
        1 => rule["check"] = condition(random, draft, entity, 1),
        2 => rule["check"] = before(random, draft, entity),
        _ => {}
    }
    if for_role && random.one_in(3) {
        rule["records"] = json!("all");
    }
    rule["allow"] = json!(allow);
    rule
}

/// Rules of somebody who may do nearly everything with an entity.
fn boss_rules(random: &mut Random, draft: &Draft, entity: &str) -> Vec<Value> {
    let mut rule = json!({
        "entity": entity,
        "allow": ["create", "read", "list", "update", "delete", "transition"],
        "records": "all",
        "read": readable(draft, entity),
        "write": writable(draft, entity),
    });
    if random.one_in(4) {
        rule["where"] = condition(random, draft, entity, 1);
    }
    vec![rule]
}

/// A condition that compares with the row as it was.
fn before(random: &mut Random, draft: &Draft, entity: &str) -> Value {
    let declared = draft.entities[entity]["fields"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    let compared = declared
        .iter()
        .filter(|(_, field)| match field["type"].as_str().unwrap_or_default() {
            "int" | "text" | "select" | "date" | "boolean" => true,
            "ref" => field["to"].is_string(),
            _ => false,
        });
    let compared: Vec<(&String, &Value)> = compared.collect();
    if compared.is_empty() {
        return json!({"id": {"isNull": false}});
    }
    let (name, field) = *random.pick(&compared);
    let operators: &[&str] = match field["type"].as_str().unwrap_or_default() {
        "int" | "date" => &["gte", "lte", "eq", "ne"],
        _ => &["eq", "ne"],
    };
    let test = json!({name: {*random.pick(operators): format!("$before.{name}")}});
    match random.below(3) {
        0 => json!({"or": [test, {name: {"isNull": true}}]}),
        1 => json!({"not": test}),
        _ => test,
    }
}

fn presets(random: &mut Random, draft: &Draft, entity: &str, for_role: bool) -> Map<String, Value> {
    let declared = draft.entities[entity]["fields"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    let mut presets = Map::new();
    for (name, field) in declared {
        if !random.one_in(4) {
            continue;
        }
        let value = match field["type"].as_str().unwrap_or_default() {
            "ref" if field["to"] == "user" => json!("$user"),
            "list" | "autonumber" | "ref" => continue,
            "datetime" => json!("$now"),
            "int" if draft.tenants && for_role && random.one_in(2) => json!("$membership.level"),
            "select" => json!(random.pick(&STATES)),
            "multiselect" => json!(random.some(&TAGS, 2)),
            kind => data::value(random, kind),
        };
        // A value that may be absent does not fit where there must be one.
        let is_sure = !value
            .as_str()
            .is_some_and(|text| text.starts_with('$') && text != "$now");
        if is_sure || field["required"] != true {
            presets.insert(name, value);
        }
    }
    if random.one_in(6) {
        presets.insert("owner".into(), json!("$user"));
    }
    presets
}
