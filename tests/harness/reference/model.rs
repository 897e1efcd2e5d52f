//! A model, as far as the decisions need it.

use super::clause::{Rule, read_rules, texts};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A model.
#[derive(Clone, Debug)]
pub struct Model {
    /// The tenant entity.
    pub tenant: Option<String>,
    /// The membership entity, when there are tenants.
    pub membership: Option<String>,
    /// Profile of callers who are not signed in.
    pub anonymous_profile: Option<String>,
    /// Profile of users for whom none is stated.
    pub default_profile: Option<String>,
    /// By name.
    pub entities: BTreeMap<String, Entity>,
    /// By name.
    pub user_tokens: BTreeMap<String, UserToken>,
    /// Rules by permission set, in the order of the model.
    pub sets: Vec<(String, Vec<Rule>)>,
    /// Sets by profile.
    pub profiles: BTreeMap<String, Vec<String>>,
    /// Sets by role.
    pub roles: BTreeMap<String, Vec<String>>,
}

/// `access:`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// `open`
    Open,
    /// `protected_write`
    ProtectedWrite,
    /// `protected`
    Protected,
}

/// An entity.
#[derive(Clone, Debug)]
pub struct Entity {
    /// Its name.
    pub name: String,
    /// Its name in the plural.
    pub plural: String,
    /// Its rows belong to tenants. The tenant entity's do too: to themselves.
    pub walled: bool,
    /// Its rows say who is in a tenant.
    pub is_membership: bool,
    /// Reachable by callers who are no members.
    pub public: bool,
    /// Its gate.
    pub access: Access,
    /// Whose gate it uses instead.
    pub access_field: Option<String>,
    /// All fields, system fields first.
    pub fields: Vec<Field>,
    /// What opens a row.
    pub record_tokens: Vec<RecordToken>,
    /// Fields whose values together occur once.
    pub unique: Vec<Vec<String>>,
}

/// A field.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name in the model.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// Value of a row that does not state one.
    pub default: Value,
    /// Never null.
    pub required: bool,
    /// Set when the row is created, never changed.
    pub immutable: bool,
    /// Changes by a transition alone.
    pub state: bool,
    /// What becomes of the row when the one that it refers to is deleted.
    pub on_delete: OnDelete,
    /// `cascade: system`
    pub by_system: bool,
    /// It can be equal to something, if anything.
    pub encrypted: bool,
}

/// `on_delete:`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDelete {
    /// It goes too.
    Cascade,
    /// The other stays.
    Restrict,
    /// The reference is emptied.
    SetNull,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The id.
    Id,
    /// Text of any kind.
    Text,
    /// Whole number.
    Int,
    /// Double.
    Float,
    /// Exact number.
    Decimal,
    /// True or false.
    Boolean,
    /// A day.
    Date,
    /// A time of day.
    Time,
    /// An instant.
    DateTime,
    /// One of these words.
    Select(Vec<String>),
    /// Some of these words.
    MultiSelect(Vec<String>),
    /// A row of that entity.
    Ref(String),
    /// A row of one of those entities.
    OneOf(Vec<String>),
    /// A number counted by the server.
    Autonumber,
    /// The rows of that entity whose field points here.
    List {
        /// The entity.
        of: String,
        /// Its field.
        by: String,
    },
    /// Nothing that the reference understands.
    Other,
}

/// `match:`
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    /// Anybody.
    Everyone,
    /// Anybody signed in.
    Authenticated,
    /// Active members of the request's tenant.
    TenantMember,
    /// The user that the field names.
    Oneself,
    /// Holders of a role.
    Role(String),
    /// Carriers of a user token.
    User(String),
}

/// What opens a row.
#[derive(Clone, Debug)]
pub struct RecordToken {
    /// To whom.
    pub matches: Match,
    /// The field that holds the value asked for.
    pub field: Option<String>,
    /// When.
    pub when: Option<Value>,
    /// `grants: readwrite`
    pub writes: bool,
}

/// What a caller carries.
#[derive(Clone, Debug)]
pub struct UserToken {
    /// The entity looked in.
    pub lookup: String,
    /// Which rows of it.
    pub condition: Value,
    /// The field carried.
    pub value: Option<String>,
}

