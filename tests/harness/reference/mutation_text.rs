//! Mutations as GraphQL text.

use super::model::{Entity, Kind, Model};
use super::mutation::{Given, Input, Mutation, Nested, Target, Verb, Write};
use super::render::{camel, filter, pascal, selection, shout};
use super::value::Val;
use super::world::World;
use serde_json::{Map, Value, json};

/// The text of a mutation and its variables. Inputs stand in the text, or in variables.
pub fn mutation_request(world: &World, mutation: &Mutation, by_variables: bool) -> (String, Value) {
    let (mut declared, mut variables) = (Vec::new(), Map::new());
    let mut argument = |name: &str, type_name: String, value: Tree| {
        if !by_variables {
            return format!("{name}: {}", value.literal());
        }
        let variable = format!("v{}", declared.len());
        declared.push(format!("${variable}: {type_name}"));
        variables.insert(variable.clone(), value.json());
        format!("{name}: ${variable}")
    };
    let fields = mutation.writes.iter().enumerate().map(|(number, write)| {
        let entity = world.model.entity(&write.entity);
        let arguments = arguments(world, entity, &write.verb, &mut argument);
        let select = if write.select.is_empty() {
            "{ __typename }".into()
        } else {
            selection(world, entity, &write.select)
        };
        format!(
            "{}: {}({arguments}) {select}",
            response_key(number, write),
            root_field(&world.model, write)
        )
    });
    let fields: Vec<String> = fields.collect();
    let declared = if declared.is_empty() {
        String::new()
    } else {
        format!("({})", declared.join(", "))
    };
    (
        format!("mutation{declared} {{ {} }}", fields.join(" ")),
        Value::Object(variables),
    )
}

/// What a root field is called in the answer: `m0`; `bulk0` where the order of its rows is the server's own.
pub fn response_key(number: usize, write: &Write) -> String {
    match write.verb {
        Verb::UpdateMany(..) | Verb::DeleteMany(..) => format!("bulk{number}"),
        _ => format!("m{number}"),
    }
}

/// `createTicket`, `deleteTickets`
pub fn root_field(model: &Model, write: &Write) -> String {
    let entity = model.entity(&write.entity);
    let (verb, noun) = match write.verb {
        Verb::Create(_) => ("create", &entity.name),
        Verb::CreateMany(_) => ("create", &entity.plural),
        Verb::Update(..) => ("update", &entity.name),
        Verb::UpdateMany(..) => ("update", &entity.plural),
        Verb::Delete(..) => ("delete", &entity.name),
        Verb::DeleteMany(..) => ("delete", &entity.plural),
        Verb::Upsert(..) => ("upsert", &entity.name),
        Verb::Transition(..) => ("transition", &entity.name),
    };
    format!("{verb}{}", pascal(noun))
}

fn arguments(
    world: &World,
    entity: &Entity,
    verb: &Verb,
    argument: &mut dyn FnMut(&str, String, Tree) -> String,
) -> String {
    let type_name = pascal(&entity.name);
    let mut parts: Vec<String> = Vec::new();
    let id = |target: &Target| format!("id: {}", Tree::Text(id(world, target)).literal());
    match verb {
        Verb::Create(given) => parts.push(argument(
            "input",
            format!("{type_name}CreateInput!"),
            input(world, entity, given),
        )),
        Verb::CreateMany(many) => {
            let many = many.iter().map(|given| input(world, entity, given)).collect();
            parts.push(argument(
                "input",
                format!("[{type_name}CreateInput!]!"),
                Tree::List(many),
            ));
        }
        Verb::Update(target, given, version) => {
            parts.push(id(target));
            parts.push(argument(
                "input",
                format!("{type_name}UpdateInput!"),
                input(world, entity, given),
            ));
            parts.extend(version.map(|version| format!("ifVersion: {version}")));
        }
        Verb::UpdateMany(found, given, at_most) => {
            parts.push(format!("filter: {}", filter(world, entity, found)));
            parts.push(argument(
                "input",
                format!("{type_name}UpdateInput!"),
                input(world, entity, given),
            ));
            parts.extend(at_most.map(|most| format!("atMost: {most}")));
        }
        Verb::Delete(target, version) => {
            parts.push(id(target));
            parts.extend(version.map(|version| format!("ifVersion: {version}")));
        }
        Verb::DeleteMany(found, at_most) => {
            parts.push(format!("filter: {}", filter(world, entity, found)));
            parts.extend(at_most.map(|most| format!("atMost: {most}")));
        }
        Verb::Upsert(key, given) => {
            parts.push(format!(
                "by: {}",
                key.iter().map(|name| shout(name)).collect::<Vec<_>>().join("_AND_")
            ));
            parts.push(argument(
                "input",
                format!("{type_name}CreateInput!"),
                input(world, entity, given),
            ));
        }
        Verb::Transition(target, to, version) => {
            parts.push(id(target));
            parts.push(format!("to: {}", shout(to)));
            parts.extend(version.map(|version| format!("ifVersion: {version}")));
        }
    }
    parts.join(", ")
}

