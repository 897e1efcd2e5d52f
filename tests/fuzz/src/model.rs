//! Files of an app, as anybody may write them.

use super::app::{compile, file, sides, tell};
use freehold_schema::diagnostic::Diagnostics;
use freehold_schema::source::SourceFile;

/// Files → catalog → rules → seed → schemas. A line `%% name` begins a file; what stands before the first is `app.yaml`.
/// Whether all of it is sound.
pub fn model(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let (sources, found) = compile(files(&text));
    let Some((catalog, policy)) = found else {
        return false;
    };
    let mut faults = Diagnostics::default();
    let seed = freehold_schema::seed::resolve(&sources, &catalog, &mut faults);
    tell(&faults, &sources);
    if !faults.has_errors() {
        for row in &seed.rows {
            let entity = catalog.entity(row.entity);
            assert!(
                row.tenant.is_some() == entity.tenant_scoped,
                "a row on the wrong side of the wall"
            );
        }
    }
    let _ = policy.required_indexes(&catalog);
    for side in sides(&catalog, &policy) {
        let sdl = side.schema.sdl();
        assert!(sdl.contains("type Query"), "a schema without a root");
    }
    !faults.has_errors()
}

fn files(text: &str) -> Vec<SourceFile> {
    let mut files = vec![file("app.yaml", "")];
    for line in text.split_inclusive('\n') {
        match line.strip_prefix("%% ") {
            Some(name) if files.len() < 8 => files.push(file(name.trim(), "")),
            _ => {
                if let Some(last) = files.last_mut() {
                    last.text.push_str(line);
                }
            }
        }
    }
    files
}
