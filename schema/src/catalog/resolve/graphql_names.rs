//! Every name that the entities make in the GraphQL schema, and whether two of them are one.

use super::Context;
use crate::catalog::{Catalog, EntityDef, FieldType};
use crate::graphql::{RootWrite, shape};
use crate::source::Span;
use std::collections::HashMap;

/// Types that every schema has.
const SHARED_TYPES: &[&str] = &[
    "Query",
    "Mutation",
    "Subscription",
    "String",
    "Int",
    "Float",
    "Boolean",
    "ID",
    "DateTime",
    "Date",
    "Time",
    "Decimal",
    "UUID",
    "JSON",
    "HTML",
    "Markdown",
    "Email",
    "URL",
    "File",
    "Image",
    "Upload",
    "Node",
    "Access",
    "Viewer",
    "ViewerUser",
    "ViewerMembership",
    "ViewerTenant",
    "ViewerAccessToken",
    "AccessToken",
    "MemberPayload",
    "PageInfo",
    "OrderDirection",
    "TextMode",
    "StringFilter",
    "IntFilter",
    "FloatFilter",
    "DecimalFilter",
    "BooleanFilter",
    "DateFilter",
    "TimeFilter",
    "DateTimeFilter",
    "UUIDFilter",
    "IDFilter",
    "JSONFilter",
    "PolymorphicFilter",
    "AccessExplanation",
    "AccessOperation",
    "AccessRule",
    "AccessRuleFinding",
    "AccessFinding",
    "AuditEntry",
    "AuditConnection",
    "AuditEdge",
    "AuditKind",
    "ApiKey",
    "ApiKeyCreated",
    "ApiKeyInput",
    "MemberSession",
    "MemberFactor",
    "IdentityProvider",
    "SignInStats",
    "SignInMethod",
    "ChangeKind",
];

/// What follows an entity's name in the names of its types.
const SUFFIXES: &[&str] = &[
    "",
    "Connection",
    "Edge",
    "Filter",
    "ListFilter",
    "OrderBy",
    "Aggregate",
    "Sum",
    "Avg",
    "Min",
    "Max",
    "Group",
    "GroupKey",
    "GroupBy",
    "CreateInput",
    "UpdateInput",
    "UpdateItem",
    "UniqueKey",
    "Change",
    "Visible",
];

const SHARED_QUERIES: &[&str] = &[
    "node",
    "viewer",
    "explainAccess",
    "auditLog",
    "memberSessions",
    "memberFactors",
    "apiKeys",
    "identityProviders",
    "signInStats",
];

const SHARED_MUTATIONS: &[&str] = &[
    "inviteMember",
    "setMemberRoles",
    "removeMember",
    "blockMember",
    "unblockMember",
    "resetPassword",
    "unlockMember",
    "removeSecondFactors",
    "setSecret",
    "createApiKey",
    "revokeApiKey",
    "revokeSessions",
];

/// Who has taken a name.
struct Taken<'a> {
    noun: &'static str,
    by: HashMap<String, Option<&'a EntityDef>>,
}

pub(super) fn check(context: &mut Context<'_>, catalog: &Catalog) {
    let shared = |noun, names: &[&str]| Taken {
        noun,
        by: names.iter().map(|name| ((*name).to_owned(), None)).collect(),
    };
    let mut types = shared("type", SHARED_TYPES);
    let mut queries = shared("root field", SHARED_QUERIES);
    let mut mutations = shared("mutation", SHARED_MUTATIONS);
    for entity in catalog.entities.values() {
        let span = entity.span;
        for suffix in SUFFIXES {
            types.take(context, entity, span, format!("{}{suffix}", entity.type_name));
        }
        for field in entity.fields.iter().filter(|field| field.system.is_none()) {
            let name = shape::field_type_name(entity, field);
            match &field.field_type {
                FieldType::Select(_) | FieldType::MultiSelect(_) => {
                    types.take(context, entity, place(field.span, span), format!("{name}Filter"));
                    types.take(context, entity, place(field.span, span), name);
                }
                FieldType::Reference { to, .. } if to.len() > 1 => {
                    types.take(context, entity, place(field.span, span), format!("{name}Filter"));
                    types.take(context, entity, place(field.span, span), name);
                }
                FieldType::List { .. } => {
                    for suffix in shape::LIST_INPUTS {
                        types.take(context, entity, place(field.span, span), format!("{name}{suffix}"));
                    }
                }
                _ => {}
            }
        }
        queries.take(context, entity, span, entity.root_one.clone());
        let countable = entity.root_one != entity.root_many;
        if countable {
            queries.take(context, entity, span, entity.root_many.clone());
        } else {
            let stated = context
                .drafts
                .get(entity.id)
                .model
                .and_then(|model| model.plural.as_ref());
            context
                .diagnostics
                .error(
                    "plural",
                    stated.map_or(span, |stated| stated.span),
                    format!("the plural of `{}` is the same word", entity.name),
                )
                .hint(format!("state another one, for example `plural: all_{}`", entity.name));
        }
        for key in &entity.unique {
            queries.take(context, entity, span, key.root_field.clone());
        }
        for write in RootWrite::all(entity) {
            let of_many = matches!(
                write,
                RootWrite::CreateMany | RootWrite::UpdateMany | RootWrite::DeleteMany
            );
            if countable || !of_many {
                let span = match write {
                    RootWrite::Transition(field) => place(entity.field(field).span, span),
                    _ => span,
                };
                mutations.take(context, entity, span, write.name(entity));
            }
        }
    }
    // A subscription may ask what a query may.
    let mut subscriptions = Taken {
        noun: "subscription",
        ..queries
    };
    for entity in catalog.entities.values() {
        subscriptions.take(context, entity, entity.span, shape::changed_field(entity));
    }
}

impl<'a> Taken<'a> {
    fn take(&mut self, context: &mut Context<'_>, entity: &'a EntityDef, span: Span, name: String) {
        let Some(first) = self.by.get(&name) else {
            self.by.insert(name, Some(entity));
            return;
        };
        let noun = self.noun;
        let message = match first {
            Some(first) if first.id == entity.id => {
                format!("`{}` makes the GraphQL {noun} `{name}` twice", entity.name)
            }
            Some(first) => format!(
                "`{}` and `{}` both make the GraphQL {noun} `{name}`",
                first.name, entity.name
            ),
            None => format!(
                "`{}` makes the GraphQL {noun} `{name}`, which every schema has",
                entity.name
            ),
        };
        let related = first
            .filter(|first| first.id != entity.id && first.span != Span::default())
            .map(|first| first.span);
        let hint = if self.noun == "root field" || self.noun == "mutation" || self.noun == "subscription" {
            "state another `plural:`, or rename the entity"
        } else {
            "rename one of them"
        };
        let told = context.diagnostics.error("graphql-name", span, message);
        told.hint(hint);
        if let Some(related) = related {
            told.also(related, "the other one");
        }
    }
}

/// Built-in fields have no place of their own.
fn place(field: Span, entity: Span) -> Span {
    if field == Span::default() { entity } else { field }
}
