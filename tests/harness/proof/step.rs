//! One mutation, and all that came of it.

use super::{Scene, Somebody, Tally, differs};
use crate::person::Answer;
use crate::reference::{
    Caller, Mutation, Refusal, Target, Written, apply, instant, mutation_request, response_key, settle,
};
use crate::stored::Tables;
use serde_json::{Map, Value, json};

/// Codes and their HTTP status where nothing ran.
const STATUS: [(&str, u16); 6] = [
    ("BAD_USER_INPUT", 400),
    ("FORBIDDEN", 403),
    ("NOT_FOUND", 404),
    ("CONFLICT", 409),
    ("STALE_VERSION", 409),
    ("LIMIT_EXCEEDED", 413),
];

impl Scene {
    /// Sends a mutation, and compares code, answer and database.
    pub(super) fn step(
        &mut self,
        somebody: &Somebody<'_>,
        mutation: &Mutation,
        by_variables: bool,
        tally: &mut Tally,
    ) -> Result<(), String> {
        self.serial += 1;
        let caller = Caller {
            // After all that is stored, as the server's own time is; and no other operation has the same.
            now: format!("2999-01-01T00:00:00.{:06}Z", self.serial),
            ..somebody.caller.at(&self.world)
        };
        let (text, variables) = mutation_request(&self.world, mutation, by_variables);
        let verdict = apply(&self.world, &caller, mutation);
        let answer = somebody.person.answer_with(&text, &variables);
        let tables = self.reader.tables();
        let told = |what: String| {
            format!(
                "{text}\n  variables {variables}\n  answered {} {}\n  {what}",
                answer.status, answer.text
            )
        };
        tally.writes += verdict.judged;
        match verdict.outcome {
            Err(refusal) => {
                refused(&refusal, mutation, &answer).map_err(told)?;
                unchanged(&self.tables, &tables).map_err(told)?;
                if refusal.code == "NOT_FOUND" {
                    self.hides(somebody, &caller, mutation, &answer, tally).map_err(told)?;
                }
                *tally.refused.entry(refusal.code.to_owned()).or_default() += 1;
            }
            Ok(written) => {
                if !answer.body["errors"].is_null() || answer.status != 200 {
                    return Err(told("expected: that it is carried out".into()));
                }
                self.carried_out(somebody, &caller, mutation, written, &answer, &tables)
                    .map_err(told)?;
                let ours = self.world.model.entities.keys();
                let ours: Vec<&str> = ours.map(String::as_str).chain(["fh_counter", "(sequences)"]).collect();
                unchanged(&without(&self.tables, &ours), &without(&tables, &ours)).map_err(told)?;
                tally.carried_out += 1;
                for write in &mutation.writes {
                    *tally.verbs.entry(write.verb.name()).or_default() += 1;
                }
            }
        }
        self.tables = tables;
        Ok(())
    }

    /// Asks the same of rows that never were, where the caller named rows that are hidden: the answer is the same, byte by byte.
    fn hides(
        &self,
        somebody: &Somebody<'_>,
        caller: &Caller,
        mutation: &Mutation,
        answer: &Answer,
        tally: &mut Tally,
    ) -> Result<(), String> {
        let mut hidden = 0;
        let other = mutation.with_targets(&mut |target| match target {
            Target::Row(row) if !caller.may_read(&self.world, *row) => {
                hidden += 1;
                let id = self.world.row_of(*row).id.as_deref().unwrap_or_default();
                Target::Missing(format!(
                    "{}-{:012x}",
                    id.rsplit_once('-').unwrap_or_default().0,
                    self.serial
                ))
            }
            target => target.clone(),
        });
        // What was hidden before the first write may be seen after it, and the values of a key decide which row is meant: then it
        // is not the same that is asked.
        let is_same =
            apply(&self.world, caller, &other).outcome.err() == apply(&self.world, caller, mutation).outcome.err();
        if hidden == 0 || !is_same {
            return Ok(());
        }
        let (text, variables) = mutation_request(&self.world, &other, false);
        let again = somebody.person.answer_with(&text, &variables);
        tally.repeated += 1;
        if again.status == answer.status && without_id(&again) == without_id(answer) {
            return Ok(());
        }
        Err(format!(
            "hidden and missing are told apart: {text}\n  answered {} {}",
            again.status, again.text
        ))
    }

