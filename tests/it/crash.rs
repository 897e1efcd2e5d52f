//! A server that is killed in the middle of its work loses nothing that it has acknowledged, and shows nothing half done.
//! `cargo xtask prove --crash` does it more often (`FREEHOLD_CRASHES`).

use freehold_tests::{Random, Server, Tables, crashes, fixture, on_both_databases, proof_seed};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const CRASHES: u64 = 10;
const WRITERS: u64 = 4;

/// Moves an amount from one account to another: a transfer with two lines, and two balances that others may change meanwhile.
const TRANSFER: &str = "mutation($label: String!, $lines: [TransferLinesCreateInput!], $from: ID!, $to: ID!, $less: Int!, $more: Int!, $known: Int!, $known2: Int!) {
  transfer: createTransfer(input: {label: $label, size: 2, lines: {create: $lines}}) { id number }
  from: updateAccount(id: $from, input: {balance: $less}, ifVersion: $known) { version }
  to: updateAccount(id: $to, input: {balance: $more}, ifVersion: $known2) { version }
}";

/// A transfer of nothing, to be taken back.
const SCRATCH: &str = "mutation($label: String!, $lines: [TransferLinesCreateInput!]) {
  createTransfer(input: {label: $label, size: 3, lines: {create: $lines}}) { id }
}";

const REMOVE: &str = "mutation($id: ID!) { deleteTransfer(id: $id) { id } }";

on_both_databases! {
    fn nothing_acknowledged_is_lost_and_nothing_is_half_done(database) {
        let mut random = Random::new(proof_seed());
        let promises = Promises::default();
        let mut server = Server::fresh(&fixture("ledger"), database);
        let cookie = server.sign_in("clerk@ledger.test").cookie().expect("a session").to_owned();
        for crash in 0..crashes(CRASHES) {
            let patience = Duration::from_millis(100 + random.below(400) as u64);
            let before = promises.count();
            let seeds: Vec<u64> = (0..WRITERS).map(|_| random.number()).collect();
            std::thread::scope(|scope| {
                for seed in seeds {
                    let (server, cookie, promises) = (&server, &cookie, &promises);
                    scope.spawn(move || {
                        let mut random = Random::new(seed);
                        while work(server, cookie, &mut random, promises).is_some() {}
                    });
                }
                std::thread::sleep(patience);
                // A crash before the first write shows nothing: on a busy machine that takes a while.
                let last = Instant::now() + Duration::from_secs(30);
                while promises.count() <= before && Instant::now() < last {
                    std::thread::sleep(Duration::from_millis(10));
                }
                server.kill();
            });
            server = server.again().start();
            let tables = server.reader().tables();
            if let Err(loss) = check(&tables, &promises) {
                server.keep();
                panic!("after crash {crash} on {database:?}, in {}: {loss}", server.folder().path().display());
            }
            assert!(promises.count() > before, "nothing was written before crash {crash}\n{}", server.complaints());
        }
        assert!(work(&server, &cookie, &mut random, &promises).is_some(), "it works on");
    }
}

/// What the server has said that it did.
#[derive(Debug, Default)]
struct Promises {
    serial: AtomicU64,
    /// Labels of transfers.
    made: Mutex<BTreeSet<String>>,
    /// Labels of transfers taken back. One whose removal was asked for and not acknowledged may be there or not.
    gone: Mutex<BTreeSet<String>>,
    unsure: Mutex<BTreeSet<String>>,
}

impl Promises {
    fn count(&self) -> usize {
        self.made.lock().expect("nobody panics with it").len()
    }
}

