//! Types that every schema may use; those that nothing refers to are dropped at the end.

use super::Scope;
use crate::graphql::type_system::{InputField, OutputField, Text, TypeDef, TypeKind, TypeRef, TypeSystem};
use indexmap::IndexMap;

pub(super) fn add(scope: &Scope<'_>, system: &mut TypeSystem) {
    for (name, description, specified_by) in SCALARS {
        let mut scalar = TypeDef::new(TypeKind::Scalar {
            specified_by: *specified_by,
        });
        scalar.description = (!description.is_empty()).then_some(Text::Borrowed(description));
        system.types.insert((*name).to_owned(), scalar);
    }
    add_enum(
        system,
        "OrderDirection",
        "Null values come last in `ASC` and first in `DESC`.",
        &["ASC", "DESC"],
    );
    add_enum(
        system,
        "TextMode",
        "`INSENSITIVE` folds Unicode letters.",
        &["DEFAULT", "INSENSITIVE"],
    );
    add_enum(
        system,
        "ChangeKind",
        "A row that is `CREATED` or `DELETED` may also be one that a change has put into the filter, or into what the caller may see, or out of it.",
        &["CREATED", "UPDATED", "DELETED"],
    );
    add_filters(system);
    for (name, description, fields) in OBJECTS {
        let fields = fields
            .iter()
            .map(|(field, type_ref)| (Text::Borrowed(*field), OutputField::new(TypeRef::read(type_ref))))
            .collect();
        system
            .types
            .insert((*name).to_owned(), TypeDef::object(fields).describe(*description));
    }
    let possible: Vec<Text> = scope
        .entities()
        .filter(|seen| seen.can_read)
        .map(|seen| scope.def(seen).type_name.clone().into())
        .collect();
    if !possible.is_empty() {
        let fields = IndexMap::from([(Text::from("id"), OutputField::new(TypeRef::required("ID")))]);
        system.types.insert(
            "Node".to_owned(),
            TypeDef::new(TypeKind::Interface { fields, possible }).describe("A row that can be found by its id."),
        );
    }
}

/// Name, description (the built-in ones need none), specification.
const SCALARS: &[(&str, &str, Option<&str>)] = &[
    ("ID", "", None),
    ("String", "", None),
    ("Int", "", None),
    ("Float", "", None),
    ("Boolean", "", None),
    (
        "DateTime",
        "An instant, RFC 3339; written in UTC with `Z`.",
        Some("https://scalars.graphql.org/andimarek/date-time.html"),
    ),
    (
        "Date",
        "A calendar date, `YYYY-MM-DD`.",
        Some("https://scalars.graphql.org/andimarek/local-date.html"),
    ),
    ("Time", "A time of day, `HH:MM:SS`, with up to six decimals.", None),
    ("Decimal", "An exact decimal number, as a string.", None),
    (
        "UUID",
        "A UUID, RFC 9562, lower case with hyphens.",
        Some("https://www.rfc-editor.org/rfc/rfc9562"),
    ),
    (
        "JSON",
        "Any JSON value.",
        Some("https://www.rfc-editor.org/rfc/rfc8259"),
    ),
    ("HTML", "HTML, cleaned by the server.", None),
    ("Markdown", "Markdown, cleaned by the server.", None),
    ("Email", "An e-mail address.", None),
    (
        "URL",
        "A URL with an allowed scheme.",
        Some("https://www.rfc-editor.org/rfc/rfc3986"),
    ),
];

