//! `cargo xtask test`: everything the tests need, then the tests.

mod clients;
mod page;
pub(crate) mod postgres;
mod server;

use crate::summary::Summary;
use crate::tools;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// What to run.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    only: Vec<Part>,
    filter: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Unit,
    It,
    Page,
    Clients,
}

impl Selection {
    /// Reads the arguments behind `test`.
    pub(crate) fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut selection = Self::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let mut value = || rest.next().ok_or_else(|| format!("`{argument}` wants a value"));
            match argument.as_str() {
                "--only" => selection.only.push(match value()?.as_str() {
                    "unit" => Part::Unit,
                    "it" => Part::It,
                    "page" => Part::Page,
                    "clients" => Part::Clients,
                    other => return Err(format!("unknown part `{other}`: unit, it, page or clients")),
                }),
                "--filter" => selection.filter = Some(value()?.clone()),
                other => return Err(format!("unknown argument `{other}`; `cargo xtask --help` lists them")),
            }
        }
        Ok(selection)
    }

    fn has(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }
}

/// Whether everything passed.
pub(crate) fn run(selection: &Selection) -> Result<bool, String> {
    let root = root();
    let started = Instant::now();
    let mut summary = Summary::default();

    // What is missing is said before anything is compiled.
    let postgres = if selection.has(Part::It) {
        // The proxy before several servers; it is where only administrators look for programs.
        let places =
            || tools::find("haproxy").or_else(|| Some("/usr/sbin/haproxy".into()).filter(|it: &PathBuf| it.is_file()));
        tools::get_by(places, "HAProxy", &["haproxy"])?;
        Some(postgres::get()?)
    } else {
        None
    };
    let chromium = if selection.has(Part::Page) {
        Some(find_chromium()?)
    } else {
        None
    };
    if selection.has(Part::Page) || selection.has(Part::Clients) {
        tools::get("node", &["nodejs", "npm"])?;
        tools::get("npm", &["nodejs", "npm"])?;
    }

    heading("build");
    let program = build(&root)?;
    if selection.has(Part::Unit) || selection.has(Part::It) {
        heading("cargo test");
        let url = postgres.as_ref().map(postgres::Postgres::url);
        let result = cargo_test(&root, selection, &program, url, &mut summary);
        if result.is_err() && summary.is_success() {
            // It did not compile, or a test process died before it could say which test.
            summary.add("cargo test", result);
        }
    }
    if let Some(chromium) = chromium {
        heading("page");
        summary.add("page", page::run(&root, &program, &chromium));
    }
    if selection.has(Part::Clients) {
        heading("clients");
        clients::run(&root, &program, &mut summary);
    }
    drop(postgres);

    heading(&format!("summary, after {} s", started.elapsed().as_secs()));
    say(&summary.to_string());
    if summary.is_empty() {
        return Err("nothing was run".into());
    }
    Ok(summary.is_success())
}

/// Builds everything that the tests need, once; gives the program.
fn build(root: &Path) -> Result<PathBuf, String> {
    build_with(root, &["--workspace", "--all-targets"])
}

/// Builds what cargo is told to, the program among it; gives the program.
pub(crate) fn build_with(root: &Path, arguments: &[&str]) -> Result<PathBuf, String> {
    tools::succeed(cargo(root).arg("build").args(arguments))?;
    let program = target(root).join("debug").join("freehold");
    if program.is_file() {
        Ok(program)
    } else {
        Err(format!("the build left no {}", program.display()))
    }
}

/// Where cargo puts what it builds.
pub(crate) fn target(root: &Path) -> PathBuf {
    tools::variable("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}

fn cargo_test(
    root: &Path,
    selection: &Selection,
    program: &Path,
    postgres: Option<&str>,
    summary: &mut Summary,
) -> Result<(), String> {
    let mut command = cargo(root);
    command
        .args(["test", "--workspace", "--no-fail-fast"])
        .env("FREEHOLD_BIN", program);
    if let Some(url) = postgres {
        command.env("FREEHOLD_TEST_POSTGRES", url);
    }
    if !selection.has(Part::It) {
        command.args(["--exclude", "freehold-tests"]);
    } else if !selection.has(Part::Unit) {
        command = cargo(root);
        command
            .args(["test", "--package", "freehold-tests", "--no-fail-fast"])
            .env("FREEHOLD_BIN", program);
        if let Some(url) = postgres {
            command.env("FREEHOLD_TEST_POSTGRES", url);
        }
    }
    if let Some(filter) = &selection.filter {
        command.args(["--", filter]);
    }
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot run cargo: {error}"))?;
    let stdout = child.stdout.take().ok_or("no output of cargo")?;
    for line in BufReader::new(stdout).lines().map_while(Result::ok) {
        summary.read_line(&line);
        say(&line);
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("ended with {status}"))
    }
}

fn find_chromium() -> Result<PathBuf, String> {
    if let Some(path) = tools::variable("CHROMIUM") {
        let path = PathBuf::from(path);
        return if path.is_file() {
            Ok(path)
        } else {
            Err(format!("CHROMIUM is {}, which is no file", path.display()))
        };
    }
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    tools::get_by(
        || names.iter().find_map(|name| tools::find(name)),
        "Chromium",
        &["chromium"],
    )
}

/// Runs cargo as the one that runs us does.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new(tools::variable("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    command
}

pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

fn heading(text: &str) {
    say(&format!("\n==== {text} ===="));
}

#[expect(clippy::print_stdout, reason = "a command line speaks on stdout")]
fn say(line: &str) {
    println!("{line}");
}
