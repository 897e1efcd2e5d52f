//! Cases: reading folders, comparing with `expected.txt`, and a short form of a catalog.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod identity;

use freehold_schema::catalog::{Catalog, EntityDef, FieldDef, FieldId, FieldType, PasswordRules};
use freehold_schema::diagnostic::Diagnostics;
use freehold_schema::operations;
use freehold_schema::seed::{self, Seed};
use freehold_schema::source::{FileKind, SourceFile, Sources, is_model_file};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// A model with its seed; its operations are looked at.
pub(crate) struct Compiled {
    pub(crate) catalog: Option<Catalog>,
    pub(crate) seed: Seed,
    pub(crate) diagnostics: Diagnostics,
}

pub(crate) fn compile_all(sources: &Sources) -> Compiled {
    let freehold_schema::Compiled {
        catalog,
        mut diagnostics,
        ..
    } = freehold_schema::compile(sources);
    let seed = catalog
        .as_ref()
        .map(|catalog| seed::resolve(sources, catalog, &mut diagnostics))
        .unwrap_or_default();
    let limits = catalog.as_ref().map(|catalog| catalog.limits).unwrap_or_default();
    operations::read(sources, &limits, &mut diagnostics);
    Compiled {
        catalog: catalog.filter(|_| !diagnostics.has_errors()),
        seed,
        diagnostics,
    }
}

/// Runs every case of a folder, and reports all that differ.
pub(crate) fn each(kind: &str, run: impl Fn(&str, &Sources) -> String) {
    let mut differ = Vec::new();
    let cases = cases(kind);
    assert!(!cases.is_empty(), "no cases under {kind}");
    for folder in cases {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let text = run(&name, &read(&folder));
        if !same(&folder.join("expected.txt"), &text) {
            differ.push(format!("--- {kind}/{name}\n{text}"));
        }
    }
    assert!(
        differ.is_empty(),
        "run with UPDATE_EXPECT=1 and read the difference\n{}",
        differ.join("\n")
    );
}

pub(crate) fn compare(path: &Path, text: &str) {
    assert!(
        same(path, text),
        "{} is not current; run with UPDATE_EXPECT=1",
        path.display()
    );
}

#[expect(clippy::disallowed_methods, reason = "a test asks whether to update what it expects")]
fn same(path: &Path, text: &str) -> bool {
    if std::env::var("UPDATE_EXPECT").is_ok() {
        std::fs::write(path, text).unwrap();
    }
    std::fs::read_to_string(path).is_ok_and(|expected| expected == text)
}

fn cases(kind: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(kind);
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

pub(crate) fn read(folder: &Path) -> Sources {
    let mut files = Vec::new();
    read_into(folder, folder, &mut files);
    Sources::new(files)
}

fn read_into(root: &Path, folder: &Path, files: &mut Vec<SourceFile>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_into(root, &path, files);
            continue;
        }
        let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
        if is_model_file(&name) != FileKind::Other {
            files.push(SourceFile {
                name,
                text: std::fs::read_to_string(&path).unwrap(),
            });
        }
    }
}

/// The checks that the cases tell.
pub(crate) fn checks_told() -> BTreeSet<String> {
    let folders = cases("failing").into_iter().chain(cases("passing"));
    folders
        .flat_map(|folder| {
            compile_all(&read(&folder))
                .diagnostics
                .iter()
                .map(|fault| fault.check.to_owned())
                .collect::<Vec<_>>()
        })
        .collect()
}

/// The checks that the room's code can tell.
pub(crate) fn checks_in_code() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    checks_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    // A fault of ours: no model can cause it.
    found.remove("model-decode");
    found
}

fn checks_in(folder: &Path, found: &mut BTreeSet<String>) {
    const CALLS: [&str; 5] = [
        ".error(\"",
        ".warning(\"",
        ".error_nowhere(\"",
        ".unknown(\"",
        ".tell(severity,\"",
    ];
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("graphql") {
            checks_in(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let code: String = std::fs::read_to_string(&path).unwrap().split_whitespace().collect();
            for call in CALLS {
                let after = code.split(call).skip(1).filter_map(|rest| rest.split('"').next());
                found.extend(after.map(str::to_owned));
            }
        }
    }
}

/// A catalog in short: what the rest of the program relies on.
pub(crate) fn summary(catalog: &Catalog) -> String {
    let mut out = String::new();
    let line = |out: &mut String, text: String| writeln!(out, "{text}").unwrap();
    line(
        &mut out,
        format!(
            "app {} {:?} anonymous={:?} default={:?}",
            catalog.app, catalog.security, catalog.anonymous_profile, catalog.default_profile
        ),
    );
    if catalog.passwords != Some(PasswordRules::default()) {
        line(&mut out, format!("passwords {:?}", catalog.passwords));
    }
    identity::summary(&mut out, &catalog.identity);
    if let Some(tenancy) = catalog.tenancy {
        let name = |id| &catalog.entity(id).name;
        line(
            &mut out,
            format!(
                "tenants {} members {} slug={}",
                name(tenancy.entity),
                name(tenancy.membership),
                tenancy.slug.is_some()
            ),
        );
    }
    if !catalog.founder_roles.is_empty() {
        line(&mut out, format!("founders {:?}", catalog.founder_roles));
    }
    for host in &catalog.hosts {
        line(
            &mut out,
            format!(
                "host {:?} field={:?} {:?}",
                host.prefix,
                host.field.map(|field| field.0),
                host.suffix
            ),
        );
    }
    for entity in catalog.entities.values() {
        entity_summary(&mut out, catalog, entity);
    }
    for token in catalog.user_tokens.values() {
        let entity = catalog.entity(token.lookup);
        let value = token.value.map(|value| entity.field(value).name.as_str());
        line(
            &mut out,
            format!(
                "user token {}: {} value={value:?} where={}",
                token.name,
                entity.name,
                token.condition.is_some()
            ),
        );
    }
    for set in catalog.permission_sets.values() {
        line(&mut out, format!("set {} actions={:?}", set.name, set.actions));
        for rule in &set.rules {
            let entity = catalog.entity(rule.entity);
            let presets: Vec<FieldId> = rule.presets.iter().map(|(field, _)| *field).collect();
            let text = format!(
                "  {} {:?} read={} write={} set={}",
                entity.name,
                rule.allow,
                names(entity, &rule.read),
                names(entity, &rule.write),
                names(entity, &presets)
            );
            let all = if rule.records_all { " records=all" } else { "" };
            let condition = if rule.condition.is_some() { " where" } else { "" };
            line(&mut out, text + all + condition);
        }
    }
    for profile in catalog.profiles.values() {
        line(&mut out, format!("profile {} {:?}", profile.name, profile.sets));
    }
    for role in catalog.roles.values() {
        line(
            &mut out,
            format!(
                "role {} {:?} manages={:?} mfa={}",
                role.name, role.sets, role.manages, role.mfa_required
            ),
        );
    }
    out
}

