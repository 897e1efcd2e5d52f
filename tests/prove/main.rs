//! `cargo xtask prove`: models, people and mutations by chance, until so many decisions have been compared on both databases.
//!
//! Plain arguments, since `cargo xtask` is who calls it: `DECISIONS SEED`.

use freehold_tests::Database;
use freehold_tests::proof::{Disagreement, Size, Tally, prove};
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Instant;

/// Of one model; starting a server costs as much as some hundred mutations.
const SIZE: Size = Size {
    mutations: 400,
    looks_every: 40,
};

fn main() -> ExitCode {
    let numbers: Vec<u64> = std::env::args()
        .skip(1)
        .filter_map(|argument| argument.parse().ok())
        .collect();
    let [decisions, seed] = numbers.as_slice() else {
        say("usage: prove DECISIONS SEED (see `cargo xtask --help`)");
        return ExitCode::FAILURE;
    };
    let started = Instant::now();
    let mut total = Tally::default();
    let mut models = 0;
    while total.decisions() < *decisions {
        match both(seed + models) {
            Ok(tally) => total.add(&tally),
            Err(disagreement) => {
                say(&format!("\nthey do not agree: {disagreement}"));
                return ExitCode::FAILURE;
            }
        }
        models += 1;
        let seconds = started.elapsed().as_secs();
        say(&format!("{seconds:>5} s  {models:>4} models  {total}"));
    }
    say(&format!(
        "SQLite, PostgreSQL and the reference agree, seeds {seed} to {}: {total}",
        seed + models - 1
    ));
    ExitCode::SUCCESS
}

/// One model on both databases at once. A decision counts once, when both agree.
fn both(seed: u64) -> Result<Tally, Box<Disagreement>> {
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        for database in Database::BOTH {
            let sender = sender.clone();
            scope.spawn(move || {
                let mut tally = Tally::default();
                let result = prove(database, seed, SIZE, &mut tally);
                let _ = sender.send(result.map(|()| tally));
            });
        }
    });
    drop(sender);
    let tallies = receiver.into_iter().collect::<Result<Vec<Tally>, _>>()?;
    let least = tallies.into_iter().min_by_key(Tally::decisions);
    Ok(least.unwrap_or_default())
}

#[expect(clippy::print_stdout, reason = "a command line speaks on stdout")]
fn say(line: &str) {
    println!("{line}");
}
