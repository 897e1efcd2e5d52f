//! `freehold test`: an app's policy tests, on a database that is thrown away.

mod difference;
mod report;

use crate::actions::deploy::{Care, deploy};
use crate::actions::policy_test::{self, Outcome, RulePlace};
use crate::actions::seed;
use crate::bundle::{Bundle, compile};
use crate::cli::{complain, say, tell};
use crate::config;
use crate::environments::Environment;
use crate::error::{Failure, Refusal};
use crate::scratch::Scratch;
use crate::sources;
use clap::Args;
use freehold_policy::Policy;
use freehold_schema::catalog::Catalog;
use freehold_schema::diagnostic::{Diagnostics, render};
use freehold_schema::policy_test::{PolicyTest, read};
use freehold_schema::source::Sources;
use futures_util::FutureExt;
use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};

#[derive(Args)]
#[command(
    after_help = "Examples:\n  freehold test examples/helpdesk\n  freehold test examples/helpdesk --filter hana --json\n  \
    freehold test shop --database postgres://postgres@127.0.0.1:5432/postgres --fail-uncovered\n\n\
    The tests are the files under DIR/tests. Nothing of yours is touched: they run on the seed data, in a temporary SQLite file, or in\n\
    a schema of its own on a PostgreSQL server, which is dropped at the end. The exit code is 1 when a test fails."
)]
pub(crate) struct TestArgs {
    /// The app's directory
    directory: PathBuf,
    /// A PostgreSQL server: postgres://user:password@host/database [default: SQLite, in a temporary file]
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Only tests whose place, name, person, tenant or text holds this
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// The exit code is 1, too, if no test exercises some rule
    #[arg(long, conflicts_with = "filter")]
    fail_uncovered: bool,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// A test and what became of it.
struct Tried<'a> {
    test: &'a PolicyTest,
    /// An error when it could not be run at all.
    outcome: Result<Outcome, Refusal>,
}

impl Tried<'_> {
    fn passed(&self) -> bool {
        self.outcome.as_ref().is_ok_and(|outcome| outcome.faults.is_empty())
    }
}

/// The rules that were exercised, and those that were not.
struct Coverage<'a> {
    policy: &'a Policy,
    exercised: BTreeSet<RulePlace>,
}

pub(crate) async fn run(args: &TestArgs) -> Result<(), Failure> {
    let sources = sources::read(&args.directory)?;
    let compiled = compile(&sources);
    let report = compiled.report(&sources, config::color());
    let Some((catalog, policy)) = compiled.sound else {
        tell(report);
        return Err(Failure::new(""));
    };
    // What a test names is judged before a database is made for it.
    tests(&sources, &Bundle::new(catalog.clone(), policy.clone()))?;
    let mut interrupts = Interrupts::new();
    let scratch = Scratch::new(args.database.as_deref())?;
    // Whatever happens in there, nothing of it stays.
    let work = AssertUnwindSafe(in_scratch(&scratch, args, &sources, catalog, policy)).catch_unwind();
    let outcome = tokio::select! {
        outcome = work => outcome.unwrap_or_else(|_| Err(Failure::new("a test ended the work; the log tells where"))),
        () = interrupts.wait() => Err(Failure::new("interrupted")),
    };
    if let Err(failure) = scratch.remove().await {
        complain(&failure);
        return outcome.and(Err(Failure::new("")));
    }
    outcome
}

