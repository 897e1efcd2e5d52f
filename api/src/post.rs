//! Letters to people: invitations and links to choose a password. They are left in a folder as RFC 5322 messages, one file each, for a
//! mail server's pickup or, in development, for whoever sits at the terminal.

use freehold_storage::{Letter, LetterKind};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Where letters go.
#[derive(Clone, Debug, Default)]
pub(crate) struct Post {
    folder: Option<PathBuf>,
    app: String,
}

impl Post {
    /// A post that leaves letters in that folder; without one nothing is sent.
    pub(crate) fn new(folder: Option<PathBuf>, app: &Path) -> Self {
        let app = app.canonicalize().unwrap_or_else(|_| app.to_owned());
        Self {
            folder,
            app: app.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        }
    }

    /// Whether letters are sent.
    pub(crate) fn is_open(&self) -> bool {
        self.folder.is_some()
    }

    /// Sends a letter. One that cannot be sent is told to the server's log without its content, and can be asked for again.
    pub(crate) async fn send(&self, letter: &Letter, host: &str) {
        let Some(folder) = &self.folder else { return };
        let text = message(letter, &self.app, host);
        let file = folder.join(format!("{:032x}.eml", rand::random::<u128>()));
        let written = tokio::task::spawn_blocking(move || deposit(&file, &text)).await;
        match written {
            Ok(Ok(file)) => tracing::info!("a letter is in {}", file.display()),
            Ok(Err(error)) => tracing::error!(%error, "a letter could not be left in the mail folder"),
            Err(error) => tracing::error!(%error, "a letter could not be left in the mail folder"),
        }
    }
}

/// Writes a file that its owner alone may read; it has its name when it is whole.
fn deposit(file: &Path, text: &str) -> std::io::Result<PathBuf> {
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
    out.write_all(text.as_bytes())?;
    out.sync_all()?;
    std::fs::rename(&unfinished, file)?;
    Ok(file.to_owned())
}

fn message(letter: &Letter, app: &str, host: &str) -> String {
    let (subject, why, until) = match letter.kind {
        LetterKind::Invitation => (
            format!("You are invited to {app}"),
            "You were invited. Choose a password to come in:",
            "The link is good for seven days, and once.",
        ),
        LetterKind::PasswordReset => (
            format!("Choose a new password for {app}"),
            "Your password was reset by an administrator. Choose a new one:",
            "The link is good for half an hour, and once. If you did not expect this letter, tell your administrator.",
        ),
    };
    let mut text = String::new();
    // Writing to a string does not fail. The address was checked when it became one; a line end cannot be in it.
    let to: String = letter.to.chars().filter(|letter| !letter.is_control()).collect();
    let _ = write!(
        text,
        "To: {to}\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
         {why}\r\n\r\n    {host}/auth/password/reset?token={token}\r\n\r\n{until}\r\n",
        token = letter.token
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_has_one_recipient_and_one_link() {
        let letter = Letter {
            to: "ann@acme.test\r\nBcc: eve@example.com".to_owned(),
            kind: LetterKind::PasswordReset,
            token: "00ff".to_owned(),
        };
        let text = message(&letter, "helpdesk", "https://help.example.com");
        assert!(
            text.starts_with("To: ann@acme.testBcc: eve@example.com\r\nSubject: "),
            "{text}"
        );
        assert_eq!(text.matches("/auth/password/reset?token=00ff\r\n").count(), 1);
        assert!(!format!("{letter:?}").contains("00ff"));
    }
}
