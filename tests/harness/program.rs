//! The program `freehold`: where it is, and runs of it that end.

use crate::settings;
use std::path::PathBuf;
use std::process::Command;
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
    let output = Command::new(path())
        .args(arguments)
        .env("NO_COLOR", "1")
        .output()
        .expect("the program can be run");
    Finished {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
