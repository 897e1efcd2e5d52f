//! Introspection: its types for our validator, and async-graphql to answer it.
//!
//! The dynamic schema is made at the first introspection of a role set; data never passes through it.

use super::error::{Refused, RequestError};
use super::operation::{Field, Input, InputKind, Selection, collect};
use super::sdl::{BUILT_IN_SCALARS, quoted};
use super::type_system::{InputField, OutputField, QUERY, Text, TypeDef, TypeKind, TypeRef, TypeSystem};
use async_graphql::dynamic::{
    Enum, EnumItem, Field as DynamicField, FieldFuture, InputObject, InputValue, Interface, InterfaceField, Object,
    Scalar, Schema, SchemaError, Subscription, SubscriptionField, SubscriptionFieldFuture, TypeRef as DynamicType,
    Union,
};
use async_graphql::{Error, Name, Request, Response, Value};
use freehold_base::Code;
use indexmap::IndexMap;
use serde_json::value::RawValue;
use std::fmt;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

/// Whether a root field asks about the schema.
pub(crate) fn is_meta(field: &str) -> bool {
    matches!(field, "__schema" | "__type")
}

/// The root field of that name, if it asks about the schema.
pub(crate) fn meta_field(name: &str) -> Option<&'static OutputField> {
    META_FIELDS.get(name)
}

/// `__Type` and its like.
pub(crate) fn meta_types() -> &'static TypeSystem {
    &META_TYPES
}

static META_FIELDS: LazyLock<IndexMap<Text, OutputField>> = LazyLock::new(|| {
    let by_name =
        OutputField::new(TypeRef::named("__Type")).argument("name", InputField::new(TypeRef::required("String")));
    IndexMap::from([
        (Text::from("__schema"), OutputField::new(TypeRef::required("__Schema"))),
        ("__type".into(), by_name),
    ])
});

static META_TYPES: LazyLock<TypeSystem> = LazyLock::new(|| {
    let mut system = TypeSystem::default();
    for (name, fields) in META_OBJECTS {
        let fields = fields
            .iter()
            .map(|(field, type_ref, has_deprecated)| {
                let mut output = OutputField::new(TypeRef::read(type_ref));
                if *has_deprecated {
                    let mut argument = InputField::new(TypeRef::required("Boolean"));
                    argument.default = Some(false.into());
                    output = output.argument("includeDeprecated", argument);
                }
                (Text::Borrowed(*field), output)
            })
            .collect();
        system.types.insert((*name).to_owned(), TypeDef::object(fields));
    }
    for name in ["__TypeKind", "__DirectiveLocation"] {
        system
            .types
            .insert(name.to_owned(), TypeDef::new(TypeKind::Enum { values: Vec::new() }));
    }
    // A schema may have no field of these types, but variables and introspection may still name them.
    for name in BUILT_IN_SCALARS {
        system
            .types
            .insert(name.to_owned(), TypeDef::new(TypeKind::Scalar { specified_by: None }));
    }
    system
});

/// An introspection type: name, then fields with their types, and whether they take `includeDeprecated`.
type MetaObject = (&'static str, &'static [(&'static str, &'static str, bool)]);

const META_OBJECTS: &[MetaObject] = &[
    (
        "__Schema",
        &[
            ("description", "String", false),
            ("types", "[__Type!]!", false),
            ("queryType", "__Type!", false),
            ("mutationType", "__Type", false),
            ("subscriptionType", "__Type", false),
            ("directives", "[__Directive!]!", false),
        ],
    ),
    (
        "__Type",
        &[
            ("kind", "__TypeKind!", false),
            ("name", "String", false),
            ("description", "String", false),
            ("specifiedByURL", "String", false),
            ("fields", "[__Field!]", true),
            ("interfaces", "[__Type!]", false),
            ("possibleTypes", "[__Type!]", false),
            ("enumValues", "[__EnumValue!]", true),
            ("inputFields", "[__InputValue!]", true),
            ("ofType", "__Type", false),
            ("isOneOf", "Boolean", false),
        ],
    ),
    (
        "__Field",
        &[
            ("name", "String!", false),
            ("description", "String", false),
            ("args", "[__InputValue!]!", true),
            ("type", "__Type!", false),
            ("isDeprecated", "Boolean!", false),
            ("deprecationReason", "String", false),
        ],
    ),
    (
        "__InputValue",
        &[
            ("name", "String!", false),
            ("description", "String", false),
            ("type", "__Type!", false),
            ("defaultValue", "String", false),
            ("isDeprecated", "Boolean!", false),
            ("deprecationReason", "String", false),
        ],
    ),
    (
        "__EnumValue",
        &[
            ("name", "String!", false),
            ("description", "String", false),
            ("isDeprecated", "Boolean!", false),
            ("deprecationReason", "String", false),
        ],
    ),
    (
        "__Directive",
        &[
            ("name", "String!", false),
            ("description", "String", false),
            ("isRepeatable", "Boolean!", false),
            ("locations", "[__DirectiveLocation!]!", false),
            ("args", "[__InputValue!]!", true),
        ],
    ),
];

