//! The YAML of a model, merged.

use serde_json::{Map, Value};
use std::path::Path;

/// Reads every `*.yaml` under a folder and merges them by top-level key. Lists at the top (policy tests) are left out.
///
/// # Panics
///
/// If a file cannot be read.
pub fn read(folder: &Path) -> Map<String, Value> {
    let mut merged = Map::new();
    let mut files = Vec::new();
    collect(folder, &mut files);
    files.sort();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a file of a model can be read");
        let value: Value = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let Value::Object(map) = value else { continue };
        for (key, value) in map {
            merge(merged.entry(key).or_insert(Value::Null), value);
        }
    }
    merged
}

/// Reads a file that is a list.
///
/// # Panics
///
/// If it cannot be read, or is none.
pub fn read_list(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).expect("a file of a model can be read");
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn collect(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for path in entries.map(|entry| entry.expect("a folder can be listed").path()) {
        let hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.is_dir() && !hidden {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            files.push(path);
        }
    }
}

fn merge(into: &mut Value, value: Value) {
    match (into, value) {
        (Value::Object(map), Value::Object(other)) => map.extend(other),
        (Value::Array(items), Value::Array(other)) => items.extend(other),
        (into, value) => *into = value,
    }
}
