//! `cargo xtask prove`: the long proofs, on a server built from here and both databases.

use crate::test::{build_with, cargo, postgres, root};
use crate::tools;

/// What to prove, and for how long.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Selection {
    decisions: u64,
    seed: u64,
    /// Instead: how often servers are killed.
    crashes: Option<u64>,
}

impl Selection {
    /// Reads the arguments behind `prove`.
    pub(crate) fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut selection = Self {
            decisions: 100_000,
            seed: 1,
            crashes: None,
        };
        let mut rest = arguments.iter().peekable();
        while let Some(argument) = rest.next() {
            let mut number = || {
                let value = rest.next().ok_or_else(|| format!("`{argument}` wants a number"))?;
                value
                    .parse()
                    .map_err(|_| format!("`{argument}` wants a number, not `{value}`"))
            };
            match argument.as_str() {
                "--decisions" => selection.decisions = number()?,
                "--seed" => selection.seed = number()?,
                "--crash" => {
                    let stated = rest.next_if(|value| !value.starts_with('-'));
                    let count = stated.map_or(Ok(50), |value| value.parse());
                    selection.crashes = Some(count.map_err(|_| "`--crash` wants a number, or nothing".to_owned())?);
                }
                other => return Err(format!("unknown argument `{other}`; `cargo xtask --help` lists them")),
            }
        }
        Ok(selection)
    }
}

/// Whether it was proven.
pub(crate) fn run(selection: &Selection) -> Result<bool, String> {
    let root = root();
    let postgres = postgres::get()?;
    let program = build_with(&root, &["--package", "freehold"])?;
    let mut command = cargo(&root);
    command
        .env("FREEHOLD_BIN", program)
        .env("FREEHOLD_TEST_POSTGRES", postgres.url());
    match selection.crashes {
        Some(count) => {
            command.args([
                "test",
                "--package",
                "freehold-tests",
                "--test",
                "it",
                "--",
                "crash",
                "--nocapture",
            ]);
            command.env("FREEHOLD_CRASHES", count.to_string());
        }
        None => {
            // The reference is plain, not quick; the compiler may help.
            let quick = "profile.dev.package.freehold-tests.opt-level=2";
            command.args([
                "run",
                "--quiet",
                "--config",
                quick,
                "--package",
                "freehold-tests",
                "--bin",
                "prove",
                "--",
            ]);
            command.args([selection.decisions.to_string(), selection.seed.to_string()]);
        }
    }
    Ok(tools::succeed(&mut command).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read() {
        let parse = |text: &str| Selection::parse(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        let selection = |decisions, seed, crashes| {
            Ok(Selection {
                decisions,
                seed,
                crashes,
            })
        };
        assert_eq!(parse(""), selection(100_000, 1, None));
        assert_eq!(parse("--decisions 7 --seed 3"), selection(7, 3, None));
        assert_eq!(parse("--crash"), selection(100_000, 1, Some(50)));
        assert_eq!(parse("--crash 5 --seed 2"), selection(100_000, 2, Some(5)));
        for wrong in ["--decisions", "--decisions x", "--crash x", "--other"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
