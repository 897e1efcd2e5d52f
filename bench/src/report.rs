//! What is told in the end: a table for people, JSON for machines.

use crate::driver::{Round, Slice};
use crate::workload::Workload;
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt::Write;

/// A workload, measured.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    pub(crate) workload: Workload,
    pub(crate) rounds: Vec<Round>,
}

/// All workloads on one database with so many connections.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) database: String,
    pub(crate) connections: usize,
    pub(crate) measured: Vec<Measured>,
}

/// The middle of several rounds, and how far they are apart.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
struct Spread {
    median: f64,
    min: f64,
    max: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().unwrap_or(0.0);
        let middle = values.len() / 2;
        let median = if values.len().is_multiple_of(2) {
            f64::midpoint(at(middle.saturating_sub(1)), at(middle))
        } else {
            at(middle)
        };
        Self {
            median,
            min: at(0),
            max: at(values.len().saturating_sub(1)),
        }
    }
}

impl Measured {
    fn over(&self, value: impl Fn(&Round) -> f64) -> Spread {
        Spread::of(self.rounds.iter().map(value))
    }

    /// Freehold's processor time for a request, as a part of the endpoint's.
    fn cost(&self) -> Spread {
        self.over(|round| round.freehold.total_us() / round.endpoint.total_us())
    }

    fn throughput(&self) -> Spread {
        self.over(|round| round.freehold.requests_per_s / round.endpoint.requests_per_s)
    }

    fn json(&self) -> Value {
        json!({
            "workload": self.workload.to_string(),
            "goal": self.workload.goal(),
            "cpu_ratio": self.cost(),
            "throughput_ratio": self.throughput(),
            "rounds": self.rounds,
        })
    }
}

impl Table {
    /// In Markdown.
    pub(crate) fn markdown(&self) -> String {
        let mut text = format!(
            "\n**{}, {} connections.** Processor time in µs for each request, server + database.\n\n\
             | | Freehold | endpoint | ratio (min…max) | goal | requests/s | ratio | p50 ms | p99 ms |\n\
             |---|---|---|---|---|---|---|---|---|\n",
            self.database, self.connections
        );
        for measured in &self.measured {
            let pair = |value: fn(&Slice) -> f64| {
                (
                    measured.over(|round| value(&round.freehold)).median,
                    measured.over(|round| value(&round.endpoint)).median,
                )
            };
            let (server, database) = (pair(|slice| slice.server_us), pair(|slice| slice.database_us));
            let (rate, p50, p99) = (
                pair(|slice| slice.requests_per_s),
                pair(|slice| slice.p50_us / 1000.0),
                pair(|slice| slice.p99_us / 1000.0),
            );
            let cost = measured.cost();
            let goal = measured.workload.goal().map_or_else(
                || "–".to_owned(),
                |goal| {
                    let mark = if cost.median <= goal { "reached" } else { "not reached" };
                    format!("{goal:.2}, {mark}")
                },
            );
            // Writing to a string does not fail.
            let _ = writeln!(
                text,
                "| {} | {:.0} + {:.0} | {:.0} + {:.0} | **{:.2}** ({:.2}…{:.2}) | {goal} | {:.0} / {:.0} | {:.2} | {:.1} / {:.1} | {:.1} / {:.1} |",
                measured.workload,
                server.0,
                database.0,
                server.1,
                database.1,
                cost.median,
                cost.min,
                cost.max,
                rate.0,
                rate.1,
                measured.throughput().median,
                p50.0,
                p50.1,
                p99.0,
                p99.1,
            );
        }
        let last = |value: fn(&Round) -> u64| {
            let rounds = self.measured.iter().flat_map(|measured| &measured.rounds);
            rounds.map(value).max().unwrap_or(0) / 1024
        };
        let _ = writeln!(
            text,
            "\nResident memory, at most: Freehold {} MiB, endpoint {} MiB.",
            last(|round| round.freehold.peak_kib),
            last(|round| round.endpoint.peak_kib)
        );
        text
    }

    /// With every slice.
    pub(crate) fn json(&self) -> Value {
        json!({
            "database": self.database,
            "connections": self.connections,
            "workloads": self.measured.iter().map(Measured::json).collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Spread;

    #[test]
    fn the_median_is_in_the_middle() {
        let check = |values: &[f64], median: f64, min: f64, max: f64| {
            assert_eq!(Spread::of(values.iter().copied()), Spread { median, min, max });
        };
        check(&[], 0.0, 0.0, 0.0);
        check(&[2.0], 2.0, 2.0, 2.0);
        check(&[3.0, 1.0, 2.0], 2.0, 1.0, 3.0);
        check(&[4.0, 1.0, 2.0, 3.0], 2.5, 1.0, 4.0);
    }
}