async fn in_scratch(
    scratch: &Scratch,
    args: &TestArgs,
    sources: &Sources,
    catalog: Catalog,
    policy: Policy,
) -> Result<(), Failure> {
    let environment = scratch.open(&args.directory).await?;
    let bundle = deploy(&environment, catalog, policy, Care::KeepData).await?.bundle;
    let seed = seed::read(sources, &bundle);
    seed::insert(&environment, &bundle, &seed).await?;
    environment.serve(bundle.clone(), &[], Vec::new(), None);
    // Once more: ids of rows are the environment's.
    let tests = tests(sources, &bundle)?;
    let wanted: Vec<&PolicyTest> = tests
        .iter()
        .filter(|test| {
            args.filter
                .as_deref()
                .is_none_or(|filter| report::holds(test, sources, &bundle.catalog, filter))
        })
        .collect();
    let mut tried = Vec::with_capacity(wanted.len());
    for test in wanted {
        tried.push(Tried {
            test,
            outcome: policy_test::run(&environment, &bundle, test).await,
        });
    }
    finish(args, sources, &environment, &bundle, &tried)
}

/// Tells what became of the tests.
fn finish(
    args: &TestArgs,
    sources: &Sources,
    environment: &Environment,
    bundle: &Bundle,
    tried: &[Tried<'_>],
) -> Result<(), Failure> {
    let exercised = tried.iter().filter_map(|it| it.outcome.as_ref().ok());
    let coverage = Coverage {
        policy: &bundle.policy,
        exercised: exercised
            .flat_map(|outcome| outcome.exercised.iter().cloned())
            .collect(),
    };
    let report = report::Report {
        directory: &args.directory,
        sources,
        catalog: &bundle.catalog,
        policy: &bundle.policy,
        dialect: environment.database.dialect(),
        tried,
        coverage: args.filter.is_none().then_some(&coverage),
    };
    if args.json {
        say(format!("{:#}", report.json()));
    } else {
        say(report.text().trim_end());
    }
    if tried.is_empty() {
        return Err(no_tests(args));
    }
    let uncovered = coverage.missing().count();
    if tried.iter().any(|it| !it.passed()) {
        Err(Failure::new(""))
    } else if args.fail_uncovered && uncovered > 0 {
        Err(Failure::new(format!("{uncovered} rules are exercised by no test")))
    } else {
        Ok(())
    }
}

fn no_tests(args: &TestArgs) -> Failure {
    match &args.filter {
        Some(filter) => Failure::new(format!("no test holds `{filter}`")),
        None => Failure::new(format!("`{}` has no policy tests", args.directory.display()))
            .hint("they are the YAML files under `tests/`; see docs/guide/testing-rules.md"),
    }
}

/// The tests, with the ids that rows have in this bundle's environment. Faults are told.
fn tests(sources: &Sources, bundle: &Bundle) -> Result<Vec<PolicyTest>, Failure> {
    let mut faults = Diagnostics::default();
    let tests = read(sources, &bundle.catalog, &seed::read(sources, bundle), &mut faults);
    if faults.has_errors() {
        tell(render(&faults, sources, config::color()));
        return Err(Failure::new(""));
    }
    Ok(tests)
}

/// What asks the program to end. Made before anything is there that would be left behind.
struct Interrupts {
    #[cfg(unix)]
    signals: Option<[tokio::signal::unix::Signal; 2]>,
}

impl Interrupts {
    #[cfg(unix)]
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let signals = [SignalKind::interrupt(), SignalKind::terminate()].map(signal);
        Self {
            signals: match signals {
                [Ok(interrupt), Ok(terminate)] => Some([interrupt, terminate]),
                _ => None,
            },
        }
    }

    #[cfg(not(unix))]
    fn new() -> Self {
        Self {}
    }

    /// Waits until somebody wants the program to end.
    async fn wait(&mut self) {
        #[cfg(unix)]
        if let Some([interrupt, terminate]) = &mut self.signals {
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
            return;
        }
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Coverage<'_> {
    /// Rules that no test exercised.
    fn missing(&self) -> impl Iterator<Item = &freehold_policy::rule::Rule> {
        let all = self.policy.rules().iter();
        all.filter(|rule| !self.exercised.contains(&(rule.set.clone(), rule.position)))
    }
}

/// Where a file of an app is, for people who stand where the command was called.
fn shown(directory: &Path, file: &str) -> String {
    directory.join(file).display().to_string()
}
