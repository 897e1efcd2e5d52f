//! `auditLog`: the records of the request's tenant.

use super::Scope;
use crate::graphql::type_system::{InputField, OutputField, QUERY, Text, TypeDef, TypeKind, TypeRef, TypeSystem};
use indexmap::IndexMap;

/// The action that opens it.
const ACTION: &str = "read_audit";

pub(super) fn add(scope: &Scope<'_>, system: &mut TypeSystem) {
    if !scope.visible.actions.iter().any(|action| action == ACTION) {
        return;
    }
    let values = KINDS.iter().map(|name| Text::Borrowed(*name)).collect();
    system.types.insert(
        "AuditKind".to_owned(),
        TypeDef::new(TypeKind::Enum { values }).describe("What a record of the audit log is about."),
    );
    for (name, description, fields) in OBJECTS {
        let fields: IndexMap<Text, OutputField> = fields
            .iter()
            .map(|(field, type_ref, description)| {
                let field = (Text::Borrowed(*field), OutputField::new(TypeRef::read(type_ref)));
                match *description {
                    "" => field,
                    text => (field.0, field.1.describe(text)),
                }
            })
            .collect();
        system
            .types
            .insert((*name).to_owned(), TypeDef::object(fields).describe(*description));
    }
    let mut field = OutputField::new(TypeRef::required("AuditConnection"))
        .describe("The audit log of the request's tenant, the newest record first.");
    for (name, type_ref, description) in [
        (
            "first",
            TypeRef::named("Int"),
            "Records from the start, or behind `after`.",
        ),
        ("after", TypeRef::named("String"), "A cursor of this list."),
        ("kind", TypeRef::list("AuditKind"), "Records of one of these kinds."),
        (
            "user",
            TypeRef::named("ID"),
            "Records of what this user did, or was refused.",
        ),
        ("since", TypeRef::named("DateTime"), "Records of that moment or later."),
        ("until", TypeRef::named("DateTime"), "Records from before that moment."),
    ] {
        field = field.argument(name, InputField::new(type_ref).describe(description));
    }
    if let Some(TypeDef {
        kind: TypeKind::Object { fields, .. },
        ..
    }) = system.types.get_mut(QUERY)
    {
        fields.insert("auditLog".into(), field);
    }
}

/// As `storage` names them, in upper case.
const KINDS: &[&str] = &[
    "SIGN_IN",
    "SIGN_IN_FAILED",
    "LOCKED_OUT",
    "DENIED",
    "ADMINISTRATION",
    "WRITE",
    "ELEVATION",
    "EXPLAIN",
    "ALERT",
];

/// Name, type, description.
type FixedField = (&'static str, &'static str, &'static str);

const OBJECTS: &[(&str, &str, &[FixedField])] = &[
    (
        "AuditConnection",
        "A page of the audit log.",
        &[
            ("nodes", "[AuditEntry!]!", "The records of this page."),
            ("edges", "[AuditEdge!]!", "The records of this page with their cursors."),
            ("pageInfo", "PageInfo!", ""),
            ("totalCount", "Int!", "The number of records on all pages."),
        ],
    ),
    (
        "AuditEdge",
        "A record with its cursor.",
        &[
            ("cursor", "String!", "A place in this list, for `after`."),
            ("node", "AuditEntry!", ""),
        ],
    ),
    (
        "AuditEntry",
        "A record of the audit log. It holds names of fields, and never their values.",
        &[
            ("seq", "Int!", "Its number in the tenant's chain, from 1."),
            ("at", "DateTime!", "When it happened."),
            (
                "kind",
                "AuditKind",
                "What it is about; null if this server does not know.",
            ),
            ("user", "ID", "Who did it, or was refused."),
            ("entity", "String", "The entity of the row."),
            ("rowId", "ID", "The row."),
            ("detail", "JSON!", "What more there is to say."),
            ("requestId", "String", "The request, as the server's log has it."),
            (
                "hash",
                "String!",
                "SHA-256 of the record and of the one before, hexadecimal.",
            ),
        ],
    ),
];