/// A fixed object type: name, description, fields with their types.
type FixedObject = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const OBJECTS: &[FixedObject] = &[
    (
        "PageInfo",
        "Where a page stands in its list.",
        &[
            ("hasNextPage", "Boolean!"),
            ("hasPreviousPage", "Boolean!"),
            ("startCursor", "String"),
            ("endCursor", "String"),
        ],
    ),
    (
        "Access",
        "What the caller may do with a row. `writable` names the fields that an update may set, `restricted` those that are null because they are hidden.",
        &[
            ("canUpdate", "Boolean!"),
            ("canDelete", "Boolean!"),
            ("canTransition", "Boolean!"),
            ("writable", "[String!]!"),
            ("restricted", "[String!]!"),
        ],
    ),
    (
        "Viewer",
        "Who asks.",
        &[
            ("user", "ViewerUser!"),
            ("memberships", "[ViewerMembership!]!"),
            ("accessTokens", "[AccessToken!]!"),
            ("tenant", "ViewerTenant"),
            ("roles", "[String!]!"),
        ],
    ),
    (
        "ViewerUser",
        "The signed-in user.",
        &[
            ("id", "ID!"),
            ("email", "Email"),
            ("name", "String"),
            ("locale", "String"),
            ("profile", "String"),
        ],
    ),
    (
        "ViewerMembership",
        "A tenant of the signed-in user.",
        &[
            ("tenant", "ViewerTenant!"),
            ("roles", "[String!]!"),
            ("status", "String!"),
        ],
    ),
    (
        "ViewerTenant",
        "A tenant.",
        &[("id", "ID!"), ("slug", "String"), ("name", "String")],
    ),
    (
        "MemberPayload",
        "A person in the request's tenant; without tenants, in the app. `email` and `name` are null for those who may not read them.",
        &[
            ("id", "ID!"),
            ("user", "ID!"),
            ("email", "Email"),
            ("name", "String"),
            ("roles", "[String!]!"),
            ("status", "String!"),
        ],
    ),
    (
        "AccessToken",
        "Something that the caller carries and that opens rows which ask for it.",
        &[("match", "String!"), ("value", "String"), ("reason", "String")],
    ),
];

fn add_enum(system: &mut TypeSystem, name: &str, description: &'static str, values: &[&'static str]) {
    let values = values.iter().map(|value| Text::Borrowed(*value)).collect();
    system.types.insert(
        name.to_owned(),
        TypeDef::new(TypeKind::Enum { values }).describe(description),
    );
}

/// `eq ne in notIn isNull`
pub(super) fn equality_operators(of: &str) -> IndexMap<Text, InputField> {
    let one = || InputField::new(TypeRef::named(of.to_owned()));
    let many = || InputField::new(TypeRef::list(of.to_owned()));
    IndexMap::from([
        (Text::from("eq"), one()),
        ("ne".into(), one()),
        ("in".into(), many()),
        ("notIn".into(), many()),
        ("isNull".into(), InputField::new(TypeRef::named("Boolean"))),
    ])
}

/// Scalars that an encrypted field may have.
const SEALED: [&str; 9] = [
    "String", "Int", "Float", "Decimal", "Boolean", "Date", "Time", "DateTime", "UUID",
];

/// `eq in isNull`: what stands in the database for a sealed value can be equal, and nothing else.
fn sealed_operators(of: &'static str) -> IndexMap<Text, InputField> {
    IndexMap::from([
        (Text::from("eq"), InputField::new(TypeRef::named(of))),
        ("in".into(), InputField::new(TypeRef::list(of))),
        ("isNull".into(), InputField::new(TypeRef::named("Boolean"))),
    ])
}

fn add_filters(system: &mut TypeSystem) {
    for of in SEALED {
        let sealed = TypeDef::input(sealed_operators(of)).describe("The field is encrypted: values can only be equal.");
        system.types.insert(format!("{of}SealedFilter"), sealed);
    }
    for of in ["ID", "UUID", "Boolean"] {
        system
            .types
            .insert(format!("{of}Filter"), TypeDef::input(equality_operators(of)));
    }
    for of in ["Int", "Float", "Decimal", "Date", "Time", "DateTime", "String"] {
        let mut operators = equality_operators(of);
        for word in ["lt", "lte", "gt", "gte"] {
            operators.insert(word.into(), InputField::new(TypeRef::named(of)));
        }
        if of == "String" {
            for (word, text) in [
                ("contains", "Has this text in it."),
                ("startsWith", "Begins with this text."),
                ("endsWith", "Ends with this text."),
                ("like", "Matches a pattern: `%` is any text, `_` any character."),
            ] {
                operators.insert(word.into(), InputField::new(TypeRef::named("String")).describe(text));
            }
            operators.insert(
                "mode".into(),
                InputField::new(TypeRef::named("TextMode")).describe("How the other operators here compare."),
            );
        }
        system.types.insert(format!("{of}Filter"), TypeDef::input(operators));
    }
    let mut json = equality_operators("JSON");
    json.insert(
        "path".into(),
        InputField::new(TypeRef::list("String")).describe("Keys and indexes that lead to the value compared."),
    );
    system.types.insert("JSONFilter".to_owned(), TypeDef::input(json));

    let polymorphic = IndexMap::from([
        (Text::from("id"), InputField::new(TypeRef::named("IDFilter"))),
        ("isNull".into(), InputField::new(TypeRef::named("Boolean"))),
    ]);
    system
        .types
        .insert("PolymorphicFilter".to_owned(), TypeDef::input(polymorphic));
}