impl Model {
    /// Reads a merged document.
    pub fn read(document: &Map<String, Value>) -> Self {
        let text = |key: &str| document.get(key).and_then(Value::as_str).map(str::to_owned);
        let part = |key: &str| {
            document
                .get(key)
                .and_then(Value::as_object)
                .cloned()
                .unwrap_or_default()
        };
        let tenant = text("tenant");
        let mut declared = part("entities");
        declared.entry("user").or_insert(Value::Null);
        let find_membership = |declared: &Map<String, Value>| {
            declared
                .iter()
                .find(|(_, entity)| !entity["membership_of"].is_null())
                .map(|(name, _)| name.clone())
        };
        if let (Some(tenant), None) = (&tenant, find_membership(&declared)) {
            declared.insert("membership".into(), serde_json::json!({"membership_of": tenant}));
        }
        let membership = find_membership(&declared);
        let role_names: Vec<String> = part("roles").keys().cloned().collect();
        let entity = |(name, value): (&String, &Value)| {
            (name.clone(), Entity::read(name, value, tenant.as_deref(), &role_names))
        };
        let set_names = |value: &Value| texts(&value["sets"]);
        Self {
            anonymous_profile: text("anonymous_profile"),
            default_profile: text("default_profile"),
            entities: declared.iter().map(entity).collect(),
            user_tokens: part("user_tokens")
                .iter()
                .map(|(name, value)| (name.clone(), UserToken::read(value)))
                .collect(),
            sets: part("permission_sets")
                .iter()
                .map(|(name, rules)| (name.clone(), read_rules(rules)))
                .collect(),
            profiles: part("profiles")
                .iter()
                .map(|(name, value)| (name.clone(), set_names(value)))
                .collect(),
            roles: part("roles")
                .iter()
                .map(|(name, value)| (name.clone(), set_names(value)))
                .collect(),
            tenant,
            membership,
        }
    }

    /// The entity of that name.
    pub fn entity(&self, name: &str) -> &Entity {
        self.entities.get(name).unwrap_or_else(|| panic!("no entity `{name}`"))
    }
}

impl Entity {
    fn read(name: &str, value: &Value, tenant: Option<&str>, role_names: &[String]) -> Self {
        let is_membership = !value["membership_of"].is_null();
        let is_user = name == "user";
        let walled = !value["in"].is_null() || is_membership || tenant == Some(name);
        let field = |name: &str, kind: Kind| Field::plain(name, kind);
        let to = |target: &str| Kind::Ref(target.into());
        let mut fields = vec![
            field("id", Kind::Id),
            Field {
                default: 1.into(),
                ..field("version", Kind::Int)
            },
            field("created_at", Kind::DateTime),
            field("updated_at", Kind::DateTime),
            field("owner", to("user")),
            field("created_by", to("user")),
            field("updated_by", to("user")),
        ];
        if let Some(tenant) = tenant.filter(|tenant| walled && *tenant != name) {
            fields.push(Field {
                on_delete: OnDelete::Restrict,
                ..field("tenant", to(tenant))
            });
        }
        let status = Field {
            default: "active".into(),
            ..field("status", Kind::Select(vec!["active".into(), "blocked".into()]))
        };
        if is_user {
            fields.extend(["email", "name", "locale", "profile"].map(|name| field(name, Kind::Text)));
            fields.push(status);
            if tenant.is_none() {
                fields.push(field("roles", Kind::MultiSelect(role_names.to_vec())));
            }
        } else if is_membership {
            fields.extend([
                Field {
                    on_delete: OnDelete::Cascade,
                    ..field("user", to("user"))
                },
                field("roles", Kind::MultiSelect(role_names.to_vec())),
                status,
            ]);
        }
        let declared = value["fields"].as_object().cloned().unwrap_or_default();
        fields.extend(declared.iter().map(|(name, value)| Field::read(name, value)));
        let access = match value["access"].as_str() {
            Some("open") => Access::Open,
            Some("protected_write") => Access::ProtectedWrite,
            _ => Access::Protected,
        };
        let mut unique: Vec<Vec<String>> = match (is_user, is_membership) {
            (true, _) => vec![vec!["email".into()]],
            (_, true) => vec![vec!["user".into()]],
            _ => Vec::new(),
        };
        let single = declared.iter().filter(|(_, field)| field["unique"] == true);
        unique.extend(single.map(|(name, _)| vec![name.clone()]));
        unique.extend(value["unique"].as_array().into_iter().flatten().map(texts));
        let tokens = value["record_tokens"].as_object().cloned().unwrap_or_default();
        Self {
            name: name.into(),
            plural: value["plural"].as_str().map_or_else(|| plural(name), str::to_owned),
            walled,
            is_membership,
            public: value["public"].as_bool().unwrap_or_default(),
            access,
            access_field: value["access_field"].as_str().map(str::to_owned),
            fields,
            record_tokens: tokens.values().map(RecordToken::read).collect(),
            unique,
        }
    }

