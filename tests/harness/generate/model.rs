//! Random models.

use super::condition::condition;
use super::{OBSERVER, STATES, TAGS};
use crate::random::Random;
use serde_json::{Map, Value, json};

/// A model in the making. It is written as JSON, which is YAML too.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Whether the app has tenants.
    pub tenants: bool,
    /// Entities by name, as they stand in the model.
    pub entities: Map<String, Value>,
    /// `app.yaml`
    pub app: Value,
    /// `access.yaml`
    pub access: Value,
}

/// Roles of people who are not the observer.
pub(crate) const ROLES: [&str; 3] = ["clerk", "chief", "guard"];

/// Profiles.
pub(crate) const PROFILES: [&str; 2] = ["member", "staff"];

/// Makes a model.
pub fn draft(random: &mut Random) -> Draft {
    let tenants = !random.one_in(4);
    let mut entities = Map::new();
    entities.insert(
        "user".into(),
        json!({
            "public": random.one_in(2),
            "fields": {
                "title": {"type": "text"},
                "rank": {"type": "int"},
                "jobs": {"type": "list", "of": "job", "by": "requester"},
            },
        }),
    );
    if tenants {
        entities.insert(
            "org".into(),
            json!({
                "access": "open",
                "public": random.one_in(2),
                "fields": {"name": {"type": "text", "required": true}, "slug": {"type": "text", "required": true}},
                "unique": [["slug"]],
            }),
        );
        entities.insert(
            "membership".into(),
            json!({
                "membership_of": "org",
                "access": "protected",
                "public": false,
                "fields": {"level": {"type": "int"}},
            }),
        );
    }
    for (name, references, lists) in WORLD {
        let entity = entity(random, tenants, name, references, lists);
        entities.insert((*name).into(), entity);
    }
    let mut draft = Draft {
        tenants,
        entities,
        app: Value::Null,
        access: Value::Null,
    };
    add_tokens(random, &mut draft);
    draft.access = access(random, &draft);
    let mut app = json!({
        "app": "generated",
        "security": "prototype",
        "anonymous_profile": "visitor",
        "default_profile": "member",
        "limits": {"depth": 40, "cost": 10_000_000, "page": 500},
        "keys": {"house": {"scope": "environment"}},
    });
    if tenants {
        app["tenant"] = json!("org");
        app["keys"]["pii"] = json!({"scope": "tenant"});
    }
    draft.app = app;
    draft
}