/// Stack for async-graphql's recursion over the graph of types, which is as deep as the schema has types.
const STACK_BYTES: usize = 64 << 20;

/// Answers `__schema` and `__type` fields, given merged and without variables.
pub(crate) fn run(
    system: &TypeSystem,
    schema: &Dynamic,
    fields: &[Field],
) -> Result<Vec<(String, Box<RawValue>)>, Refused> {
    let failed = |message: String| Refused::from(RequestError::new(Code::InternalServerError, message));
    let items: Vec<Selection> = fields.iter().cloned().map(Selection::Field).collect();
    let query = Items(&items).to_string();
    let response = std::thread::scope(|scope| {
        let worker = std::thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, || schema.get(system).map(|schema| execute(&schema, query)));
        worker
            .map_err(|error| error.to_string())?
            .join()
            .map_err(|_| "introspection panicked".to_owned())?
    });
    let response = response
        .map_err(failed)?
        .ok_or_else(|| failed("introspection did not end".to_owned()))?;
    if let Some(error) = response.errors.first() {
        return Err(RequestError::new(
            Code::GraphqlValidationFailed,
            error.message.lines().next().unwrap_or_default(),
        )
        .into());
    }
    let Value::Object(mut data) = response.data else {
        return Err(failed("introspection has no data".to_owned()));
    };
    fields
        .iter()
        .map(|field| {
            let mut value = data.swap_remove(&Name::new(&field.key)).unwrap_or_default();
            if let ("__schema", Value::Object(schema)) = (field.name.as_str(), &mut value) {
                // async-graphql tells what schemas are in general; this one has no description.
                for described in collect(&field.items, "__Schema", &|_, _| false)
                    .iter()
                    .filter(|below| below.name == "description")
                {
                    schema.insert(Name::new(&described.key), Value::Null);
                }
            }
            let raw = serde_json::to_string(&value)
                .and_then(RawValue::from_string)
                .map_err(|error| failed(error.to_string()))?;
            Ok((field.key.clone(), raw))
        })
        .collect()
}

/// Nothing in introspection waits; a `Pending` is only the executor's turn-taking among many ready futures.
fn execute(schema: &Schema, query: String) -> Option<Response> {
    let mut future = std::pin::pin!(schema.execute(Request::new(query)));
    let mut context = Context::from_waker(Waker::noop());
    (0..10_000_000).find_map(|_| match future.as_mut().poll(&mut context) {
        Poll::Ready(response) => Some(response),
        Poll::Pending => None,
    })
}

/// Selections as a query again.
struct Items<'i>(&'i [Selection]);

impl fmt::Display for Items<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("{")?;
        for item in self.0 {
            match item {
                Selection::Field(field) => {
                    write!(out, "{}:{}", field.key, field.name)?;
                    if !field.arguments.is_empty() {
                        let arguments: Vec<String> = field
                            .arguments
                            .iter()
                            .map(|(name, input)| format!("{name}:{}", literal(input)))
                            .collect();
                        write!(out, "({})", arguments.join(" "))?;
                    }
                    if field.items.is_empty() {
                        out.write_str(" ")?;
                    } else {
                        Items(&field.items).fmt(out)?;
                    }
                }
                // A fragment whose fields were all skipped.
                Selection::On { items, .. } if items.is_empty() => {}
                Selection::On { type_name: None, items } => write!(out, "...{}", Items(items))?,
                Selection::On {
                    type_name: Some(name),
                    items,
                } => write!(out, "...on {name}{}", Items(items))?,
            }
        }
        out.write_str("}")
    }
}

/// Arguments of introspection fields are strings and booleans.
fn literal(input: &Input) -> String {
    match input.kind() {
        InputKind::Boolean(value) => value.to_string(),
        InputKind::Text(text) => quoted(text),
        InputKind::Number(number) => number.to_string(),
        InputKind::Null | InputKind::List(_) | InputKind::Object(_) => "null".to_owned(),
    }
}

/// async-graphql's copy of the type system: made when it is asked for, and large, so it may be forgotten.
#[derive(Default)]
pub(crate) struct Dynamic(Mutex<Option<Schema>>);

impl Dynamic {
    /// # Errors
    /// What async-graphql does not like about it.
    fn get(&self, system: &TypeSystem) -> Result<Schema, String> {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(schema) = &*made {
            return Ok(schema.clone());
        }
        let schema = dynamic_schema(system).map_err(|error| error.0)?;
        *made = Some(schema.clone());
        Ok(schema)
    }

