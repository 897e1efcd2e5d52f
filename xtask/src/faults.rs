//! `cargo xtask faults`: faults planted on purpose, one at a time, each of which some test must catch.
//!
//! A fault that no test notices tells of a promise that nothing keeps. They stand in `tests/faults`, a file a fault.

mod fault;
mod tree;

use crate::test::postgres;
use crate::tools;
use fault::Fault;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tree::Tree;

/// A test that runs longer has been caught in a circle, which is a way to notice a fault.
const TEST_TIME_MAX: Duration = Duration::from_mins(10);

/// Plants every fault, or those whose name contains one of the arguments. Whether each was caught.
pub(crate) fn run(arguments: &[String]) -> Result<bool, String> {
    if let Some(option) = arguments.iter().find(|argument| argument.starts_with('-')) {
        return Err(format!("unknown argument `{option}`; `cargo xtask --help` lists them"));
    }
    let root = root();
    let mut faults = Fault::all(&root)?;
    for fault in &faults {
        fault.planted(&root)?;
    }
    faults.retain(|fault| arguments.is_empty() || arguments.iter().any(|part| fault.name.contains(part.as_str())));
    if faults.is_empty() {
        return Err("no such fault; they are the files of tests/faults".into());
    }
    let tree = Tree::new(&root);
    // Some faults show on PostgreSQL alone: SQLite has one writer.
    let needs_postgres = faults.iter().any(|fault| fault.test.contains("postgres"));
    let postgres = if needs_postgres { Some(postgres::get()?) } else { None };
    let url = postgres.as_ref().map(postgres::Postgres::url);
    let mut sound: BTreeMap<&str, bool> = BTreeMap::new();
    let mut uncaught = Vec::new();
    for fault in &faults {
        tree.sync()?;
        let is_sound = match sound.get(fault.test.as_str()) {
            Some(known) => *known,
            None => is_sound(&tree, &fault.test, url)?,
        };
        sound.insert(&fault.test, is_sound);
        let started = Instant::now();
        let outcome = if is_sound {
            try_fault(&tree, fault, url)?
        } else {
            Outcome::Unsound
        };
        let verdict = match &outcome {
            Outcome::Caught(test) => format!("caught by {test}"),
            Outcome::Survived => format!("SURVIVED: {}", fault.about),
            Outcome::Unsound => "NOT TRIED: its test fails without it".to_owned(),
        };
        say(&format!(
            "{:<44} {:>4} s  {verdict}",
            fault.name,
            started.elapsed().as_secs()
        ));
        if !matches!(outcome, Outcome::Caught(_)) {
            uncaught.push(fault.name.as_str());
        }
    }
    tree.sync()?;
    say(&format!(
        "\n{} of {} faults were caught",
        faults.len() - uncaught.len(),
        faults.len()
    ));
    for name in &uncaught {
        say(&format!("not caught: {name}"));
    }
    Ok(uncaught.is_empty())
}

/// What became of a fault.
enum Outcome {
    /// By the first test that failed.
    Caught(String),
    Survived,
    Unsound,
}

/// Whether a test passes without a fault, and runs anything: else it catches nothing.
fn is_sound(tree: &Tree, test: &str, postgres: Option<&str>) -> Result<bool, String> {
    let built = build(tree, test, postgres)?;
    let ran = if built.success {
        cargo(tree, test, &[], postgres)?
    } else {
        built
    };
    if !ran.success {
        eprintln!("`{test}` fails without any fault:\n{}", end_of(&ran.output));
        return Ok(false);
    }
    let ran_some = ran
        .output
        .lines()
        .any(|line| line.starts_with("test ") && line.ends_with(" ok"));
    if ran_some {
        Ok(true)
    } else {
        Err(format!("`{test}` runs no test"))
    }
}

/// The last lines of an output.
fn end_of(output: &str) -> String {
    let lines: Vec<&str> = output.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}

/// Builds a test, and the server if it is a black-box test: a fault that does not compile is not caught.
fn build(tree: &Tree, test: &str, postgres: Option<&str>) -> Result<Ran, String> {
    if test.contains("freehold-tests") {
        let built = cargo(tree, "cargo build -p freehold", &["--quiet"], postgres)?;
        if !built.success {
            return Ok(built);
        }
    }
    cargo(tree, test, &["--no-run"], postgres)
}

fn try_fault(tree: &Tree, fault: &Fault, postgres: Option<&str>) -> Result<Outcome, String> {
    tree.write(&fault.file, &fault.planted(tree.folder())?)?;
    let built = build(tree, &fault.test, postgres)?;
    if !built.success {
        return Err(format!(
            "with `{}` it does not compile:\n{}",
            fault.name,
            end_of(&built.output)
        ));
    }
    let ran = cargo(tree, &fault.test, &[], postgres)?;
    let failed = ran.output.lines().find_map(|line| {
        line.strip_prefix("test ")?
            .strip_suffix(" ... FAILED")
            .map(|name| name.trim_end_matches(" - should panic").to_owned())
    });
    Ok(if ran.success {
        Outcome::Survived
    } else {
        Outcome::Caught(failed.unwrap_or_else(|| "the time limit, or a crash".to_owned()))
    })
}

/// How a command ended.
struct Ran {
    success: bool,
    output: String,
}

/// Runs `cargo test …` in the tree. `more` stands before what goes to the test itself.
fn cargo(tree: &Tree, test: &str, more: &[&str], postgres: Option<&str>) -> Result<Ran, String> {
    let mut words: Vec<&str> = test.split_whitespace().skip(1).collect();
    let at = words.iter().position(|word| *word == "--").unwrap_or(words.len());
    words.splice(at..at, more.iter().copied());
    let mut command = Command::new(tools::variable("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args(words)
        .current_dir(tree.folder())
        .env("CARGO_TARGET_DIR", tree.target())
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Some(url) = postgres {
        command.env("FREEHOLD_TEST_POSTGRES", url);
    }
    // The tree has a server of its own.
    command.env_remove("FREEHOLD_BIN");
    let mut child = command.spawn().map_err(|error| format!("cannot run cargo: {error}"))?;
    let readers = [child.stdout.take().map(read_all), child.stderr.take().map(read_all)];
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            break Some(status);
        }
        if started.elapsed() > TEST_TIME_MAX && more.is_empty() {
            let _ = child.kill();
            let _ = child.wait();
            break None;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    let output = match status {
        Some(_) => readers
            .into_iter()
            .flatten()
            .filter_map(|reader| reader.join().ok())
            .collect(),
        // Its grandchildren may hold the pipe open; what they say is of no use.
        None => String::new(),
    };
    Ok(Ran {
        success: status.is_some_and(|status| status.success()),
        output,
    })
}

fn read_all(mut from: impl Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

#[expect(clippy::print_stdout, reason = "a command line speaks on stdout")]
fn say(line: &str) {
    println!("{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever changes a line in which a fault is planted plants it anew.
    #[test]
    fn every_fault_can_be_planted() {
        let root = root();
        let faults = Fault::all(&root).unwrap();
        assert!(faults.len() >= 20, "only {} faults", faults.len());
        let stale: Vec<String> = faults.iter().filter_map(|fault| fault.planted(&root).err()).collect();
        assert!(stale.is_empty(), "{}", stale.join("\n"));
    }
}