    /// The database is as the reference has it, and the answer too.
    fn carried_out(
        &mut self,
        somebody: &Somebody<'_>,
        caller: &Caller,
        mutation: &Mutation,
        written: Written,
        answer: &Answer,
        tables: &Tables,
    ) -> Result<(), String> {
        let Written { mut world, mut answers } = written;
        let instant =
            settle(&mut world, &caller.now, tables).map_err(|what| format!("expected in the database: {what}"))?;
        let ours = caller.now.as_str();
        let mut value = |instant: Option<&str>| {
            let mut expected = Map::new();
            let caller = &Caller {
                now: instant.unwrap_or(&caller.now).to_owned(),
                ..caller.clone()
            };
            for (number, (write, answer)) in mutation.writes.iter().zip(&mut answers).enumerate() {
                if let Some(theirs) = instant {
                    answer.tell_time(ours, theirs);
                }
                expected.insert(response_key(number, write), answer.value(caller, &world));
            }
            Value::Object(expected)
        };
        let mut expected = value(instant.as_deref());
        // Where every row that was written has gone again, the answer alone tells the time.
        if let Some(theirs) = instant_in(&expected, &answer.body["data"], ours) {
            expected = value(Some(&theirs));
        }
        self.world = world;
        match differs(&somebody.schema, &expected, &answer.body["data"]) {
            Some(difference) => Err(difference),
            None => Ok(()),
        }
    }
}

/// The text without the id of its request.
fn without_id(answer: &Answer) -> String {
    let id = answer.body["errors"][0]["extensions"]["requestId"]
        .as_str()
        .unwrap_or_default();
    answer.text.replace(id, "")
}

/// What stands in an answer where our own instant is expected.
fn instant_in(expected: &Value, got: &Value, ours: &str) -> Option<String> {
    match (expected, got) {
        (Value::String(expected), Value::String(got)) => (instant(expected) == ours).then(|| instant(got)),
        (Value::Object(expected), _) => expected
            .iter()
            .find_map(|(key, inner)| instant_in(inner, &got[key], ours)),
        (Value::Array(expected), Value::Array(got)) => {
            let mut pairs = expected.iter().zip(got);
            pairs.find_map(|(expected, got)| instant_in(expected, got, ours))
        }
        _ => None,
    }
}

/// The refusal is the expected one, and says nothing else.
fn refused(refusal: &Refusal, mutation: &Mutation, answer: &Answer) -> Result<(), String> {
    let code = refusal.code;
    let status = STATUS
        .iter()
        .find(|(known, _)| *known == code)
        .map_or(0, |(_, status)| *status);
    let path = refusal
        .root
        .map(|root| json!([response_key(root, &mutation.writes[root])]));
    let error = &answer.body["errors"][0];
    let is_there = path.is_none_or(|path| error["path"] == path);
    if answer.code() == code && answer.status == status && is_there && answer.body["data"].is_null() {
        return Ok(());
    }
    Err(format!("expected: {code} with status {status} at {:?}", refusal.root))
}

/// Nothing was written anywhere, but for what every request leaves.
fn unchanged(before: &Tables, after: &Tables) -> Result<(), String> {
    let (before, after) = (lasting(before), lasting(after));
    for (name, rows) in &after {
        let Some(old) = before.get(name) else {
            return Err(format!("expected: no table `{name}`"));
        };
        if old != rows {
            let added = rows.iter().find(|row| !old.contains(row));
            let gone = old.iter().find(|row| !rows.contains(row));
            return Err(format!(
                "expected: nothing changes in `{name}`; gone {gone:?}, new {added:?}"
            ));
        }
    }
    Ok(())
}

/// The tables without notes of requests: when a session was last used, who tried to sign in, and what was refused.
fn lasting(tables: &Tables) -> Tables {
    let mut tables = tables.clone();
    tables.retain(|name, _| !name.starts_with("fh_audit") && !name.starts_with("fh_rate"));
    for row in tables.get_mut("fh_session").into_iter().flatten() {
        row.remove("last_seen_at");
    }
    tables
}

fn without(tables: &Tables, names: &[&str]) -> Tables {
    let kept = tables.iter().filter(|(name, _)| !names.contains(&name.as_str()));
    kept.map(|(name, rows)| (name.clone(), rows.clone())).collect()
}
