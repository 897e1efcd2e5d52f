//! The query that the console shows first: short, and good for as many people as can be.

use crate::bundle::{Bundle, View};
use freehold_policy::RoleSet;
use freehold_schema::catalog::{EntityDef, EntityId, EntityKind, FieldDef, FieldType, TextKind};
use freehold_schema::graphql::RequestText;
use serde_json::Map;
use std::sync::Arc;

/// Columns shown.
const FIELDS_MAX: usize = 3;
const COMMENT: &str = "# What you get depends on who you are: sign in as somebody else and run it again.\n";

/// The list that most role sets may see, with fields that all of those may read.
pub(crate) fn default_query(bundle: &Bundle) -> Option<String> {
    let catalog = &bundle.catalog;
    let member = |profile: Option<&String>, roles: Vec<String>| {
        bundle.view(&RoleSet {
            profile: profile.or(catalog.default_profile.as_ref()).cloned(),
            roles,
            signed_in: true,
            member: true,
            reads_only: false,
        })
    };
    let by_profile = catalog.profiles.keys().map(|profile| member(Some(profile), Vec::new()));
    let by_role = catalog.roles.keys().map(|role| member(None, vec![role.clone()]));
    let views: Vec<Arc<View>> = by_profile.chain(by_role).collect();
    let entities = catalog
        .entities
        .values()
        .filter(|entity| entity.kind == EntityKind::Ordinary);
    let ranked = entities
        .map(|entity| (rank(entity, &views), entity))
        .filter(|((seen, _), _)| *seen > 0);
    let (_, entity) = ranked.max_by_key(|(rank, _)| *rank)?;
    let fields: Vec<&str> = fields(entity, &views)
        .take(FIELDS_MAX)
        .map(|field| field.graphql_name.as_str())
        .collect();
    let list = format!(
        "  {}(first: 10) {{\n    totalCount\n    nodes {{ {} }}\n  }}\n",
        entity.root_many,
        ["id"].iter().chain(&fields).copied().collect::<Vec<_>>().join(" ")
    );
    let viewer = "  viewer { user { name } roles }\n";
    let texts = [
        format!("{COMMENT}{{\n{viewer}{list}}}\n"),
        format!("{COMMENT}{{\n{list}}}\n"),
    ];
    texts.into_iter().find(|text| {
        let request = RequestText {
            query: text,
            operation_name: None,
            variables: &Map::new(),
        };
        views
            .iter()
            .filter(|view| lists(view, entity.id))
            .all(|view| view.schema.prepare(&request, &catalog.limits).is_ok())
    })
}

/// How many role sets see it, then how much there is to see. Among equals the last counts, so the order is turned round.
fn rank(entity: &EntityDef, views: &[Arc<View>]) -> (usize, usize) {
    (
        views.iter().filter(|view| lists(view, entity.id)).count(),
        entity.fields.len(),
    )
}

fn lists(view: &View, entity: EntityId) -> bool {
    view.access.list(entity).is_some()
}

fn fields<'a>(entity: &'a EntityDef, views: &'a [Arc<View>]) -> impl Iterator<Item = &'a FieldDef> {
    entity.fields.iter().filter(move |field| {
        let plain = matches!(
            field.field_type,
            FieldType::Text(TextKind::Plain | TextKind::Email | TextKind::Url)
                | FieldType::Select(_)
                | FieldType::Int
                | FieldType::Decimal
                | FieldType::Date
        );
        let seen = |view: &View| {
            let sources = [view.access.list(entity.id), view.access.read(entity.id)];
            sources
                .iter()
                .flatten()
                .any(|source| source.readable(field.id).is_some())
        };
        plain
            && field.system.is_none()
            && field.encrypted.is_none()
            && views
                .iter()
                .filter(|view| lists(view, entity.id))
                .all(|view| seen(view))
    })
}
