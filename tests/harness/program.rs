//! The program `freehold`: where it is, and runs of it that end.

use crate::settings;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::OnceLock;

/// The built program. Built once when nobody says where it is.
pub(crate) fn path() -> PathBuf {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM
        .get_or_init(|| settings::program().unwrap_or_else(build))
        .clone()
}

fn build() -> PathBuf {
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "freehold"])
        .current_dir(settings::repository())
        .status()
        .expect("cargo can be run");
    assert!(status.success(), "the program does not compile");
    settings::target().join("debug").join("freehold")
}

/// What a run printed, and how it ended.
#[derive(Debug)]
pub struct Finished {
    /// The exit code.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// Runs the program to its end.
pub fn command(arguments: &[&str]) -> Finished {
    command_with_input(arguments, "")
}

/// Runs the program to its end, with something on its standard input.
pub fn command_with_input(arguments: &[&str], input: &str) -> Finished {
    let mut child = Command::new(path())
        .args(arguments)
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program can be run");
    let mut pipe = child.stdin.take().expect("a pipe was asked for");
    // A program that does not read it may have ended already.
    let _ = pipe.write_all(input.as_bytes());
    drop(pipe);
    let output = child.wait_with_output().expect("the program can be waited for");
    Finished {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A run that may be killed.
#[derive(Debug)]
pub struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStderr>>,
}

impl Running {
    /// Starts the program.
    pub fn start(arguments: &[String]) -> Self {
        let mut child = Command::new(path())
            .args(arguments)
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program can be run");
        let errors = child.stderr.take().expect("a pipe was asked for");
        Self {
            child,
            lines: BufReader::new(errors).lines(),
        }
    }

    /// Waits for a line with that text on standard error.
    ///
    /// # Panics
    ///
    /// If the program ends without one.
    pub fn wait_for(&mut self, text: &str) {
        let found = self.lines.any(|line| line.is_ok_and(|line| line.contains(text)));
        assert!(found, "the program ended without `{text}`");
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_some())
    }

    /// Asks it to end, as Ctrl-C does, and waits until it has.
    pub fn interrupt(mut self) {
        // It may have ended by itself.
        let _ = Command::new("kill")
            .args(["-s", "INT", &self.child.id().to_string()])
            .status();
        let _ = self.child.wait();
    }

    /// Kills it without a word, and waits until it is gone.
    pub fn kill(mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
