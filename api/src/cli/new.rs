//! `freehold new`

use crate::cli::say;
use crate::error::Failure;
use clap::Args;
use std::fs;
use std::path::PathBuf;

#[derive(Args)]
#[command(after_help = "Examples:\n  freehold new shop\n  freehold dev shop")]
pub(crate) struct NewArgs {
    /// The directory to write into; it is created, or empty
    directory: PathBuf,
}

/// The files of the app; `{app}` stands for its name.
const FILES: [(&str, &str); 8] = [
    ("app.yaml", include_str!("new/app.yaml")),
    ("entities/note.yaml", include_str!("new/entities/note.yaml")),
    ("access/profiles.yaml", include_str!("new/access/profiles.yaml")),
    ("access/roles.yaml", include_str!("new/access/roles.yaml")),
    ("seed.yaml", include_str!("new/seed.yaml")),
    ("tests/notes.yaml", include_str!("new/tests/notes.yaml")),
    ("README.md", include_str!("new/README.md")),
    (".gitignore", ".freehold/\n"),
];

pub(crate) fn run(args: &NewArgs) -> Result<(), Failure> {
    let directory = &args.directory;
    let failed = |error: std::io::Error| Failure::new(format!("cannot write into `{}`: {error}", directory.display()));
    if fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Failure::new(format!("`{}` is not empty", directory.display()))
            .hint("name a directory that does not exist yet"));
    }
    fs::create_dir_all(directory).map_err(failed)?;
    let path = directory.canonicalize().map_err(failed)?;
    let app = name(
        &path
            .file_name()
            .map(|name| name.to_string_lossy().to_lowercase())
            .unwrap_or_default(),
    );
    for (file, text) in FILES {
        let target = path.join(file);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        fs::write(target, text.replace("{app}", &app)).map_err(failed)?;
    }
    say(format!(
        "wrote {} files; start the app with\n\n  freehold dev {}",
        FILES.len(),
        directory.display()
    ));
    Ok(())
}

/// A name for the app: what the directory's name has of letters, digits and `_`.
fn name(directory: &str) -> String {
    let kept: String = directory
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    let name = kept
        .trim_matches('_')
        .trim_start_matches(|c: char| c.is_ascii_digit() || c == '_');
    if name.is_empty() {
        "notes".to_owned()
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::compile;
    use freehold_schema::source::{SourceFile, Sources};

    #[test]
    fn the_new_app_is_sound_and_without_warnings() {
        let files = FILES.iter().map(|(name, text)| SourceFile {
            name: (*name).into(),
            text: text.replace("{app}", "shop"),
        });
        let sources = Sources::new(files.collect());
        let compiled = compile(&sources);
        assert_eq!(compiled.report(&sources, false), "");
        assert!(compiled.sound.is_some());
    }

    #[test]
    fn names_are_words() {
        for (directory, expected) in [
            ("shop", "shop"),
            ("my-shop", "my_shop"),
            ("2.shops", "shops"),
            ("..", "notes"),
        ] {
            assert_eq!(name(directory), expected);
        }
    }
}