fn entity_summary(out: &mut String, catalog: &Catalog, entity: &EntityDef) {
    let scope = if entity.tenant_scoped { " in-tenant" } else { "" };
    let public = if entity.public { " public" } else { "" };
    let EntityDef {
        name,
        kind,
        access,
        type_name,
        root_one,
        root_many,
        ..
    } = entity;
    writeln!(
        out,
        "entity {name} #{} {kind:?} {access:?}{scope}{public}: {type_name} {root_one} {root_many}",
        entity.tag.number()
    )
    .unwrap();
    for field in &entity.fields {
        if field.system.is_none() {
            writeln!(out, "  {}", field_summary(catalog, field)).unwrap();
        }
    }
    let system: Vec<&str> = entity
        .fields
        .iter()
        .filter(|field| field.system.is_some())
        .map(|field| field.name.as_str())
        .collect();
    writeln!(out, "  system {}", system.join(" ")).unwrap();
    for key in &entity.unique {
        writeln!(out, "  unique {} {}", names(entity, &key.fields), key.root_field).unwrap();
    }
    for key in &entity.index {
        writeln!(out, "  index {}", names(entity, key)).unwrap();
    }
    if let Some(field) = entity.access_field {
        writeln!(out, "  access field {}", entity.field(field).name).unwrap();
    }
    for token in &entity.record_tokens {
        let field = token.field.map(|field| entity.field(field).name.as_str());
        writeln!(
            out,
            "  token {} {:?} field={field:?} when={} {:?}",
            token.name,
            token.matches,
            token.when.is_some(),
            token.grants
        )
        .unwrap();
    }
}

fn field_summary(catalog: &Catalog, field: &FieldDef) -> String {
    let kind = match &field.field_type {
        FieldType::Select(options) => format!(
            "Select({})",
            options
                .iter()
                .map(|option| option.graphql_name.as_str())
                .collect::<Vec<_>>()
                .join(" ")
        ),
        FieldType::MultiSelect(options) => {
            format!(
                "MultiSelect({})",
                options
                    .iter()
                    .map(|option| option.graphql_name.as_str())
                    .collect::<Vec<_>>()
                    .join(" ")
            )
        }
        FieldType::Reference { to, on_delete } => {
            format!(
                "Reference({}) {on_delete:?}",
                to.iter()
                    .map(|id| catalog.entity(*id).name.as_str())
                    .collect::<Vec<_>>()
                    .join(" ")
            )
        }
        FieldType::List { of, by } => format!("List({}.{})", catalog.entity(*of).name, catalog.field(*of, *by).name),
        FieldType::Formula { returns, expression } => {
            let fields: Vec<String> = expression.fields().iter().map(|id| id.0.to_string()).collect();
            format!("Formula({}) from fields {}", returns.word(), fields.join(" "))
        }
        other => format!("{other:?}"),
    };
    let mut text = format!("{} {} {kind}", field.name, field.graphql_name);
    let flags = [
        (field.required, " required"),
        (field.immutable, " immutable"),
        (field.personal, " personal"),
        (field.state, " state"),
        (field.encrypted.is_some(), " encrypted"),
        (field.searchable, " searchable"),
        (field.cascade_system, " cascade=system"),
    ];
    text.extend(flags.into_iter().filter(|(on, _)| *on).map(|(_, word)| word));
    if let Some(default) = field.default_value() {
        write!(text, " default={default:?}").unwrap();
    }
    text
}

fn names(entity: &EntityDef, fields: &[FieldId]) -> String {
    format!(
        "[{}]",
        fields
            .iter()
            .map(|field| entity.field(*field).name.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    )
}

pub(crate) fn seed_summary(catalog: &Catalog, seed: &Seed) -> String {
    let mut out = String::new();
    for user in &seed.users {
        writeln!(
            out,
            "person {} row={} profile={:?} password={}",
            user.email,
            user.row,
            user.profile,
            user.password.is_some()
        )
        .unwrap();
    }
    for row in &seed.rows {
        let entity = catalog.entity(row.entity);
        let tenant = row.tenant.map_or_else(String::new, |tenant| format!(" in {tenant}"));
        writeln!(out, "row {}.{} {}{tenant}", entity.name, row.label, row.id).unwrap();
        for (field, value) in &row.values {
            writeln!(out, "  {} = {value:?}", entity.field(*field).name).unwrap();
        }
    }
    out
}
