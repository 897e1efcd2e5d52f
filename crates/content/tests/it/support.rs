//! Fields to try.

use freehold_base::Value;
use freehold_content::{Fault, clean};
use freehold_schema::catalog::{Catalog, FieldDef, TextKind};
use freehold_schema::source::{SourceFile, Sources};
use pulldown_cmark::Options;
use std::sync::LazyLock;

/// A catalog with one entity `thing` of those fields, written as in a model.
pub(crate) fn catalog(fields: &str) -> Catalog {
    let sources = sources(fields, "");
    let compiled = freehold_schema::compile(&sources);
    compiled
        .catalog
        .unwrap_or_else(|| panic!("{fields}: {:?}", compiled.diagnostics))
}

/// The files of an app with one entity `thing` of those fields, and that seed.
pub(crate) fn sources(fields: &str, seed: &str) -> Sources {
    let app = format!(
        "app: trial\nsecurity: open\nentities:\n  thing:\n    access: open\n    fields: {{{fields}}}\npermission_sets: {{}}\n"
    );
    let file = |name: &str, text: &str| SourceFile {
        name: name.to_owned(),
        text: text.to_owned(),
    };
    Sources::new(vec![file("app.yaml", &app), file("seed.yaml", seed)])
}

/// A field, written as in a model: `type: text, max: 3`.
pub(crate) fn field(declaration: &str) -> FieldDef {
    let catalog = catalog(&format!("it: {{{declaration}}}"));
    let entity = catalog.find_entity("thing").expect("the entity");
    entity.find_field("it").expect("the field").clone()
}

/// Cleans a text for a field of that kind.
pub(crate) fn clean_text(kind: TextKind, text: &str) -> Result<String, Vec<Fault>> {
    static HTML: LazyLock<FieldDef> = LazyLock::new(|| field("type: html"));
    static MARKDOWN: LazyLock<FieldDef> = LazyLock::new(|| field("type: markdown"));
    let field = match kind {
        TextKind::Html => &HTML,
        TextKind::Markdown => &MARKDOWN,
        TextKind::Plain | TextKind::Email | TextKind::Url => panic!("not in these tests"),
    };
    match clean(field, Value::Text(text.to_owned()))? {
        Value::Text(text) => Ok(text),
        other => panic!("{other:?}"),
    }
}

/// Renderers of Markdown that attacks are tried with: plain, of GitHub, and with everything.
pub(crate) const RENDERERS: [Options; 3] = [
    Options::empty(),
    Options::ENABLE_TABLES
        .union(Options::ENABLE_FOOTNOTES)
        .union(Options::ENABLE_STRIKETHROUGH)
        .union(Options::ENABLE_TASKLISTS)
        .union(Options::ENABLE_GFM),
    Options::all(),
];