    /// Whether an update can ever take a field: not what stays, what moves by transitions, what the server counts, and who
    /// somebody is.
    pub fn is_given(&self, name: &str) -> bool {
        let field = self.field(name);
        let is_administered = match self.name.as_str() {
            "user" => ["email", "profile", "status", "roles"].contains(&name),
            _ => self.is_membership && ["user", "roles", "status"].contains(&name),
        };
        let is_stored = !matches!(field.kind, Kind::Id | Kind::Autonumber | Kind::List { .. });
        is_stored && !is_administered && !field.immutable && !field.state
    }

    /// The field of that name.
    pub fn field(&self, name: &str) -> &Field {
        self.find_field(name)
            .unwrap_or_else(|| panic!("no field `{name}` in `{}`", self.name))
    }

    /// The field of that name, if there is one.
    pub fn find_field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

impl Field {
    /// The entities that it may refer to.
    pub fn targets(&self) -> &[String] {
        match &self.kind {
            Kind::Ref(target) => std::slice::from_ref(target),
            Kind::OneOf(targets) => targets,
            _ => &[],
        }
    }

    fn read(name: &str, value: &Value) -> Self {
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let kind = match value["type"].as_str().unwrap_or_default() {
            "text" | "html" | "markdown" | "email" | "url" => Kind::Text,
            "int" => Kind::Int,
            "float" => Kind::Float,
            "decimal" => Kind::Decimal,
            "boolean" => Kind::Boolean,
            "date" => Kind::Date,
            "time" => Kind::Time,
            "datetime" => Kind::DateTime,
            "select" => Kind::Select(texts(&value["options"])),
            "multiselect" => Kind::MultiSelect(texts(&value["options"])),
            "autonumber" => Kind::Autonumber,
            "ref" if value["to"].is_string() => Kind::Ref(text("to")),
            "ref" => Kind::OneOf(texts(&value["to"])),
            "list" => Kind::List {
                of: text("of"),
                by: text("by"),
            },
            _ => Kind::Other,
        };
        Self {
            default: value.get("default").cloned().unwrap_or_default(),
            required: value["required"] == true,
            immutable: value["immutable"] == true,
            state: value["state"] == true,
            on_delete: match value["on_delete"].as_str() {
                Some("cascade") => OnDelete::Cascade,
                Some("restrict") => OnDelete::Restrict,
                _ => OnDelete::SetNull,
            },
            by_system: value["cascade"] == "system",
            encrypted: !value["encrypted"].is_null(),
            ..Self::plain(name, kind)
        }
    }

    fn plain(name: &str, kind: Kind) -> Self {
        Self {
            name: name.into(),
            kind,
            default: Value::Null,
            required: false,
            immutable: false,
            state: false,
            on_delete: OnDelete::SetNull,
            by_system: false,
            encrypted: false,
        }
    }
}

impl RecordToken {
    fn read(value: &Value) -> Self {
        let matches = match value["match"].as_str().unwrap_or_default() {
            "everyone" => Match::Everyone,
            "authenticated" => Match::Authenticated,
            "tenant_member" => Match::TenantMember,
            "self" => Match::Oneself,
            other => match (other.strip_prefix("role:"), other.strip_prefix("user.")) {
                (Some(role), _) => Match::Role(role.into()),
                (_, Some(token)) => Match::User(token.into()),
                _ => panic!("unknown match `{other}`"),
            },
        };
        Self {
            matches,
            field: value["field"].as_str().map(str::to_owned),
            when: value.get("when").filter(|when| !when.is_null()).cloned(),
            writes: value["grants"] == "readwrite",
        }
    }
}

impl UserToken {
    fn read(value: &Value) -> Self {
        Self {
            lookup: value["lookup"].as_str().unwrap_or_default().into(),
            condition: value["where"].clone(),
            value: value["value"].as_str().map(str::to_owned),
        }
    }
}

fn plural(name: &str) -> String {
    match name.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{stem}ies"),
        _ if name.ends_with(['s', 'x', 'z']) || name.ends_with("ch") || name.ends_with("sh") => format!("{name}es"),
        _ => format!("{name}s"),
    }
}
