//! Letters as files.

use crate::error::Failure;
use std::path::{Path, PathBuf};

/// Leaves a letter in a folder.
pub(super) async fn leave(folder: PathBuf, text: Vec<u8>) {
    let file = folder.join(format!("{:032x}.eml", rand::random::<u128>()));
    let written = tokio::task::spawn_blocking(move || deposit(&file, &text)).await;
    match written {
        Ok(Ok(file)) => tracing::info!("a letter is in {}", file.display()),
        Ok(Err(error)) => tracing::error!(%error, "a letter could not be left in the mail folder"),
        Err(error) => tracing::error!(%error, "a letter could not be left in the mail folder"),
    }
}

/// Whether letters can be left in a folder, which is made if it is not there: whoever resets a password should not find out too late.
///
/// # Errors
/// When they cannot.
pub(crate) fn check(folder: &Path) -> Result<(), Failure> {
    let trial = folder.join(format!("{:032x}.tmp", rand::random::<u128>()));
    let tried = std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&trial, ""))
        .and_then(|()| std::fs::remove_file(&trial));
    tried.map_err(|error| {
        Failure::new(format!("letters cannot be left in `{}`: {error}", folder.display()))
            .hint("`mail_dir` is a folder that the server may write to")
    })
}

/// Writes a file that its owner alone may read; it has its name when it is whole.
fn deposit(file: &Path, text: &[u8]) -> std::io::Result<PathBuf> {
    use std::io::Write as _;
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let unfinished = file.with_extension("tmp");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut out = options.open(&unfinished)?;
    out.write_all(text)?;
    out.sync_all()?;
    std::fs::rename(&unfinished, file)?;
    Ok(file.to_owned())
}
