//! Letters to people: invitations and links to choose a password. They are left in a folder as RFC 5322 messages, one file each, for a
//! mail server's pickup or, in development, for whoever sits at the terminal.
//!
//! A letter holds nothing that a user wrote: nobody sends other people words of their own by it.

use crate::error::Failure;
use freehold_storage::{Letter, LetterKind};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Where letters go.
#[derive(Clone, Debug, Default)]
pub(crate) struct Post {
    folder: Option<PathBuf>,
}

impl Post {
    /// A post that leaves letters in that folder; without one nothing is sent.
    pub(crate) fn new(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// Whether letters are sent.
    pub(crate) fn is_open(&self) -> bool {
        self.folder.is_some()
    }

    /// Sends a letter of an app that is at `site`. One that cannot be sent is told to the server's log without its content, and can be
    /// asked for again.
    pub(crate) async fn send(&self, letter: &Letter, app: &str, site: &str) {
        let Some(folder) = &self.folder else { return };
        let text = message(letter, app, site);
        let file = folder.join(format!("{:032x}.eml", rand::random::<u128>()));
        let written = tokio::task::spawn_blocking(move || deposit(&file, &text)).await;
        match written {
            Ok(Ok(file)) => tracing::info!("a letter is in {}", file.display()),
            Ok(Err(error)) => tracing::error!(%error, "a letter could not be left in the mail folder"),
            Err(error) => tracing::error!(%error, "a letter could not be left in the mail folder"),
        }
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

fn message(letter: &Letter, app: &str, site: &str) -> String {
    let link = |token: &str| format!("{site}/auth/password/reset?token={token}");
    let (subject, why, address, more) = match &letter.kind {
        LetterKind::Invitation(token) => (
            format!("You are invited to {app}"),
            "You were invited. Choose a password to come in:",
            link(token),
            "The link is good for seven days, and once.",
        ),
        LetterKind::Membership => (
            format!("You are a member in {app}"),
            "You were made a member. Sign in as always:",
            site.to_owned(),
            "If you did not expect this letter, tell whoever runs the site.",
        ),
        LetterKind::PasswordReset(token) => (
            format!("Choose a new password for {app}"),
            "An administrator lets you choose a new password:",
            link(token),
            "The link is good for half an hour, and once. If you did not expect this letter, tell your administrator.",
        ),
    };
    // The address was checked when it became one; a line end cannot be in it.
    let to: String = letter.to.chars().filter(|letter| !letter.is_control()).collect();
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write!(
        text,
        "To: {to}\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
         {why}\r\n\r\n    {address}\r\n\r\n{more}\r\n"
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(kind: LetterKind) -> String {
        let letter = Letter {
            to: "ann@acme.test\r\nBcc: eve@example.com".to_owned(),
            kind,
        };
        assert!(!format!("{letter:?}").contains("00ff"));
        message(&letter, "helpdesk", "https://help.example.com")
    }

    #[test]
    fn a_letter_has_one_recipient_and_one_link() {
        for kind in [
            LetterKind::PasswordReset("00ff".to_owned()),
            LetterKind::Invitation("00ff".to_owned()),
        ] {
            let text = written(kind);
            assert!(
                text.starts_with("To: ann@acme.testBcc: eve@example.com\r\nSubject: "),
                "{text}"
            );
            assert_eq!(
                text.matches("https://help.example.com/auth/password/reset?token=00ff\r\n")
                    .count(),
                1
            );
        }
    }

    #[test]
    fn a_folder_that_takes_no_letters_is_told() {
        let folder = std::env::temp_dir().join(format!("freehold-post-{}", std::process::id()));
        check(&folder.join("new")).unwrap();
        assert_eq!(std::fs::read_dir(folder.join("new")).unwrap().count(), 0);
        std::fs::write(folder.join("file"), "").unwrap();
        let refused = check(&folder.join("file")).unwrap_err();
        assert!(
            refused.message.starts_with("letters cannot be left in `"),
            "{}",
            refused.message
        );
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn who_is_known_gets_no_token() {
        let text = written(LetterKind::Membership);
        assert!(
            text.contains("    https://help.example.com\r\n") && !text.contains("token"),
            "{text}"
        );
    }
}
