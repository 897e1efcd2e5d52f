//! Tasks of this repository: `cargo xtask --help`.
//!
//! Everything here is plain std, so that it compiles in a second and works before anything else does.

mod bench;
mod faults;
mod keeper;
mod prove;
mod summary;
mod test;
mod tools;

use std::process::ExitCode;

const HELP: &str = "\
Tasks of the Freehold repository.

Usage: cargo xtask test [--only PART]... [--filter TEXT]
       cargo xtask faults [NAME]...
       cargo xtask prove [--decisions N] [--seed N] [--crash [N]]
       cargo xtask bench [ARGUMENT]...

  test    Run the tests, with everything they need:
            unit      the tests beside the code of every crate
            it        black-box tests of the server, on SQLite and PostgreSQL
            page      the console, in Chromium
            clients   GraphQL clients of other people against the server
  prove   Compare random models, people and mutations on both databases with the reference evaluator
  faults  Plant each fault of tests/faults (or those whose name has NAME in it) in a copy, and see a test catch it
  bench   Build for release, and measure the server against a hand-written endpoint on both databases. The arguments are the
          benchmark's own, such as --scale 0.05 or --only row: `cargo xtask bench --help` lists them

Options:
  --only PART     unit, it, page or clients; may be given several times. Absent: all four
  --filter TEXT   only Rust tests whose name contains TEXT (unit and it)
  --decisions N   how many verdicts about a row or a field must have been compared; 100000 if absent
  --seed N        the first model; 1 if absent. A disagreement says which seed shows it again
  --crash [N]     instead: kill a server under load N times on each database, 50 if absent, and see that nothing is lost
  -h, --help      this text

Programs that are missing (PostgreSQL, Chromium, node, npm, python3) are installed with apt-get where that is possible;
elsewhere the run says what is missing and fails.

Environment:
  FREEHOLD_TEST_POSTGRES   URL of a PostgreSQL server whose user may create databases, for example
                           postgres://postgres@127.0.0.1:5432/postgres. Absent: a throw-away server is started
  CHROMIUM                 the browser; absent: found in PATH

Example:
  cargo xtask test --only it --filter lists
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Whether everything passed.
fn run(arguments: &[String]) -> Result<bool, String> {
    match arguments.first().map(String::as_str) {
        Some("bench") => bench::run(&arguments[1..]),
        Some("faults") => faults::run(&arguments[1..]),
        Some("prove") => prove::run(&prove::Selection::parse(&arguments[1..])?),
        Some("test") => test::run(&test::Selection::parse(&arguments[1..])?),
        None | Some("help" | "-h" | "--help") => {
            print_help();
            Ok(true)
        }
        Some(other) => Err(format!("unknown task `{other}`; `cargo xtask --help` lists them")),
    }
}

#[expect(clippy::print_stdout, reason = "a command line speaks on stdout")]
pub(crate) fn print_help() {
    print!("{HELP}");
}