fn input(world: &World, entity: &Entity, given: &Input) -> Tree {
    let field = |(name, given): &(String, Given)| {
        let kind = &entity.field(name).kind;
        let tree = match (given, kind) {
            (Given::Value(value), _) => tree(kind, value),
            (Given::Row(target), _) => Tree::Text(id(world, target)),
            (Given::Nested(nested), Kind::List { of, .. }) => list(world, world.model.entity(of), nested),
            (Given::Nested(_), _) => panic!("{name} is no list"),
        };
        (camel(name), tree)
    };
    Tree::Object(given.iter().map(field).collect())
}

fn list(world: &World, entity: &Entity, nested: &Nested) -> Tree {
    let ids = |targets: &[Target]| {
        targets
            .iter()
            .map(|target| Tree::Text(id(world, target)))
            .collect::<Vec<_>>()
    };
    let update = nested.update.iter().map(|(target, given, version)| {
        let mut parts = vec![
            ("id".to_owned(), Tree::Text(id(world, target))),
            ("input".to_owned(), input(world, entity, given)),
        ];
        parts.extend(version.map(|version| ("ifVersion".to_owned(), Tree::Plain(version.into()))));
        Tree::Object(parts)
    });
    let parts = [
        (
            "create",
            nested.create.iter().map(|given| input(world, entity, given)).collect(),
        ),
        ("update", update.collect()),
        ("delete", ids(&nested.delete)),
        ("connect", ids(&nested.connect)),
        ("disconnect", ids(&nested.disconnect)),
    ];
    let parts = parts
        .into_iter()
        .filter(|(_, items): &(&str, Vec<Tree>)| !items.is_empty());
    Tree::Object(parts.map(|(key, items)| (key.to_owned(), Tree::List(items))).collect())
}

fn id(world: &World, target: &Target) -> String {
    match target {
        Target::Row(row) => world
            .row_of(*row)
            .id
            .clone()
            .unwrap_or_else(|| panic!("{row:?} has no id yet")),
        Target::Missing(id) => id.clone(),
    }
}

fn tree(kind: &Kind, value: &Val) -> Tree {
    match (kind, value) {
        (_, Val::Null) => Tree::Plain(Value::Null),
        (Kind::Select(_), Val::Text(word)) => Tree::Word(shout(word)),
        (_, Val::Text(text)) => Tree::Text(text.clone()),
        (_, Val::Int(number)) => Tree::Plain(json!(number)),
        (_, Val::Float(number)) => Tree::Plain(json!(number)),
        (_, Val::Decimal(number)) => Tree::Text(number.to_string()),
        (_, Val::Bool(value)) => Tree::Plain(json!(value)),
        (_, Val::Texts(words)) => Tree::List(words.iter().map(|word| Tree::Word(shout(word))).collect()),
        (_, Val::Row(_)) => panic!("rows are named by targets"),
    }
}

/// An input value, to be written as GraphQL or as JSON.
enum Tree {
    Plain(Value),
    Text(String),
    Word(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Tree {
    fn literal(&self) -> String {
        match self {
            Self::Plain(value) => value.to_string(),
            // JSON's strings are GraphQL's too.
            Self::Text(text) => Value::from(text.as_str()).to_string(),
            Self::Word(word) => word.clone(),
            Self::List(items) => format!("[{}]", items.iter().map(Self::literal).collect::<Vec<_>>().join(", ")),
            Self::Object(parts) => {
                let parts = parts.iter().map(|(key, value)| format!("{key}: {}", value.literal()));
                format!("{{{}}}", parts.collect::<Vec<_>>().join(", "))
            }
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Plain(value) => value.clone(),
            Self::Text(text) | Self::Word(text) => json!(text),
            Self::List(items) => items.iter().map(Self::json).collect(),
            Self::Object(parts) => {
                Value::Object(parts.iter().map(|(key, value)| (key.clone(), value.json())).collect())
            }
        }
    }
}
