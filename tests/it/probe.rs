//! Finds out what somebody may do by trying it, through GraphQL alone. What is written is undone: each attempt is one operation with a
//! second field that always fails.

use freehold_tests::{Person, Server, reference::document};
use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// An id that no row has.
const NOBODY: &str = "01930000-0000-8001-8000-00000000dead";
/// Rows asked for at once.
const ROWS_MAX: usize = 25;
/// So few rows are all tried.
const FEW: usize = 20;
/// Rows of one kind on which something is tried.
const SAMPLE: usize = 4;

/// Everything there is to try something on, read past the server.
pub(crate) struct World {
    model: Map<String, Value>,
    /// Ids by entity, with the tenant of each.
    rows: BTreeMap<String, Vec<Row>>,
}

/// A row of the seed.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) id: String,
    /// Its tenant's id; none if all tenants share it.
    pub(crate) tenant: Option<String>,
    /// Its columns.
    pub(crate) cells: Map<String, Value>,
}

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The rules let it through.
    Allowed,
    /// The rules refused it, or the row is not there for the caller.
    Refused,
    /// It says nothing about rules: a value that is none, a reference that leads nowhere.
    Void,
}

/// What `_access` says of a row.
#[derive(Clone, Debug)]
pub(crate) struct Access(Value);

impl Access {
    pub(crate) fn hides(&self, field: &str) -> bool {
        self.0["restricted"]
            .as_array()
            .expect("names")
            .iter()
            .any(|it| it == field)
    }

    pub(crate) fn writes(&self, field: &str) -> bool {
        self.0["writable"]
            .as_array()
            .expect("names")
            .iter()
            .any(|it| it == field)
    }

    /// `canUpdate`, `canDelete` or `canTransition`.
    pub(crate) fn can(&self, what: &str) -> bool {
        self.0[what] == true
    }
}

/// Somebody who tries.
pub(crate) struct Probe<'a> {
    pub(crate) person: Person<'a>,
    pub(crate) world: &'a World,
    types: BTreeMap<String, Value>,
    /// What was read before, by entity.
    known: RefCell<BTreeMap<String, Rc<BTreeMap<String, Access>>>>,
}

impl World {
    pub(crate) fn of(server: &Server) -> Self {
        let model = document::read(&server.folder().model());
        let tables = server.reader().tables();
        let tenant_entity = model
            .get("tenant")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let mut names: Vec<String> = model["entities"]
            .as_object()
            .expect("entities")
            .keys()
            .cloned()
            .collect();
        if !names.contains(&"user".to_owned()) {
            names.push("user".to_owned());
        }
        let rows = names.into_iter().map(|name| {
            let found = tables.get(&name).into_iter().flatten().map(|cells| {
                let text = |column: &str| cells.get(column).and_then(Value::as_str).map(str::to_owned);
                let id = text("id").expect("a row has an id");
                Row {
                    tenant: if name == tenant_entity {
                        Some(id.clone())
                    } else {
                        text("tenant_id")
                    },
                    id,
                    cells: cells.clone(),
                }
            });
            let found: Vec<Row> = found.collect();
            (name, found)
        });
        Self {
            rows: rows.collect(),
            model,
        }
    }

    pub(crate) fn entities(&self) -> impl Iterator<Item = &str> {
        self.rows.keys().map(String::as_str)
    }

    /// The rows of an entity that are of that tenant, or of all.
    pub(crate) fn rows(&self, entity: &str, tenant: &str) -> Vec<&Row> {
        let of_tenant = |row: &&Row| row.tenant.as_deref().is_none_or(|of| of == tenant);
        self.rows[entity].iter().filter(of_tenant).collect()
    }

    /// All rows of an entity, in whatever tenant.
    pub(crate) fn all_rows(&self, entity: &str) -> &[Row] {
        &self.rows[entity]
    }

