//! The files of an app's directory, within bounds.

use crate::error::Failure;
use freehold_schema::source::{FileKind, SourceFile, Sources, is_model_file};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Largest file, largest app, most files, deepest folder.
const FILE_BYTES_MAX: u64 = 2 << 20;
const TOTAL_BYTES_MAX: u64 = 32 << 20;
const FILES_MAX: usize = 5_000;
const DEPTH_MAX: usize = 16;

/// Enough of each file to see that something has changed: its name, its length, when it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fingerprint(Vec<(String, u64, Option<SystemTime>)>);

struct Found {
    /// Relative to the app's directory, with `/`.
    name: String,
    path: PathBuf,
    bytes: u64,
    modified: Option<SystemTime>,
}

/// Reads every file that the compiler understands.
///
/// # Errors
/// When the directory is not there, a file cannot be read or is not UTF-8, or a bound is passed.
pub(crate) fn read(directory: &Path) -> Result<Sources, Failure> {
    let mut files = Vec::new();
    for found in walk(directory)? {
        let bytes = fs::read(&found.path)
            .map_err(|error| Failure::new(format!("cannot read `{}`: {error}", found.path.display())))?;
        let text = String::from_utf8(bytes).map_err(|_| {
            Failure::new(format!("`{}` is not UTF-8", found.path.display())).hint("save the file as UTF-8")
        })?;
        files.push(SourceFile { name: found.name, text });
    }
    if files.is_empty() {
        let message = format!("`{}` holds no model", directory.display());
        return Err(
            Failure::new(message).hint("an app is a directory of YAML files; `freehold new DIR` writes a small one")
        );
    }
    Ok(Sources::new(files))
}

/// What [`read`] would read. Files that cannot be looked at are left out: the next look will tell.
pub(crate) fn fingerprint(directory: &Path) -> Fingerprint {
    let found = walk(directory).unwrap_or_default();
    Fingerprint(
        found
            .into_iter()
            .map(|found| (found.name, found.bytes, found.modified))
            .collect(),
    )
}

fn walk(directory: &Path) -> Result<Vec<Found>, Failure> {
    let root = directory.canonicalize().map_err(|error| {
        Failure::new(format!("cannot open `{}`: {error}", directory.display()))
            .hint("`freehold new DIR` writes a small app")
    })?;
    if !root.is_dir() {
        return Err(Failure::new(format!("`{}` is not a directory", directory.display())));
    }
    let mut found = Vec::new();
    visit(&root, &root, "", 0, &mut found)?;
    found.sort_by(|a, b| a.name.cmp(&b.name));
    if found.iter().map(|file| file.bytes).sum::<u64>() > TOTAL_BYTES_MAX {
        return Err(Failure::new(format!(
            "the files of `{}` are larger than {TOTAL_BYTES_MAX} bytes together",
            directory.display()
        )));
    }
    Ok(found)
}

fn visit(root: &Path, folder: &Path, prefix: &str, depth: usize, found: &mut Vec<Found>) -> Result<(), Failure> {
    if depth > DEPTH_MAX {
        return Err(Failure::new(format!(
            "`{}` lies deeper than {DEPTH_MAX} folders",
            folder.display()
        )));
    }
    let unreadable = |error| Failure::new(format!("cannot read `{}`: {error}", folder.display()));
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let Ok(file_name) = entry.file_name().into_string() else {
            continue;
        };
        let name = format!("{prefix}{file_name}");
        // A link may lead outside; what it shows there is not part of the app.
        let Ok(path) = entry.path().canonicalize() else {
            continue;
        };
        if !path.starts_with(root) {
            tracing::warn!("`{name}` is a link out of the app's directory and is left out");
            continue;
        }
        let Ok(metadata) = fs::metadata(&path) else { continue };
        let skipped = file_name.starts_with('.')
            || file_name == "node_modules"
            || (depth == 0 && matches!(file_name.as_str(), "public" | "functions"));
        if metadata.is_dir() {
            if !skipped && !folder.starts_with(&path) {
                visit(root, &path, &format!("{name}/"), depth + 1, found)?;
            }
            continue;
        }
        if !metadata.is_file() || is_model_file(&name) == FileKind::Other {
            continue;
        }
        if metadata.len() > FILE_BYTES_MAX {
            return Err(Failure::new(format!(
                "`{}` is larger than {FILE_BYTES_MAX} bytes",
                path.display()
            )));
        }
        if found.len() >= FILES_MAX {
            return Err(Failure::new(format!(
                "`{}` has more than {FILES_MAX} files",
                root.display()
            )));
        }
        found.push(Found {
            name,
            path,
            bytes: metadata.len(),
            modified: metadata.modified().ok(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_out_of_the_directory_are_left_out() {
        let base = std::env::temp_dir().join(format!("freehold-sources-{}", std::process::id()));
        let app = base.join("app");
        fs::create_dir_all(app.join("entities")).unwrap();
        fs::create_dir_all(app.join(".freehold")).unwrap();
        fs::write(base.join("secret.yaml"), "a: 1").unwrap();
        fs::write(app.join("app.yaml"), "app: x").unwrap();
        fs::write(app.join("entities/a.yaml"), "entities: {}").unwrap();
        fs::write(app.join(".freehold/b.yaml"), "b: 1").unwrap();
        fs::write(app.join("README.md"), "hello").unwrap();
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(base.join("secret.yaml"), app.join("link.yaml")).unwrap();
            std::os::unix::fs::symlink(&app, app.join("entities/loop")).unwrap();
        }
        let names: Vec<String> = read(&app).unwrap().iter().map(|(_, file)| file.name.clone()).collect();
        assert_eq!(names, ["app.yaml", "entities/a.yaml"]);
        let before = fingerprint(&app);
        assert_eq!(before, fingerprint(&app));
        fs::write(app.join("app.yaml"), "app: longer").unwrap();
        assert_ne!(before, fingerprint(&app));
        assert!(read(&base.join("nowhere")).is_err());
        fs::remove_dir_all(&base).unwrap();
    }
}