type Reference = (&'static str, &'static str);
type List = (&'static str, &'static str, &'static str);

/// Entities with their references (field, target) and lists (field, of, by).
const WORLD: &[(&str, &[Reference], &[List])] = &[
    ("area", &[], &[("jobs", "job", "area")]),
    (
        "crew",
        &[("lead", "user")],
        &[("members", "crew_member", "crew"), ("jobs", "job", "crew")],
    ),
    ("crew_member", &[("crew", "crew"), ("member", "user")], &[]),
    (
        "job",
        &[("crew", "crew"), ("requester", "user"), ("area", "area")],
        &[("tasks", "task", "job")],
    ),
    (
        "task",
        &[("job", "job"), ("assignee", "user")],
        &[("notes", "note", "task")],
    ),
    ("note", &[("task", "task"), ("author", "user")], &[]),
];

fn entity(random: &mut Random, tenants: bool, name: &str, references: &[Reference], lists: &[List]) -> Value {
    let mut fields = Map::new();
    fields.insert("label".into(), json!({"type": "text", "required": true}));
    for (field, target) in references {
        fields.insert(
            (*field).into(),
            json!({"type": "ref", "to": target, "on_delete": "set_null"}),
        );
    }
    let scalars: [(&str, Value); 10] = [
        ("name", json!({"type": "text"})),
        ("amount", json!({"type": "int"})),
        ("weight", json!({"type": "float"})),
        ("price", json!({"type": "decimal"})),
        ("done", json!({"type": "boolean"})),
        ("due", json!({"type": "date"})),
        ("seen_at", json!({"type": "datetime"})),
        ("state", json!({"type": "select", "options": STATES, "default": "new"})),
        ("tags", json!({"type": "multiselect", "options": TAGS})),
        ("body", json!({"type": "text"})),
    ];
    for (field, mut declared) in random.some(&scalars, 2) {
        // A token is made of `name`, and what is encrypted makes none.
        let plain = field == "name" || matches!(declared["type"].as_str(), Some("select" | "multiselect"));
        if !plain && random.one_in(4) {
            let of_tenant = tenants && name != "area" && random.one_in(2);
            declared["encrypted"] = json!(if of_tenant { "pii" } else { "house" });
            if !random.one_in(4) {
                declared["searchable"] = json!("equality");
            }
        }
        fields.insert(field.into(), declared);
    }
    for (field, of, by) in lists {
        fields.insert((*field).into(), json!({"type": "list", "of": of, "by": by}));
    }
    let access = *random.pick(&["open", "protected_write", "protected", "protected", "protected"]);
    let mut entity = json!({"access": access, "public": random.one_in(2), "fields": fields});
    if tenants && name != "area" {
        entity["in"] = json!("org");
    }
    // Chains two deep: a note opens with its task, which opens with its job.
    if let Some((parent, _)) = references
        .first()
        .filter(|_| matches!(name, "task" | "note") && random.one_in(2))
    {
        entity["access"] = json!("protected");
        entity["access_field"] = json!(parent);
    }
    entity
}

/// Record tokens need the user tokens and every entity's fields, so they come last.
fn add_tokens(random: &mut Random, draft: &mut Draft) {
    let snapshot = draft.clone();
    for (name, _, _) in WORLD {
        let entity = &snapshot.entities[*name];
        if entity["access"] == "open" || !entity["access_field"].is_null() {
            continue;
        }
        let mut tokens = Map::new();
        let person = entity["fields"]
            .as_object()
            .into_iter()
            .flatten()
            .find(|(_, field)| field["to"] == "user");
        let mut choices = vec![
            json!({"match": "everyone"}),
            json!({"match": "authenticated"}),
            json!({"match": "tenant_member"}),
            json!({"match": format!("role:{}", random.pick(&ROLES))}),
            json!({"match": "user.lead"}),
            json!({"match": "user.senior"}),
        ];
        if let Some((field, _)) = person {
            choices.push(json!({"match": "self", "field": field}));
        }
        if entity["fields"]["crew"].is_object() {
            choices.push(json!({"match": "user.crew", "field": "crew"}));
            choices.push(json!({"match": "user.crew", "field": "crew"}));
        }
        if entity["fields"]["name"].is_object() {
            choices.push(json!({"match": "user.title", "field": "name"}));
        }
        for number in 0..random.below(4) {
            let mut token = random.pick(&choices).clone();
            token["grants"] = json!(random.pick(&["read", "readwrite"]));
            // A token that opens to everyone without a condition hides nothing.
            if random.one_in(2) || token["match"] == "everyone" || token["match"] == "authenticated" {
                token["when"] = condition(random, &snapshot, name, 1);
            }
            tokens.insert(format!("t{number}"), token);
        }
        draft.entities[*name]["record_tokens"] = Value::Object(tokens);
    }
}

fn access(random: &mut Random, draft: &Draft) -> Value {
    let senior = if draft.tenants {
        json!({"lookup": "membership", "where": {"user": "$user", "level": {"gte": 2}}, "reason": "senior"})
    } else {
        json!({"lookup": "user", "where": {"id": "$user", "rank": {"gte": 2}}, "reason": "senior"})
    };
    let mut sets = Map::new();
    let names: Vec<String> = draft.entities.keys().cloned().collect();
    let everything = names.iter().map(|entity| {
        json!({"entity": entity, "allow": ["read", "list"], "records": "all", "read": readable(draft, entity)})
    });
    sets.insert("everything".into(), everything.collect());
    for set in ["visiting", "staying", "working"] {
        sets.insert(set.into(), rules(random, draft, false));
    }
    for role in ROLES {
        sets.insert(format!("as_{role}"), rules(random, draft, true));
    }
    let mut roles = Map::new();
    for role in ROLES {
        roles.insert(role.into(), json!({"sets": [format!("as_{role}")]}));
    }
    roles.insert("observer".into(), json!({"sets": ["everything"]}));
    json!({
        "user_tokens": {
            "crew": {"lookup": "crew_member", "where": {"member": "$user"}, "value": "crew", "reason": "in the crew"},
            "lead": {"lookup": "crew", "where": {"lead": "$user"}, "reason": "leads a crew"},
            "title": {"lookup": "user", "where": {"id": "$user"}, "value": "title", "reason": "the title"},
            "senior": senior,
        },
        "permission_sets": sets,
        "profiles": {
            "visitor": {"sets": ["visiting"]},
            "member": {"sets": ["visiting", "staying"]},
            "staff": {"sets": ["staying", "working"]},
        },
        "roles": roles,
    })
}

fn rules(random: &mut Random, draft: &Draft, for_role: bool) -> Value {
    let names: Vec<String> = draft.entities.keys().cloned().collect();
    let mut rules = Vec::new();
    for entity in &names {
        for _ in 0..random.below(3) {
            // Who may read people is a matter of the tenant; profiles reach beyond it only where the model says public.
            if !for_role && entity == "user" && draft.entities["user"]["public"] != true {
                continue;
            }
            let allow = *random.pick(&[
                &["read", "list"][..],
                &["read", "list"],
                &["read", "list"],
                &["read"],
                &["list"],
            ]);
            let mut rule = json!({"entity": entity, "allow": allow});
            if allow.contains(&"read") {
                rule["read"] = json!(random.some(&readable(draft, entity), 2));
            }
            if random.one_in(2) {
                rule["where"] = condition(random, draft, entity, 2);
            }
            if for_role && random.one_in(3) {
                rule["records"] = json!("all");
            }
            rules.push(rule);
        }
    }
    Value::Array(rules)
}

/// Every field of an entity that a rule may list under `read`.
pub(crate) fn readable(draft: &Draft, entity: &str) -> Vec<String> {
    let declared = draft.entities[entity]["fields"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    let mut names: Vec<String> = declared.keys().cloned().collect();
    names.push("owner".into());
    match entity {
        "user" => names.extend(["email", "name", "status"].map(String::from)),
        "membership" => names.extend(["user", "roles", "status", "tenant"].map(String::from)),
        "org" => {}
        _ if draft.entities[entity]["in"].is_string() => names.push("tenant".into()),
        _ => {}
    }
    names
}

impl Draft {
    /// Files of the model: name and text.
    pub fn files(&self) -> Vec<(&'static str, String)> {
        // A session value is written without quotes.
        let text = |value: &Value| {
            let text = serde_json::to_string_pretty(value).expect("a value can be written");
            let mut parts = text.split("\"$");
            let first = parts.next().unwrap_or_default().to_owned();
            parts.fold(first, |text, part| text + "$" + &part.replacen('"', "", 1))
        };
        vec![
            ("app.yaml", text(&self.app)),
            ("entities.yaml", text(&json!({"entities": self.entities}))),
            ("access.yaml", text(&self.access)),
        ]
    }

    /// Addresses of everybody in the seed but the observer.
    pub fn people() -> Vec<String> {
        (0..6)
            .map(|number| format!("u{number}@example.test"))
            .chain([OBSERVER.to_owned()])
            .filter(|it| it != OBSERVER)
            .collect()
    }
}
