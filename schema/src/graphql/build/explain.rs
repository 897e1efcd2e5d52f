//! `explainAccess`: why somebody may, or may not, do something to a row.

use super::Scope;
use crate::graphql::type_system::{InputField, OutputField, QUERY, Text, TypeDef, TypeKind, TypeRef, TypeSystem};
use indexmap::IndexMap;

/// The action that opens it.
const ACTION: &str = "read_audit";

pub(super) fn add(scope: &Scope<'_>, system: &mut TypeSystem) {
    if !scope.visible.actions.iter().any(|action| action == ACTION) {
        return;
    }
    let operations = ["READ", "LIST", "UPDATE", "DELETE", "TRANSITION"];
    system.types.insert(
        "AccessOperation".to_owned(),
        TypeDef::new(TypeKind::Enum {
            values: operations.iter().map(|name| Text::Borrowed(*name)).collect(),
        })
        .describe("What a rule may allow on a row that is there."),
    );
    for (name, description, fields) in OBJECTS {
        let fields: IndexMap<Text, OutputField> = fields
            .iter()
            .map(|(field, type_ref, description)| {
                (
                    Text::Borrowed(*field),
                    OutputField::new(TypeRef::read(type_ref)).describe(*description),
                )
            })
            .collect();
        system
            .types
            .insert((*name).to_owned(), TypeDef::object(fields).describe(*description));
    }
    let mut field = OutputField::new(TypeRef::required("AccessExplanation")).describe(
        "Why somebody may, or may not, do something to a row of the request's tenant: every rule of theirs, and the condition that failed.",
    );
    for (name, type_ref) in [
        ("entity", TypeRef::required("String")),
        ("id", TypeRef::required("ID")),
        ("operation", TypeRef::required("AccessOperation")),
        ("user", TypeRef::named("ID")),
        ("field", TypeRef::named("String")),
    ] {
        field = field.argument(name, InputField::new(type_ref));
    }
    if let Some(TypeDef {
        kind: TypeKind::Object { fields, .. },
        ..
    }) = system.types.get_mut(QUERY)
    {
        fields.insert("explainAccess".into(), field);
    }
}

/// Name, type, description.
type FixedField = (&'static str, &'static str, &'static str);

const OBJECTS: &[(&str, &str, &[FixedField])] = &[
    (
        "AccessExplanation",
        "A decision, and how it came about.",
        &[
            ("allowed", "Boolean!", "The decision."),
            ("reason", "String!", "Why, in one sentence."),
            (
                "rule",
                "AccessRule",
                "The rule that allows it: the first of those that do.",
            ),
            ("set", "String", "That rule's permission set."),
            ("role", "String", "What brings the set: a profile, a role, or several."),
            (
                "token",
                "String",
                "What opened the record gate; null when the rule passes it by, or nothing did.",
            ),
            (
                "reach",
                "AccessFinding!",
                "Whether the row can be reached at all: tenant and membership.",
            ),
            (
                "visible",
                "AccessFinding",
                "Whether the row can be read: what cannot be read cannot be found to be written. Null if it is about reading.",
            ),
            (
                "rules",
                "[AccessRuleFinding!]!",
                "Every rule of theirs about this operation.",
            ),
        ],
    ),
    (
        "AccessRule",
        "A rule's place in the model.",
        &[
            ("set", "String!", "The permission set."),
            ("position", "Int!", "Position among the set's rules, from 0."),
            (
                "grantedBy",
                "[String!]!",
                "The profile and the roles that bring the set.",
            ),
        ],
    ),
    (
        "AccessRuleFinding",
        "What became of one rule.",
        &[
            ("set", "String!", "The permission set."),
            ("position", "Int!", "Position among the set's rules, from 0."),
            (
                "grantedBy",
                "[String!]!",
                "The profile and the roles that bring the set.",
            ),
            ("applies", "Boolean!", "Whether it applies to the row."),
            ("failed", "String", "The first condition that failed."),
            (
                "check",
                "String",
                "What it asks of the row as it will be, which nobody can tell beforehand; null if it asks nothing.",
            ),
            (
                "tree",
                "JSON!",
                "Every condition: `condition`, `holds`, and for several `of` and `parts`.",
            ),
        ],
    ),
    (
        "AccessFinding",
        "A condition, and whether it holds.",
        &[
            ("condition", "String!", "The condition, as people read it."),
            ("holds", "Boolean!", "Whether it holds."),
            ("parts", "JSON", "Its parts."),
        ],
    ),
];
