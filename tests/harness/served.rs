//! `freehold serve`, with a configuration file.

use crate::folder::Folder;
use crate::keeper::Keeper;
use crate::program;
use std::fmt::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A server in production, on an SQLite database of its own.
#[derive(Debug)]
pub struct Served {
    // Dropped first.
    keeper: Keeper,
    folder: Folder,
    address: String,
}

impl Served {
    /// Starts one in that folder, whose model is in `model/`. `top` is the beginning of its file, `tables` the end.
    ///
    /// # Panics
    ///
    /// With all that it printed, if it does not listen.
    pub fn start(folder: Folder, top: &str, tables: &str) -> Self {
        Self::try_start(folder, top, tables).unwrap_or_else(|log| panic!("the server did not start:\n{log}"))
    }

    /// As [`Served::start`]; an error is what it printed.
    pub fn try_start(folder: Folder, top: &str, tables: &str) -> Result<Self, String> {
        let config = write_config(&folder, top, tables);
        let command = [
            program::path().display().to_string(),
            "serve".into(),
            "--config".into(),
            config.display().to_string(),
        ];
        let log = folder.path().join("log");
        // What it prints is read after its end.
        let keep = folder.path().join("keep");
        std::fs::write(&keep, "").expect("a file can be written");
        let mut keeper = Keeper::start(&command, folder.path(), &log);
        let started = Instant::now();
        loop {
            let text = std::fs::read_to_string(&log).unwrap_or_default();
            if let Some(address) = told(&text, "listening on ") {
                let _ = std::fs::remove_file(&keep);
                return Ok(Self {
                    keeper,
                    folder,
                    address,
                });
            }
            if keeper.has_ended() || started.elapsed() > Duration::from_mins(1) {
                drop(keeper);
                let text = std::fs::read_to_string(&log).unwrap_or(text);
                let _ = std::fs::remove_dir_all(folder.path());
                return Err(text);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Where it serves: address and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Where plain HTTP is led to TLS.
    ///
    /// # Panics
    ///
    /// If it says nothing of that.
    pub fn redirects(&self) -> String {
        told(&self.log(), "redirects on ").expect("it redirects")
    }

    /// Its folder.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Its configuration file.
    pub fn config(&self) -> PathBuf {
        self.folder.path().join("freehold.toml")
    }

    /// What it has printed so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Waits until it has printed something.
    ///
    /// # Panics
    ///
    /// If it does not.
    pub fn wait_for(&self, text: &str) {
        let started = Instant::now();
        while !self.log().contains(text) {
            assert!(
                started.elapsed() < Duration::from_secs(30),
                "no `{text}` in:\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether it goes on.
    pub fn is_running(&mut self) -> bool {
        !self.keeper.has_ended()
    }

    /// Sends it a signal: `HUP`.
    ///
    /// # Panics
    ///
    /// If it is not there.
    pub fn signal(&self, name: &str) {
        let process = std::fs::read_to_string(self.folder.path().join("process")).expect("it has a process");
        let sent = std::process::Command::new("kill")
            .args(["-s", name, process.trim()])
            .status();
        assert!(sent.is_ok_and(|status| status.success()), "it is not there");
    }
}

fn write_config(folder: &Folder, top: &str, tables: &str) -> PathBuf {
    let (file, keys) = (
        folder.path().join("freehold.toml"),
        folder.path().join("data/keys.json"),
    );
    if !keys.exists() {
        std::fs::create_dir_all(folder.path().join("data")).expect("a folder can be made");
        let made = program::command(&["keys", "new", &keys.display().to_string()]);
        assert_eq!(made.code, Some(0), "{made:?}");
    }
    let mut text = String::from("app = \"model\"\nkey_file = \"data/keys.json\"\n");
    if !top.contains("listen = ") {
        text.push_str("listen = \"127.0.0.1:0\"\n");
    }
    let database = folder.path().join("data/dev.db");
    let _ = write!(
        text,
        "operations_listen = \"127.0.0.1:0\"\n{top}\n[database]\nurl = \"sqlite:{}\"\n{tables}\n",
        database.display()
    );
    std::fs::write(&file, text).expect("a file can be written");
    file
}

/// The address in a line of the log.
fn told(log: &str, what: &str) -> Option<String> {
    let line = log
        .split_inclusive('\n')
        .find(|line| line.ends_with('\n') && line.contains(what))?;
    let address = line.split(what).nth(1)?.split_whitespace().next()?;
    address.split_once("://").map(|(_, address)| address.to_owned())
}