    pub(crate) fn is_made(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    pub(crate) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// async-graphql's copy of the type system.
pub(crate) fn dynamic_schema(system: &TypeSystem) -> Result<Schema, SchemaError> {
    let mut builder = Schema::build(QUERY, system.mutation.as_deref(), system.subscription.as_deref())
        .limit_recursive_depth(256)
        .disable_suggestions();
    for (name, def) in &system.types {
        let describe = def.description.as_deref();
        match &def.kind {
            TypeKind::Scalar { .. } if BUILT_IN_SCALARS.contains(&name.as_str()) => {}
            TypeKind::Scalar { specified_by } => {
                let mut scalar = Scalar::new(name);
                scalar = specified_by.map_or(Scalar::new(name), |url| scalar.specified_by_url(url));
                builder = builder.register(match describe {
                    Some(text) => scalar.description(text),
                    None => scalar,
                });
            }
            TypeKind::Object { fields, .. } if system.subscription.as_ref() == Some(name) => {
                let root = fields.iter().fold(Subscription::new(name), |root, (name, field)| {
                    root.field(dynamic_subscription(name, field))
                });
                builder = builder.register(root);
            }
            TypeKind::Object { implements, fields } => {
                let object = implements.iter().fold(Object::new(name), |object, interface| {
                    object.implement(interface.clone())
                });
                let object = fields
                    .iter()
                    .fold(object, |object, (name, field)| object.field(dynamic_field(name, field)));
                builder = builder.register(match describe {
                    Some(text) => object.description(text),
                    None => object,
                });
            }
            TypeKind::Interface { fields, .. } => {
                let interface = fields.iter().fold(Interface::new(name), |interface, (name, field)| {
                    interface.field(InterfaceField::new(name.clone(), dynamic_type(&field.type_ref)))
                });
                builder = builder.register(match describe {
                    Some(text) => interface.description(text),
                    None => interface,
                });
            }
            TypeKind::Union { possible } => {
                let union = possible
                    .iter()
                    .fold(Union::new(name), |union, member| union.possible_type(member.clone()));
                builder = builder.register(match describe {
                    Some(text) => union.description(text),
                    None => union,
                });
            }
            TypeKind::Enum { values } => {
                let members = Enum::new(name).items(values.iter().map(|value| EnumItem::new(value.clone())));
                builder = builder.register(match describe {
                    Some(text) => members.description(text),
                    None => members,
                });
            }
            TypeKind::Input { fields } => {
                let input = fields.iter().fold(InputObject::new(name), |input, (name, field)| {
                    input.field(dynamic_input(name, field))
                });
                builder = builder.register(match describe {
                    Some(text) => input.description(text),
                    None => input,
                });
            }
        }
    }
    builder.finish()
}

fn dynamic_field(name: &str, field: &OutputField) -> DynamicField {
    let mut made = DynamicField::new(name, dynamic_type(&field.type_ref), |_| FieldFuture::Value(None));
    for (name, argument) in &field.arguments {
        made = made.argument(dynamic_input(name, argument));
    }
    if let Some(text) = &field.description {
        made = made.description(text.clone());
    }
    match &field.deprecated {
        Some(reason) => made.deprecation(Some(reason)),
        None => made,
    }
}

fn dynamic_subscription(name: &str, field: &OutputField) -> SubscriptionField {
    // Only described, never run.
    let mut made = SubscriptionField::new(name, dynamic_type(&field.type_ref), |_| {
        SubscriptionFieldFuture::new(async { Ok(futures_util::stream::empty::<Result<Value, Error>>()) })
    });
    for (name, argument) in &field.arguments {
        made = made.argument(dynamic_input(name, argument));
    }
    if let Some(text) = &field.description {
        made = made.description(text.clone());
    }
    match &field.deprecated {
        Some(reason) => made.deprecation(Some(reason)),
        None => made,
    }
}

fn dynamic_input(name: &str, field: &InputField) -> InputValue {
    let mut made = InputValue::new(name, dynamic_type(&field.type_ref));
    if let Some(text) = &field.description {
        made = made.description(text.clone());
    }
    if let Some(default) = &field.default {
        made = made.default_value(Value::from_json(default.clone()).unwrap_or_default());
    }
    match &field.deprecated {
        Some(reason) => made.deprecation(Some(reason)),
        None => made,
    }
}

fn dynamic_type(type_ref: &TypeRef) -> DynamicType {
    match type_ref {
        TypeRef::Named(name) => DynamicType::named(name.clone()),
        TypeRef::List(inner) => DynamicType::List(Box::new(dynamic_type(inner))),
        TypeRef::NonNull(inner) => DynamicType::NonNull(Box::new(dynamic_type(inner))),
    }
}
