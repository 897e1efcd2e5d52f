//! Letters that a server under `freehold dev` has written.

use crate::server::Server;
use std::time::{Duration, Instant};

/// How long a letter may take.
const SOON: Duration = Duration::from_secs(20);

/// A letter.
#[derive(Debug)]
pub struct Letter {
    /// All of it.
    pub text: String,
}

impl Letter {
    /// The address.
    ///
    /// # Panics
    ///
    /// If it has none.
    pub fn to(&self) -> &str {
        let line = self.text.lines().next().unwrap_or_default();
        line.strip_prefix("To: ").expect("a letter begins with its address")
    }

    /// The link in it, without the host.
    ///
    /// # Panics
    ///
    /// If it has none.
    pub fn link(&self) -> &str {
        let at = self
            .text
            .find("/auth/")
            .unwrap_or_else(|| panic!("no link in {}", self.text));
        self.text[at..].split_whitespace().next().unwrap_or_default()
    }

    /// The token of its link.
    ///
    /// # Panics
    ///
    /// If it has none.
    pub fn token(&self) -> &str {
        let link = self.link();
        link.split_once("token=")
            .unwrap_or_else(|| panic!("no token in {link}"))
            .1
    }
}

/// Takes the letters that have come.
///
/// # Panics
///
/// If the folder cannot be read.
pub fn letters(server: &Server) -> Vec<Letter> {
    let folder = server.folder().path().join("data").join("mail");
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let files = entries.map(|entry| entry.expect("a folder can be listed").path());
    let letters = files
        .filter(|file| file.extension().is_some_and(|it| it == "eml"))
        .map(|file| {
            let text = std::fs::read_to_string(&file).expect("a letter can be read");
            std::fs::remove_file(&file).expect("a letter can be taken");
            Letter { text }
        });
    letters.collect()
}

/// Waits for the next letter, which has to be to this address.
///
/// # Panics
///
/// If none comes, or others.
pub fn letter_to(server: &Server, address: &str) -> Letter {
    let started = Instant::now();
    loop {
        let mut found = letters(server);
        if let Some(letter) = found.pop() {
            assert!(found.is_empty() && letter.to() == address, "{letter:?} {found:?}");
            return letter;
        }
        assert!(
            started.elapsed() < SOON,
            "no letter to {address}\n{}",
            server.complaints()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}
