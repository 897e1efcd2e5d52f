//! Small apps for tests.

pub(crate) mod random;

use crate::Policy;
use freehold_schema::catalog::{Catalog, EntityDef, FieldId};
use freehold_schema::compile;
use freehold_schema::diagnostic::{Diagnostic, Diagnostics};
use freehold_schema::source::{SourceFile, Sources};

/// A catalog from YAML that compiles.
pub(crate) fn catalog(yaml: &str) -> (Sources, Catalog) {
    let sources = Sources::new(vec![SourceFile {
        name: "app.yaml".into(),
        text: yaml.into(),
    }]);
    let compiled = compile(&sources);
    let faults: Vec<String> = compiled.diagnostics.iter().map(|fault| tell(&sources, fault)).collect();
    (sources, compiled.catalog.unwrap_or_else(|| panic!("{faults:#?}")))
}

/// A policy from YAML that passes the check.
pub(crate) fn policy(yaml: &str) -> (Catalog, Policy) {
    let (sources, catalog) = catalog(yaml);
    let mut diagnostics = Diagnostics::default();
    let policy = Policy::check(&catalog, &mut diagnostics);
    let faults: Vec<String> = diagnostics.iter().map(|fault| tell(&sources, fault)).collect();
    (catalog, policy.unwrap_or_else(|| panic!("{faults:#?}")))
}

/// What the check says, one line a fault: `line check: message (hint)`.
pub(crate) fn faults(yaml: &str) -> Vec<String> {
    let (sources, catalog) = catalog(yaml);
    let mut diagnostics = Diagnostics::default();
    let policy = Policy::check(&catalog, &mut diagnostics);
    assert_eq!(
        policy.is_none(),
        diagnostics.has_errors(),
        "there is a policy exactly when there is no error"
    );
    diagnostics
        .sorted()
        .into_iter()
        .map(|fault| tell(&sources, fault))
        .collect()
}

fn tell(sources: &Sources, fault: &Diagnostic) -> String {
    let line = fault.span.map_or(0, |span| sources.position(span).0);
    let hint = fault.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
    format!("{line} {}: {}{hint}", fault.check, fault.message)
}

/// A field's id by name.
pub(crate) fn field(entity: &EntityDef, name: &str) -> FieldId {
    entity
        .find_field(name)
        .unwrap_or_else(|| panic!("no field `{name}` on `{}`", entity.name))
        .id
}
