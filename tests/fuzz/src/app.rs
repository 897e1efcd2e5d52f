//! The fixed app: a model with every type of field, and who asks.

use freehold_policy::{Access, Policy, RoleSet};
use freehold_schema::Compiled;
use freehold_schema::catalog::Catalog;
use freehold_schema::diagnostic::Diagnostics;
use freehold_schema::graphql::RoleSchema;
use freehold_schema::source::{SourceFile, Sources};

/// The model of the fixed app.
pub(crate) const MODEL: &str = include_str!("../model/app.yaml");

/// One role set of an app, with all that is derived from it.
pub(crate) struct Side {
    pub(crate) access: Access,
    pub(crate) schema: RoleSchema,
}

/// An app that compiled.
pub(crate) struct App {
    pub(crate) catalog: Catalog,
    pub(crate) sides: Vec<Side>,
}

/// One file.
pub(crate) fn file(name: &str, text: &str) -> SourceFile {
    SourceFile {
        name: name.to_owned(),
        text: text.to_owned(),
    }
}

/// Compiles files and checks their rules; every fault can be told, whatever became of them.
pub(crate) fn compile(files: Vec<SourceFile>) -> (Sources, Option<(Catalog, Policy)>) {
    let sources = Sources::new(files);
    let Compiled {
        catalog,
        mut diagnostics,
        ..
    } = freehold_schema::compile(&sources);
    let found = catalog.and_then(|catalog| {
        let policy = Policy::check(&catalog, &mut diagnostics)?;
        Some((catalog, policy))
    });
    assert!(
        found.is_some() || diagnostics.has_errors(),
        "a model that is refused without an error"
    );
    tell(&diagnostics, &sources);
    (sources, found)
}

/// Draws the faults, as a developer would see them.
pub(crate) fn tell(diagnostics: &Diagnostics, sources: &Sources) {
    let text = freehold_schema::diagnostic::render(diagnostics, sources, false);
    assert_eq!(text.is_empty(), diagnostics.is_empty());
    let _ = freehold_schema::diagnostic::to_json(diagnostics, sources);
}

/// What every kind of caller may ask of an app.
pub(crate) fn sides(catalog: &Catalog, policy: &Policy) -> Vec<Side> {
    role_sets(catalog)
        .iter()
        .map(|role_set| {
            let access = Access::reduce(catalog, policy, role_set);
            let schema = RoleSchema::build(catalog, &access.visible(catalog));
            Side { access, schema }
        })
        .collect()
}

/// Nobody; somebody outside; a member without roles; a member with each role, and with all.
fn role_sets(catalog: &Catalog) -> Vec<RoleSet> {
    let set = |profile: &Option<String>, roles: Vec<String>, signed_in, member| RoleSet {
        profile: profile.clone(),
        roles,
        signed_in,
        member,
        reads_only: false,
    };
    let profile = &catalog.default_profile;
    let mut sets = vec![
        set(&catalog.anonymous_profile, Vec::new(), false, false),
        set(profile, Vec::new(), true, false),
        set(profile, Vec::new(), true, true),
    ];
    let roles: Vec<String> = catalog.roles.keys().cloned().collect();
    // A fuzzed model may have hundreds.
    sets.extend(
        roles
            .iter()
            .take(4)
            .map(|role| set(profile, vec![role.clone()], true, true)),
    );
    sets.push(set(profile, roles, true, true));
    sets
}
