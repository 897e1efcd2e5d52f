//! The whole server against a hand-written endpoint, on the same data, in one interleaved run.
//!
//! Only ratios are worth quoting: both are asked in turn, on the same machine, by the same driver. Run it by `cargo xtask bench`;
//! `docs/reference/performance.md` says what it measures and what it found.

mod cost;
mod data;
mod driver;
mod endpoint;
mod equal;
mod failure;
mod http;
mod id;
mod live;
mod load;
mod program;
mod progress;
mod random;
mod report;
mod workload;
mod world;

use crate::data::Size;
use crate::driver::{Plan, Serials, compare, measure};
use crate::endpoint::Place;
use crate::failure::{During, Failure, Outcome};
use crate::report::{Measured, Table};
use crate::workload::Workload;
use crate::world::{Database, Parts, Remains, World};
use clap::{Args, Parser, Subcommand};
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// Freehold against a hand-written endpoint, on the help desk at scale
#[derive(Parser)]
#[command(
    name = "freehold-bench",
    after_help = "Examples:\n  \
        cargo xtask bench\n  \
        cargo xtask bench --scale 0.05 --only row --only list --connections 16 --seconds 1\n  \
        cargo xtask bench --database sqlite --json result.json\n  \
        cargo xtask bench --scale 0.05 --live 10000\n\n\
        Progress is told on standard error, the tables on standard output, in Markdown."
)]
struct CommandLine {
    #[command(subcommand)]
    part: Option<Part>,
    #[command(flatten)]
    options: Options,
}

#[derive(Subcommand)]
enum Part {
    /// The hand-written endpoint alone; the benchmark starts it itself
    Endpoint {
        /// The database, filled by the benchmark
        #[arg(long, value_name = "URL", required_unless_present = "sqlite")]
        postgres: Option<String>,
        /// The file, filled by the benchmark
        #[arg(long, value_name = "FILE", conflicts_with = "postgres")]
        sqlite: Option<String>,
    },
}

#[derive(Args)]
struct Options {
    /// Only this workload; may be given several times
    #[arg(long, value_name = "WORKLOAD")]
    only: Vec<Workload>,
    /// Only on this database
    #[arg(long)]
    database: Option<Database>,
    /// Connections at a time; may be given several times
    #[arg(long, value_name = "N", default_values_t = [16, 64])]
    connections: Vec<usize>,
    /// How long one server is asked at a time
    #[arg(long, value_name = "S", default_value_t = 3.0)]
    seconds: f64,
    /// How often each server has its turn
    #[arg(long, value_name = "N", default_value_t = 3)]
    rounds: usize,
    /// How much data: 1 is 200 tenants, 200,000 tickets and 800,000 comments
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    scale: f64,
    /// Instead of all that: so many subscribers hear of a change
    #[arg(long, value_name = "SUBSCRIBERS", conflicts_with_all = ["only", "json"])]
    live: Option<usize>,
    /// Writes every measurement to that file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// A PostgreSQL server on this machine whose user may create databases
    #[arg(long, value_name = "URL", env = "FREEHOLD_TEST_POSTGRES", hide_env_values = true)]
    postgres: Option<String>,
    /// The program; absent: the one beside this one
    #[arg(long, value_name = "FILE")]
    freehold: Option<PathBuf>,
    /// The help desk; absent: the one of this repository
    #[arg(long, value_name = "DIR")]
    app: Option<PathBuf>,
}

fn main() -> ExitCode {
    let command_line = CommandLine::parse();
    let outcome = match &command_line.part {
        Some(Part::Endpoint { postgres, sqlite }) => match (postgres, sqlite) {
            (Some(url), _) => endpoint::serve(&Place::Postgres(url.clone())),
            (None, Some(file)) => endpoint::serve(&Place::Sqlite(file.clone())),
            (None, None) => Err(Failure::new("state --postgres or --sqlite")),
        },
        None => run(&command_line.options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            progress::say(&format!("error: {failure}"));
            ExitCode::FAILURE
        }
    }
}

/// The driver has one thread: it is not what is measured, and must not be in the way.
fn run(options: &Options) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut tables = Vec::new();
        let databases = match options.database {
            Some(database) => vec![database],
            None => vec![Database::Postgres, Database::Sqlite],
        };
        for database in databases {
            let freehold = options.freehold.clone().map_or_else(beside, Ok)?;
            let app = options.app.clone().unwrap_or_else(helpdesk);
            let parts = Parts {
                database,
                postgres: options.postgres.as_deref(),
                freehold: &freehold,
                app: &app,
                size: Size::of_scale(options.scale),
            };
            let remains = Remains::new(&parts).await?;
            let outcome = tokio::select! {
                outcome = on(&parts, &remains, options) => outcome,
                _ = interrupt.recv() => Err(Failure::new("interrupted")),
                _ = terminate.recv() => Err(Failure::new("terminated")),
            };
            let removed = remains.remove().await;
            tables.extend(outcome?);
            removed.during("something was left behind")?;
        }
        if let Some(file) = &options.json {
            let tables: Vec<_> = tables.iter().map(Table::json).collect();
            let settings = json!({"scale": options.scale, "seconds": options.seconds, "rounds": options.rounds});
            std::fs::write(file, json!({"settings": settings, "tables": tables}).to_string())?;
        }
        Ok(())
    })
}

/// All measurements on one database.
async fn on(parts: &Parts<'_>, remains: &Remains, options: &Options) -> Outcome<Vec<Table>> {
    let world = World::open(parts, remains).await?;
    if let Some(subscribers) = options.live {
        let measured = live::run(&world, &parts.database.to_string(), subscribers.max(1)).await?;
        print(&measured);
        return Ok(Vec::new());
    }
    let plan = Plan {
        slice: Duration::try_from_secs_f64(options.seconds).during("--seconds")?,
        rounds: options.rounds.max(1),
    };
    let serials = Serials::default();
    let chosen = Workload::ALL
        .into_iter()
        .filter(|workload| options.only.is_empty() || options.only.contains(workload));
    let chosen: Vec<Workload> = chosen.collect();
    progress::say(&format!("{}: answers are compared", parts.database));
    for workload in &chosen {
        compare(&world, *workload, &serials)
            .await
            .during(&workload.to_string())?;
    }
    let mut tables: Vec<Table> = options
        .connections
        .iter()
        .map(|connections| Table {
            database: parts.database.to_string(),
            connections: *connections,
            measured: Vec::with_capacity(chosen.len()),
        })
        .collect();
    // All reading comes before any writing, so that each reads the same rows.
    let (writing, reading): (Vec<Workload>, Vec<Workload>) = chosen.iter().partition(|workload| workload.writes());
    for workloads in [reading, writing] {
        for table in &mut tables {
            for workload in &workloads {
                let rounds = measure(&world, *workload, table.connections, plan, &serials).await?;
                table.measured.push(Measured {
                    workload: *workload,
                    rounds,
                });
            }
        }
    }
    for table in &tables {
        print(&table.markdown());
    }
    Ok(tables)
}

/// `freehold`, where this program is.
fn beside() -> Outcome<PathBuf> {
    let program = std::env::current_exe()?.with_file_name("freehold");
    if program.is_file() {
        Ok(program)
    } else {
        Err(Failure::new(format!(
            "there is no {}; build it, or name another by --freehold",
            program.display()
        )))
    }
}

fn helpdesk() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples/helpdesk")
}

#[expect(clippy::print_stdout, reason = "a command line speaks on stdout")]
fn print(text: &str) {
    print!("{text}");
}
