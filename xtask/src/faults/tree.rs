//! A copy of the workspace in which faults are planted, with build results of its own.

use crate::tools;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The copy. It stays between runs, so that only what a fault changes is compiled anew.
#[derive(Debug)]
pub(crate) struct Tree {
    root: PathBuf,
    folder: PathBuf,
    target: PathBuf,
}

impl Tree {
    /// In `target/faults` of the workspace.
    pub(crate) fn new(root: &Path) -> Self {
        let parent = root.join("target/faults");
        Self {
            root: root.to_path_buf(),
            folder: parent.join("tree"),
            target: parent.join("target"),
        }
    }

    /// Where it is.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where its builds go.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// Writes one file, unless it is so already: cargo goes by the time of the last change.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<(), String> {
        write(&self.folder.join(name), text.as_bytes())
    }

    /// Brings it to what git knows of the workspace, and what is new there: without faults, and without what tests left behind.
    pub(crate) fn sync(&self) -> Result<(), String> {
        let mut command = Command::new("git");
        command
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(&self.root);
        let listed = tools::output_of(&mut command).ok_or("git does not list the files of the workspace")?;
        let mut wanted = BTreeSet::new();
        for name in listed.split('\0').filter(|name| !name.is_empty()) {
            let from = self.root.join(name);
            // Deleted, and git does not know it yet.
            if from.is_file() {
                let bytes = std::fs::read(&from).map_err(|error| format!("{}: {error}", from.display()))?;
                write(&self.folder.join(name), &bytes)?;
                wanted.insert(self.folder.join(name));
            }
        }
        remove_others(&self.folder, &wanted)
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    if std::fs::read(path).is_ok_and(|known| known == bytes) {
        return Ok(());
    }
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    std::fs::write(path, bytes).map_err(failed)
}

fn remove_others(folder: &Path, wanted: &BTreeSet<PathBuf>) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    for entry in std::fs::read_dir(folder).map_err(failed)?.filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() {
            remove_others(&path, wanted)?;
        } else if !wanted.contains(&path) {
            std::fs::remove_file(&path).map_err(failed)?;
        }
    }
    Ok(())
}
