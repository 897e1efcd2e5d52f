//! Several who write at once: nobody's write is lost, and nothing is done twice.

use freehold_tests::{Answer, Person, Server, fixture, on_both_databases};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const WRITERS: usize = 6;
const ROUNDS: usize = 12;

/// What each of several writers got, who begin together.
fn all(clerk: &Person<'_>, work: impl Fn(&Person<'_>, usize) -> Vec<Answer> + Sync) -> Vec<Answer> {
    let start = std::sync::Barrier::new(WRITERS);
    std::thread::scope(|scope| {
        let (work, start) = (&work, &start);
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                scope.spawn(move || {
                    start.wait();
                    work(clerk, writer)
                })
            })
            .collect();
        let answers = writers
            .into_iter()
            .flat_map(|writer| writer.join().expect("a writer does not panic"));
        answers.collect()
    })
}

fn count(answers: &[Answer], code: &str) -> usize {
    answers.iter().filter(|answer| answer.code() == code).count()
}

fn account(clerk: &Person<'_>) -> Value {
    clerk.query("{ accounts(filter: {label: {eq: \"a0\"}}) { nodes { id balance version } } }")["accounts"]["nodes"][0]
        .clone()
}

on_both_databases! {
    fn a_version_is_written_over_once(database) {
        let server = Server::fresh(&fixture("ledger"), database);
        let clerk = server.sign_in("clerk@ledger.test");
        let answers = all(&clerk, |clerk, _| {
            let rounds = (0..ROUNDS).map(|_| {
                let found = account(clerk);
                let more = found["balance"].as_i64().expect("a number") + 1;
                let text = format!("mutation {{ updateAccount(id: {}, input: {{balance: {more}}}, ifVersion: {}) {{ version }} }}", found["id"], found["version"]);
                clerk.answer(&text)
            });
            rounds.collect()
        });
        let done = count(&answers, "");
        assert_eq!(done + count(&answers, "STALE_VERSION"), WRITERS * ROUNDS, "{answers:?}");
        let found = account(&clerk);
        assert_eq!((&found["balance"], &found["version"]), (&json!(1000 + done), &json!(1 + done)));
    }

    fn every_change_is_counted(database) {
        let server = Server::fresh(&fixture("ledger"), database);
        let clerk = server.sign_in("clerk@ledger.test");
        let id = account(&clerk)["id"].clone();
        let answers = all(&clerk, |clerk, writer| {
            (0..ROUNDS).map(|_| clerk.answer(&format!("mutation {{ updateAccount(id: {id}, input: {{balance: {writer}}}) {{ version }} }}"))).collect()
        });
        assert_eq!(count(&answers, ""), WRITERS * ROUNDS, "{answers:?}");
        let versions: BTreeSet<i64> = answers.iter().filter_map(|answer| answer.body["data"]["updateAccount"]["version"].as_i64()).collect();
        assert_eq!(versions.len(), WRITERS * ROUNDS, "each sees the version that it has made");
        assert_eq!(account(&clerk)["version"], 1 + WRITERS * ROUNDS);
    }

    fn a_key_is_taken_once(database) {
        let server = Server::fresh(&fixture("ledger"), database);
        let clerk = server.sign_in("clerk@ledger.test");
        for round in 0..ROUNDS {
            let answers = all(&clerk, |clerk, _| vec![clerk.answer(&format!("mutation {{ createMark(input: {{label: \"m{round}\"}}) {{ id }} }}"))]);
            assert_eq!((count(&answers, ""), count(&answers, "CONFLICT")), (1, WRITERS - 1), "{answers:?}");
        }
        let answers = all(&clerk, |clerk, writer| {
            (0..ROUNDS).map(|round| clerk.answer(&format!("mutation {{ upsertMark(by: LABEL, input: {{label: \"u{round}\", hits: {writer}}}) {{ id }} }}"))).collect()
        });
        assert_eq!(count(&answers, ""), WRITERS * ROUNDS, "{answers:?}");
        let data = clerk.query("{ marks(first: 100) { nodes { label number version } } }");
        let marks = data["marks"]["nodes"].as_array().expect("nodes");
        assert_eq!(marks.len(), 2 * ROUNDS, "{data}");
        let numbers: BTreeSet<i64> = marks.iter().filter_map(|mark| mark["number"].as_i64()).collect();
        assert_eq!(numbers.len(), 2 * ROUNDS, "each has a number of its own: {data}");
        let versions: i64 = marks.iter().filter_map(|mark| mark["version"].as_i64()).sum();
        assert_eq!(versions as usize, ROUNDS + WRITERS * ROUNDS, "each upsert added the row or changed it: {data}");
    }

    fn a_row_is_deleted_once(database) {
        let server = Server::fresh(&fixture("ledger"), database);
        let clerk = server.sign_in("clerk@ledger.test");
        for round in 0..ROUNDS {
            let made = clerk.query(&format!("mutation {{ createMark(input: {{label: \"d{round}\"}}) {{ id }} }}"));
            let id = made["createMark"]["id"].clone();
            let answers = all(&clerk, |clerk, writer| {
                let verb = if writer % 2 == 0 { "deleteMark" } else { "updateMark" };
                let input = if writer % 2 == 0 { "" } else { ", input: {hits: 1}" };
                vec![clerk.answer(&format!("mutation {{ it: {verb}(id: {id}{input}) {{ id }} }}"))]
            });
            let deleted = answers.iter().step_by(2).filter(|answer| answer.code().is_empty()).count();
            assert_eq!(deleted, 1, "{answers:?}");
            assert!(answers.iter().all(|answer| ["", "NOT_FOUND"].contains(&answer.code())), "{answers:?}");
        }
    }
}
