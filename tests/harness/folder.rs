//! Models on disk: those of the repository, and copies that a test may change.

use crate::settings::repository;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// A folder of a test, under the system's place for such.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
}

/// A model made for the tests.
pub fn fixture(name: &str) -> PathBuf {
    repository().join("tests/fixtures").join(name)
}

/// An example of the repository.
pub fn example(name: &str) -> PathBuf {
    repository().join("examples").join(name)
}

impl Folder {
    /// A new, empty one. Whoever starts a server in it removes it.
    #[expect(clippy::new_without_default, reason = "it touches the disk")]
    pub fn new() -> Self {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("freehold-test-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a temporary folder can be created");
        Self { path }
    }

    /// A new one with a copy of a model in `model/`.
    pub fn with_model(model: &Path) -> Self {
        let folder = Self::new();
        copy(model, &folder.model());
        folder
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The model in it.
    pub fn model(&self) -> PathBuf {
        self.path.join("model")
    }

    /// Writes a file of the model.
    pub fn write(&self, name: &str, text: &str) {
        let file = self.model().join(name);
        std::fs::create_dir_all(file.parent().expect("a file has a folder")).expect("a folder can be created");
        std::fs::write(file, text).expect("a file can be written");
    }
}

/// Copies the files of a model, without what a server left in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder can be created");
    let entries = std::fs::read_dir(from).unwrap_or_else(|error| panic!("{} cannot be read: {error}", from.display()));
    for entry in entries.map(|entry| entry.expect("a folder can be listed")) {
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_name() == ".freehold" {
            continue;
        }
        if source.is_dir() {
            copy(&source, &target);
        } else {
            std::fs::copy(&source, &target).expect("a file can be copied");
        }
    }
}
