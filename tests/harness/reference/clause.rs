//! Rules.

use serde_json::Value;

/// A grant.
#[derive(Clone, Debug)]
pub struct Rule {
    /// About what.
    pub entity: String,
    /// `allow`
    pub allow: Vec<String>,
    /// `where`
    pub condition: Option<Value>,
    /// `check`
    pub check: Check,
    /// `records: all`
    pub all_records: bool,
    /// `read`
    pub read: Vec<String>,
    /// `write`
    pub write: Vec<String>,
    /// `set`
    pub presets: Vec<(String, Value)>,
}

/// What a written row must be like.
#[derive(Clone, Debug)]
pub enum Check {
    /// As `where` has it.
    Condition,
    /// As it pleases.
    Any,
    /// As this has it.
    Stated(Value),
}

impl Rule {
    /// Whether it allows an operation.
    pub fn allows(&self, operation: &str) -> bool {
        self.allow.iter().any(|allowed| allowed == operation)
    }

    /// Whether its holder may give a field: listed, and not set by the rule itself.
    pub fn takes(&self, field: &str) -> bool {
        self.write.iter().any(|name| name == field) && !self.presets.iter().any(|(name, _)| name == field)
    }
}

pub(super) fn read_rules(rules: &Value) -> Vec<Rule> {
    let rules = rules.as_array().cloned().unwrap_or_default();
    let about_entities = rules.iter().filter(|rule| rule["entity"].is_string());
    let read = about_entities.map(|rule| Rule {
        entity: rule["entity"].as_str().unwrap_or_default().into(),
        allow: texts(&rule["allow"]),
        condition: rule.get("where").filter(|condition| !condition.is_null()).cloned(),
        check: match &rule["check"] {
            Value::Null => Check::Condition,
            check if check == "any" => Check::Any,
            check => Check::Stated(check.clone()),
        },
        all_records: rule["records"] == "all",
        read: texts(&rule["read"]),
        write: texts(&rule["write"]),
        presets: rule["set"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    });
    read.collect()
}

/// The texts of a list.
pub(super) fn texts(value: &Value) -> Vec<String> {
    let items = value.as_array().cloned().unwrap_or_default();
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}