    /// The row whose column has that text.
    pub(crate) fn find(&self, entity: &str, column: &str, text: &str) -> &Row {
        let found = self.rows[entity].iter().find(|row| row.cells[column] == text);
        found.unwrap_or_else(|| panic!("no {entity} has {column} {text}"))
    }

    /// A field as the model declares it; null for those that every entity has.
    pub(crate) fn field(&self, entity: &str, field: &str) -> &Value {
        self.model["entities"]
            .get(entity)
            .map_or(&Value::Null, |entity| &entity["fields"][field])
    }

    /// Texts with which some rule compares a field of that entity.
    fn constants(&self, entity: &str, field: &str) -> Vec<String> {
        let mut found = Vec::new();
        let sets = self.model["permission_sets"].as_object().expect("sets");
        for rule in sets.values().flat_map(|set| set.as_array().into_iter().flatten()) {
            if rule["entity"] == entity {
                collect(&rule["where"], field, &mut found);
                collect(&rule["check"], field, &mut found);
            }
        }
        found
    }
}

fn collect(condition: &Value, field: &str, found: &mut Vec<String>) {
    match condition {
        Value::Object(map) => {
            for (key, inner) in map {
                if key == field {
                    texts(inner, found);
                } else {
                    collect(inner, field, found);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, field, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if !text.starts_with('$') => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(map) => map.values().for_each(|item| texts(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

impl<'a> Probe<'a> {
    /// Learns the caller's schema.
    pub(crate) fn new(person: Person<'a>, world: &'a World) -> Self {
        const TYPE: &str = "name kind ofType { name kind ofType { name kind ofType { name kind } } }";
        let query = format!(
            "{{ __schema {{ types {{ name kind fields {{ name args {{ name type {{ {TYPE} }} }} }} \
             inputFields {{ name type {{ {TYPE} }} }} enumValues {{ name }} }} }} }}"
        );
        let answer = person.query(&query);
        let types = answer["__schema"]["types"].as_array().expect("types").iter();
        let types = types.map(|it| (it["name"].as_str().expect("a name").to_owned(), it.clone()));
        Self {
            types: types.collect(),
            person,
            world,
            known: RefCell::default(),
        }
    }

    /// Whether a type has a field.
    pub(crate) fn has(&self, type_name: &str, field: &str) -> bool {
        self.member(type_name, "fields", field).is_some()
    }

    /// The input of a create or update, by GraphQL name; none if the schema has no such input.
    pub(crate) fn inputs(&self, type_name: &str) -> Vec<(String, Value)> {
        let fields = self.types.get(type_name).map(|it| &it["inputFields"]);
        let fields = fields.and_then(Value::as_array).into_iter().flatten();
        fields
            .map(|it| (it["name"].as_str().expect("a name").to_owned(), it["type"].clone()))
            .collect()
    }

    fn member(&self, type_name: &str, kind: &str, name: &str) -> Option<&Value> {
        let members = self.types.get(type_name)?[kind].as_array()?;
        members.iter().find(|it| it["name"] == name)
    }

    /// The rows that can be read by id, by id, with what `_access` says of them.
    pub(crate) fn readable(&self, entity: &str, tenant: &str) -> Rc<BTreeMap<String, Access>> {
        if let Some(known) = self.known.borrow().get(entity) {
            return known.clone();
        }
        let found = Rc::new(self.read(entity, &self.world.rows(entity, tenant)));
        self.known.borrow_mut().insert(entity.to_owned(), found.clone());
        found
    }

    fn read(&self, entity: &str, rows: &[&Row]) -> BTreeMap<String, Access> {
        let root = camel(entity);
        let mut found = BTreeMap::new();
        if !self.has("Query", &root) {
            return found;
        }
        for chunk in rows.chunks(ROWS_MAX) {
            let asked = chunk.iter().enumerate().map(|(index, row)| {
                format!(
                    "a{index}: {root}(id: {:?}) {{ id _access {{ restricted writable canUpdate canDelete canTransition }} }} ",
                    row.id
                )
            });
            let data = self.person.query(&format!("{{ {} }}", asked.collect::<String>()));
            for (index, row) in chunk.iter().enumerate() {
                let shown = &data[format!("a{index}")];
                if shown.is_object() {
                    assert_eq!(shown["id"], row.id, "{entity}");
                    found.insert(row.id.clone(), Access(shown["_access"].clone()));
                }
            }
        }
        found
    }

    /// Rows on which to try something, the most telling first: some that can be read and have it, some that do not have it, by what
    /// `_access` says, some that cannot be read; then all others. The number is how many come first.
    pub(crate) fn rows(&self, entity: &str, tenant: &str, has: impl Fn(&Access) -> bool) -> (Vec<&'a Row>, usize) {
        let known = self.readable(entity, tenant);
        let rows = self.world.rows(entity, tenant);
        if rows.len() <= FEW {
            let count = rows.len();
            return (rows, count);
        }
        let mut kinds: [Vec<&Row>; 3] = Default::default();
        for row in rows {
            let kind = match known.get(&row.id) {
                Some(access) if has(access) => 0,
                Some(_) => 1,
                None => 2,
            };
            kinds[kind].push(row);
        }
        let first: Vec<&Row> = kinds
            .iter()
            .flat_map(|rows| rows.iter().take(SAMPLE))
            .copied()
            .collect();
        let rest = kinds.iter().flat_map(|rows| rows.iter().skip(SAMPLE)).copied();
        let count = first.len();
        (first.into_iter().chain(rest).collect(), count)
    }

    /// The ids of the rows that are listed.
    pub(crate) fn listed(&self, entity: &str) -> BTreeSet<String> {
        let root = plural(entity);
        let mut found = BTreeSet::new();
        let mut after = Value::Null;
        while self.has("Query", &root) {
            let query = format!(
                "query($after: String) {{ {root}(first: 100, after: $after) {{ nodes {{ id }} pageInfo {{ hasNextPage endCursor }} }} }}"
            );
            let data = self.person.query_with(&query, &json!({"after": after}));
            let page = &data[&root];
            let ids = page["nodes"].as_array().expect("nodes").iter();
            found.extend(ids.map(|node| node["id"].as_str().expect("an id").to_owned()));
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] != true {
                break;
            }
        }
        found
    }

    /// Tries a root field, and undoes it.
    pub(crate) fn attempt(&self, field: &str) -> Outcome {
        let answer = self
            .person
            .answer(&format!("mutation {{ a: {field} b: {} }}", self.failing()));
        let error = &answer.body["errors"][0];
        let code = answer.code();
        assert!(
            !code.is_empty() && !["INTERNAL_SERVER_ERROR", "GRAPHQL_VALIDATION_FAILED"].contains(&code),
            "{field}: {}\n{}",
            answer.text,
            self.person.server().complaints()
        );
        let message = error["message"].as_str().unwrap_or_default();
        match (error["path"][0].as_str(), code) {
            // The first was written, and the second did not find its row.
            (Some("b"), "NOT_FOUND") | (Some("a"), "CONFLICT") => Outcome::Allowed,
            (Some("a"), "NOT_FOUND") if message.starts_with('`') => Outcome::Void,
            (Some("a"), "FORBIDDEN" | "NOT_FOUND") => Outcome::Refused,
            (_, "BAD_USER_INPUT") => Outcome::Void,
            _ => panic!("{field}: {}", answer.text),
        }
    }

    /// A root field that finds no row.
    fn failing(&self) -> String {
        let fields = self.types["Mutation"]["fields"].as_array().expect("fields").iter();
        let names: Vec<&str> = fields.filter_map(|it| it["name"].as_str()).collect();
        let of = |prefix: &str| {
            names.iter().find(|name| {
                let by_id = self
                    .member("Mutation", "fields", name)
                    .and_then(|it| it["args"].as_array());
                name.starts_with(prefix) && by_id.is_some_and(|args| args.iter().any(|arg| arg["name"] == "id"))
            })
        };
        if let Some(name) = of("update") {
            return format!("{name}(id: {NOBODY:?}, input: {{}}) {{ __typename }}");
        }
        let name = of("delete").expect("some mutation finds its row by id");
        format!("{name}(id: {NOBODY:?}) {{ __typename }}")
    }

    /// Values to try for a field of an input, as GraphQL literals.
    pub(crate) fn candidates(&self, entity: &str, field: &str, type_ref: &Value, tenant: &str) -> Vec<String> {
        let (name, is_list) = named(type_ref);
        // Rows nested in a list are written by the rules of their own entity.
        if self.types.get(&name).is_some_and(|it| it["kind"] == "INPUT_OBJECT") {
            return Vec::new();
        }
        let model_name = snake(field);
        let mut found: Vec<String> = match name.as_str() {
            "String" => {
                let texts = self
                    .world
                    .constants(entity, &model_name)
                    .into_iter()
                    .chain(["probe".to_owned()]);
                texts.map(|text| format!("{text:?}")).collect()
            }
            "HTML" | "Markdown" => vec!["\"probe\"".to_owned()],
            "Email" => vec!["\"probe@example.test\"".to_owned()],
            "URL" => vec!["\"https://example.test/\"".to_owned()],
            "Int" => vec!["1".to_owned(), "5".to_owned()],
            "Float" => vec!["1.5".to_owned()],
            "Decimal" => vec!["\"1.00\"".to_owned()],
            "Boolean" => vec!["true".to_owned(), "false".to_owned()],
            "Date" => vec!["\"2026-01-01\"".to_owned()],
            "DateTime" => vec!["\"2026-01-01T00:00:00Z\"".to_owned()],
            "ID" => {
                let target = match self.world.field(entity, &model_name)["to"].as_str() {
                    Some(target) => target,
                    None if field == "owner" => "user",
                    None => return Vec::new(),
                };
                let (rows, _) = self.rows(target, tenant, |access| access.can("canUpdate"));
                rows.iter().map(|row| format!("{:?}", row.id)).collect()
            }
            other => {
                let values = self.types.get(other).map(|it| &it["enumValues"]);
                let values = values.and_then(Value::as_array).into_iter().flatten();
                let values = values.filter_map(|it| it["name"].as_str()).map(str::to_owned).collect();
                if is_list {
                    Vec::from([format!("[{}]", first(values))])
                } else {
                    values
                }
            }
        };
        if type_ref["kind"] != "NON_NULL" {
            found.push("null".to_owned());
        }
        found
    }
}

fn first(values: Vec<String>) -> String {
    values.into_iter().next().unwrap_or_default()
}

/// The named type under list and non-null, and whether there is a list.
fn named(type_ref: &Value) -> (String, bool) {
    let mut inner = type_ref;
    let mut is_list = false;
    while inner["name"].is_null() {
        is_list |= inner["kind"] == "LIST";
        inner = &inner["ofType"];
    }
    (inner["name"].as_str().expect("a name").to_owned(), is_list)
}

/// `team_member` → `teamMember`
pub(crate) fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let head = parts.next().unwrap_or_default().to_owned();
    parts.fold(head, |text, part| text + &pascal(part))
}

/// `team_member` → `TeamMember`
pub(crate) fn pascal(name: &str) -> String {
    let words = name.split('_').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    words.collect()
}

/// `teamMember` → `team_member`
fn snake(name: &str) -> String {
    name.chars().fold(String::new(), |mut text, letter| {
        if letter.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
        text
    })
}

/// The root field of an entity's list; the models that are probed have regular plurals.
fn plural(name: &str) -> String {
    match name.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o']) => format!("{}ies", camel(stem)),
        _ => format!("{}s", camel(name)),
    }
}
