//! Random damage to queries: whatever a client sends, there is an answer and no panic.

use super::{desk, fixture, prepare_with};
use crate::graphql::RoleSchema;
use serde_json::json;

const QUERIES: [&str; 6] = [
    "query Q($first: Int! = 3, $filter: TicketFilter, $on: Boolean) { tickets(first: $first, filter: $filter) { nodes { ...F @include(if: $on) } } } fragment F on Ticket { id team { name } }",
    "{ node(id: \"a\\u0041\\n\") { __typename ... on Ticket { x: subject comments(first: 2) { edges { cursor } } } } }",
    "{ tickets(filter: {or: [{status: {in: [NEW, SOLVED]}}, {weight: {gt: -1.5e3}}], not: {extra: {eq: {a: [1, null, true]}}}}) { groups(by: [STATUS]) { key { status } } } }",
    "query { __schema { types { name fields { type { ofType { name } } } } } viewer { roles } }",
    "query ($x: [TicketOrderBy!] = [{createdAt: DESC}]) { tickets(orderBy: $x, after: \"\"\"block \"quoted\" text\"\"\") { pageInfo { endCursor } } } # end",
    "query A { a: __typename } query B($n: String!) { __type(name: $n) { kind } }",
];

const MUTATIONS: [&str; 3] = [
    "mutation M($first: Int! = 3, $n: String! = \"x\", $on: Boolean = true) { a: updateTicket(id: $first, input: {subject: $n, priority: HIGH, comments: {create: {text: \"a\"}, update: [{id: 1, input: {votes: {disconnect: [1, 2]}}}]}}, ifVersion: $first) { id } deleteTickets(filter: {}, atMost: $first) @include(if: $on) { id } }",
    "mutation { createTickets(input: [{subject: \"s\", team: 1, source: \"x\", tags: HARDWARE, extra: {a: [null]}}]) { id comments { totalCount } } transitionTicketPhase(id: 1, to: LATE) { ...F } } fragment F on Ticket { phase }",
    "mutation { inviteMember(email: \"a@b.test\", roles: [\"agent\"]) { __typename status } upsertTicket(by: TEAM_AND_SUBJECT, input: {subject: \"\"\"s\"\"\", team: \"t\", source: null}) { id } }",
];

const PIECES: [&str; 30] = [
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ":",
    "!",
    "$",
    "@",
    "...",
    "|",
    "=",
    "&",
    "\"",
    "\"\"\"",
    "\\",
    "#",
    "\n",
    "\r\n",
    "null",
    "true",
    "on",
    "fragment F on Query",
    "é",
    "\u{feff}",
    "\u{0}",
    "[Nope] = [1]",
    "-",
    "1.5",
];

/// xorshift: the same sequence everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

#[test]
fn damaged_queries_never_panic() {
    damage(&fixture::everything(), &QUERIES, 6_000, 50);
}

#[test]
fn damaged_mutations_never_panic() {
    let catalog = desk::catalog();
    let schema = desk::Caller::of_everything(&catalog).holds(&["invite_member"]).schema();
    damage(&schema, &MUTATIONS, 3_000, 25);
}

/// Damages the queries, and demands an answer to each; some of them stay whole.
fn damage(schema: &RoleSchema, queries: &[&str], rounds: usize, whole_min: usize) {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut fine = 0;
    for round in 0..rounds {
        let mut letters: Vec<char> = queries[round % queries.len()].chars().collect();
        for _ in 0..=dice.below(3) {
            let at = dice.below(letters.len() + 1);
            match dice.below(4) {
                0 => {
                    letters.splice(at..at, PIECES[dice.below(PIECES.len())].chars());
                }
                1 => drop(letters.drain(at..(at + dice.below(8)).min(letters.len()))),
                2 => {
                    let other: Vec<char> = queries[dice.below(queries.len())].chars().collect();
                    let from = dice.below(other.len());
                    let length = dice.below(20).min(other.len() - from);
                    letters.splice(at..at, other[from..from + length].iter().copied());
                }
                _ => {
                    let end = (at + dice.below(12)).min(letters.len());
                    let copy = letters[at..end].to_vec();
                    letters.splice(at..at, copy);
                }
            }
        }
        let query: String = letters.into_iter().collect();
        let variables = json!({ "on": dice.below(2) == 0, "n": "Ticket", "filter": {"id": {"eq": dice.below(9)}}, "first": dice.below(5) });
        match prepare_with(schema, &query, None, &variables) {
            Ok(_) => fine += 1,
            Err(errors) => {
                assert!(!errors.is_empty());
                for error in errors {
                    assert!(!error.message.contains('\n'), "{query}: {}", error.message);
                    assert!(
                        error.code != freehold_base::Code::InternalServerError,
                        "{query}: {}",
                        error.message
                    );
                }
            }
        }
    }
    assert!(fine > whole_min, "the damage should leave some queries whole: {fine}");
}