/// One thing that a writer does. `None` when the server is gone.
fn work(server: &Server, cookie: &str, random: &mut Random, promises: &Promises) -> Option<()> {
    let clerk = server.holder(cookie);
    let label = format!("t{}", promises.serial.fetch_add(1, Ordering::Relaxed));
    let insert = |into: &Mutex<BTreeSet<String>>| into.lock().expect("nobody panics with it").insert(label.clone());
    if random.one_in(4) {
        let found = clerk.try_answer(
            "{ scratch: accounts(filter: {label: {eq: \"scratch\"}}) { nodes { id } } }",
            &json!({}),
        )?;
        let account = &found.body["data"]["scratch"]["nodes"][0]["id"];
        let lines = json!([{"account": account, "amount": 1}, {"account": account, "amount": 2}, {"account": account, "amount": -3}]);
        let made = clerk.try_answer(SCRATCH, &json!({"label": label, "lines": lines}))?;
        let id = made.body["data"]["createTransfer"]["id"]
            .as_str()
            .unwrap_or_else(|| panic!("{}", made.text))
            .to_owned();
        insert(&promises.made);
        insert(&promises.unsure);
        let removed = clerk.try_answer(REMOVE, &json!({"id": id}))?;
        assert_eq!(
            removed.body["data"]["deleteTransfer"]["id"],
            id.as_str(),
            "{}",
            removed.text
        );
        insert(&promises.gone);
        return Some(());
    }
    let found = clerk.try_answer(
        "{ accounts(filter: {label: {ne: \"scratch\"}}) { nodes { id balance version } } }",
        &json!({}),
    )?;
    let accounts = found.body["data"]["accounts"]["nodes"]
        .as_array()
        .unwrap_or_else(|| panic!("{}", found.text))
        .clone();
    let (from, to) = (random.pick(&accounts), random.pick(&accounts));
    if from["id"] == to["id"] {
        return Some(());
    }
    let amount = random.below(9) as i64 + 1;
    let balance = |account: &Value| account["balance"].as_i64().expect("a number");
    let variables = json!({
        "label": label,
        "lines": [{"account": from["id"], "amount": -amount}, {"account": to["id"], "amount": amount}],
        "from": from["id"], "less": balance(from) - amount, "known": from["version"],
        "to": to["id"], "more": balance(to) + amount, "known2": to["version"],
    });
    let answer = clerk.try_answer(TRANSFER, &variables)?;
    match answer.code() {
        "" => {
            insert(&promises.made);
        }
        // Somebody else was faster.
        "STALE_VERSION" => {}
        _ => panic!("{}", answer.text),
    }
    Some(())
}

/// What must be true of the tables at any time.
fn check(tables: &Tables, promises: &Promises) -> Result<(), String> {
    let text = |row: &serde_json::Map<String, Value>, column: &str| row[column].as_str().unwrap_or_default().to_owned();
    let number = |row: &serde_json::Map<String, Value>, column: &str| row[column].as_i64().unwrap_or_default();
    let mut lines: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    let mut moved: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for line in &tables["line"] {
        let amount = number(line, "amount");
        for (sums, key) in [(&mut lines, "transfer_id"), (&mut moved, "account_id")] {
            let sum = sums.entry(text(line, key)).or_default();
            *sum = (sum.0 + 1, sum.1 + amount);
        }
    }
    let mut labels = BTreeSet::new();
    let mut numbers = BTreeSet::new();
    for transfer in &tables["transfer"] {
        let (count, sum) = lines.remove(&text(transfer, "id")).unwrap_or_default();
        if count != number(transfer, "size") || sum != 0 {
            return Err(format!("{transfer:?} has {count} lines, which make {sum}"));
        }
        if !numbers.insert(number(transfer, "number")) {
            return Err(format!("{transfer:?} has a number that another one has"));
        }
        labels.insert(text(transfer, "label"));
    }
    if !lines.is_empty() {
        return Err(format!("lines without a transfer: {lines:?}"));
    }
    for account in &tables["account"] {
        let (count, sum) = moved.remove(&text(account, "id")).unwrap_or_default();
        let is_scratch = text(account, "label") == "scratch";
        let count = if is_scratch { 0 } else { count };
        if number(account, "balance") != 1000 + sum || number(account, "version") != 1 + count {
            return Err(format!("{account:?} has {count} lines, which make {sum}"));
        }
    }
    let (made, gone, unsure) = (&promises.made, &promises.gone, &promises.unsure);
    let (made, gone, unsure) = (
        made.lock().expect("made"),
        gone.lock().expect("gone"),
        unsure.lock().expect("unsure"),
    );
    let lost: Vec<&String> = made
        .iter()
        .filter(|label| !unsure.contains(*label) && !labels.contains(*label))
        .collect();
    let back: Vec<&String> = gone.iter().filter(|label| labels.contains(*label)).collect();
    if lost.is_empty() && back.is_empty() {
        return Ok(());
    }
    Err(format!(
        "acknowledged and lost: {lost:?}; taken back and there again: {back:?}"
    ))
}
