//! `freehold access matrix` says what somebody finds who tries everything: every caller, entity, operation and field.

use crate::probe::{Access, Outcome, Probe, Row, World, camel, pascal};
use freehold_tests::{
    Database, Person, Server, command, example, fixture, on_both_databases, repository, updates_snapshots,
};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// Inputs of a creation that are tried for one field which goes as far as it can.
const INPUTS_MAX: usize = 40;

fn matrix(model: &Path) -> Value {
    let finished = command(&["access", "matrix", &model.display().to_string(), "--json"]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    serde_json::from_str(&finished.stdout).expect("JSON")
}

/// How often a right was granted and refused.
#[derive(Debug, Default)]
struct Seen {
    allowed: usize,
    refused: usize,
}

impl Seen {
    fn note(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Allowed => self.allowed += 1,
            Outcome::Refused => self.refused += 1,
            Outcome::Void => {}
        }
    }

    fn add(&mut self, allowed: bool) {
        self.note(if allowed { Outcome::Allowed } else { Outcome::Refused });
    }

    fn both(&self) -> bool {
        self.allowed > 0 && self.refused > 0
    }
}

/// Holds a cell against what was seen. A right that goes so far should have been seen granted and refused: gives its name if not.
fn check(name: &str, cell: &Value, seen: &Seen) -> Option<String> {
    let found = format!("{name}: {cell}, and {seen:?} was seen");
    match cell.as_str() {
        None if cell.is_null() => assert_eq!(seen.allowed, 0, "{found}"),
        Some("never") => assert_eq!(seen.allowed, 0, "{found}"),
        Some("always") => assert!(seen.refused == 0, "{found}"),
        Some(other) => panic!("{other}"),
        None => assert!(cell["sometimes"].is_array(), "{found}"),
    }
    let goes_both_ways = cell["sometimes"].is_array();
    let told = if goes_both_ways {
        seen.both()
    } else {
        cell != "always" || seen.allowed > 0
    };
    (!told).then_some(found)
}

/// Callers of the matrix and people who are such callers.
struct Cast {
    /// Slug of the tenant in which everything is tried; none in an app without tenants.
    tenant: Option<&'static str>,
    people: &'static [(&'static str, &'static [&'static str])],
}

/// Tries everything that the matrix has; gives what was not seen to be as it says, though nothing contradicts it.
fn probe(model: &Path, cast: &Cast, database: Database) -> Vec<String> {
    let server = Server::fresh(model, database);
    let world = World::of(&server);
    let matrix = matrix(model);
    let tenant = cast.tenant.map(|slug| {
        let tenants = world.entities().flat_map(|entity| world.all_rows(entity));
        let found = tenants.filter(|row| row.cells.get("slug").is_some_and(|it| it == slug));
        found.map(|row| row.id.clone()).next().expect("the tenant is there")
    });
    let tenant = tenant.unwrap_or_default();
    let mut untold = Vec::new();
    let callers = matrix["callers"].as_array().expect("callers");
    let named: BTreeSet<&str> = callers
        .iter()
        .map(|it| it["caller"].as_str().expect("a name"))
        .collect();
    assert_eq!(
        named,
        cast.people.iter().map(|(name, _)| *name).collect(),
        "every caller has somebody who tries"
    );
    for caller in callers {
        let name = caller["caller"].as_str().expect("a name");
        let people = cast
            .people
            .iter()
            .find(|(caller, _)| *caller == name)
            .expect("people")
            .1;
        if people.is_empty() {
            continue;
        }
        let probes: Vec<Probe<'_>> = people
            .iter()
            .map(|email| {
                let person: Person<'_> = if email.is_empty() {
                    server.anonymous()
                } else {
                    server.sign_in(email)
                };
                let person = cast.tenant.map_or_else(|| person.clone(), |slug| person.tenant(slug));
                Probe::new(person, &world)
            })
            .collect();
        for entity in world.entities() {
            let cells = caller["entities"].as_array().expect("entities").iter();
            let cells = cells
                .into_iter()
                .find(|it| it["entity"] == entity)
                .cloned()
                .unwrap_or_default();
            let probed = Probed {
                caller: name,
                probes: &probes,
                entity,
                cells,
                tenant: &tenant,
                rows: world.rows(entity, &tenant),
            };
            probed.reads(&mut untold);
            probed.creations(&mut untold);
            probed.writes(&mut untold);
        }
    }
    // Who tries everything is told of.
    let complaints = server.complaints();
    let other: Vec<&str> = complaints
        .lines()
        .filter(|line| !line.contains("a burst of refusals"))
        .collect();
    assert_eq!(other, [""; 0], "nothing else is to be complained of");
    untold
}

/// One entity, tried by the people of one caller.
struct Probed<'a> {
    caller: &'a str,
    probes: &'a [Probe<'a>],
    entity: &'a str,
    cells: Value,
    tenant: &'a str,
    rows: Vec<&'a Row>,
}

impl Probed<'_> {
    fn operation(&self, word: &str) -> Value {
        let cells = self.cells["operations"].as_array().into_iter().flatten();
        let found = cells.into_iter().find(|it| it["operation"] == word);
        found.map_or(Value::Null, |it| it["rows"].clone())
    }

    fn field(&self, field: &str, word: &str) -> Value {
        let cells = self.cells["fields"].as_array().into_iter().flatten();
        let found = cells.into_iter().find(|it| it["field"] == field);
        found.map_or(Value::Null, |it| it[word].clone())
    }

    /// Model names of all fields that the matrix or a schema could have.
    fn fields(&self) -> Vec<String> {
        let cells = self.cells["fields"].as_array().into_iter().flatten();
        let named = cells.map(|it| it["field"].as_str().expect("a name").to_owned());
        let cells = self
            .rows
            .first()
            .map(|row| row.cells.keys().cloned().collect::<Vec<_>>());
        let columns = cells.unwrap_or_default().into_iter();
        let columns = columns.filter(|name| !name.ends_with("_index")).map(|name| {
            let stem = name.strip_suffix("_id").map(str::to_owned);
            stem.unwrap_or(name)
        });
        named.chain(columns).collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn name(&self, what: &str) -> String {
        format!("{}: {what}", self.caller)
    }

    fn reads(&self, untold: &mut Vec<String>) {
        let type_name = pascal(self.entity);
        let (mut reading, mut listing) = (Seen::default(), Seen::default());
        let shown: Vec<_> = self
            .probes
            .iter()
            .map(|probe| probe.readable(self.entity, self.tenant))
            .collect();
        for (probe, shown) in self.probes.iter().zip(&shown) {
            let listed = probe.listed(self.entity);
            for row in &self.rows {
                reading.add(shown.contains_key(&row.id));
                listing.add(listed.contains(&row.id));
            }
        }
        untold.extend(check(
            &self.name(&format!("read {}", self.entity)),
            &self.operation("read"),
            &reading,
        ));
        untold.extend(check(
            &self.name(&format!("list {}", self.entity)),
            &self.operation("list"),
            &listing,
        ));
        for field in self.fields() {
            let graphql = camel(&field);
            let cell = self.field(&field, "read");
            let mut seen = Seen::default();
            for (probe, shown) in self.probes.iter().zip(&shown) {
                let has = probe.has(&type_name, &graphql);
                for row in &self.rows {
                    seen.add(has && shown.get(&row.id).is_some_and(|access| !access.hides(&graphql)));
                }
            }
            untold.extend(check(
                &self.name(&format!("read {}.{field}", self.entity)),
                &cell,
                &seen,
            ));
        }
    }

    fn creations(&self, untold: &mut Vec<String>) {
        let root = format!("create{}", pascal(self.entity));
        let input = format!("{}CreateInput", pascal(self.entity));
        let mut whole = Seen::default();
        for field in self.fields() {
            let graphql = camel(&field);
            let cell = self.field(&field, "create");
            let mut seen = Seen::default();
            for probe in self.probes.iter().filter(|probe| probe.has("Mutation", &root)) {
                let inputs = probe.inputs(&input);
                if !inputs.iter().any(|(name, _)| *name == graphql) {
                    continue;
                }
                let (plain, others) = self.inputs(probe, &inputs, &graphql);
                let create = |text: &str| probe.attempt(&format!("{root}(input: {{{text}}}) {{ __typename }}"));
                let mut sound = Vec::new();
                let most = if cell.is_object() { usize::MAX } else { INPUTS_MAX };
                for text in plain.iter().take(most) {
                    let outcome = create(text);
                    seen.note(outcome);
                    if outcome != Outcome::Void {
                        sound.push(text);
                    }
                    if seen.both() {
                        break;
                    }
                }
                // With one more field besides. That no rule takes the two together does not make either less.
                for (text, other) in sound
                    .iter()
                    .take(2)
                    .flat_map(|text| others.iter().map(move |other| (text, other)))
                {
                    if seen.both() {
                        break;
                    }
                    let outcome = create(&format!("{text}{other}"));
                    if outcome == Outcome::Allowed || cell != "always" {
                        seen.note(outcome);
                    }
                }
            }
            whole.allowed += seen.allowed;
            whole.refused += seen.refused;
            untold.extend(check(
                &self.name(&format!("create {}.{field}", self.entity)),
                &cell,
                &seen,
            ));
        }
        if self.operation("create") == "always" {
            whole.refused = 0;
        }
        untold.extend(check(
            &self.name(&format!("create {}", self.entity)),
            &self.operation("create"),
            &whole,
        ));
    }

    /// Inputs that give the field with all that is required; and what may be given besides.
    fn inputs(&self, probe: &Probe<'_>, inputs: &[(String, Value)], field: &str) -> (Vec<String>, Vec<String>) {
        let candidates = |(name, type_ref): &(String, Value)| -> Vec<String> {
            let values = probe.candidates(self.entity, name, type_ref, self.tenant).into_iter();
            values.map(|value| format!("{name}: {value}, ")).collect()
        };
        let is_needed = |it: &&(String, Value)| it.1["kind"] == "NON_NULL" || it.0 == field;
        let mut found = vec![String::new()];
        for needed in inputs.iter().filter(is_needed) {
            found = candidates(needed)
                .iter()
                .flat_map(|value| found.iter().map(move |text| text.clone() + value))
                .collect();
        }
        let others: Vec<String> = inputs.iter().filter(|it| !is_needed(it)).flat_map(candidates).collect();
        (found, others)
    }

    fn writes(&self, untold: &mut Vec<String>) {
        let type_name = pascal(self.entity);
        let (mut updating, mut deleting, mut moving) = (Seen::default(), Seen::default(), Seen::default());
        for field in self.fields() {
            let (mut update, mut transition) = (Seen::default(), Seen::default());
            let graphql = camel(&field);
            let (is_update, is_transition) = (self.field(&field, "update"), self.field(&field, "transition"));
            for probe in self.probes {
                self.try_rows(
                    probe,
                    &is_update,
                    &mut update,
                    |access| access.writes(&graphql),
                    |row, seen| {
                        self.update(probe, row, &field, seen);
                    },
                );
                self.try_rows(
                    probe,
                    &is_transition,
                    &mut transition,
                    |access| access.can("canTransition"),
                    |row, seen| {
                        self.transition(probe, row, &field, seen);
                    },
                );
            }
            untold.extend(check(
                &self.name(&format!("update {}.{field}", self.entity)),
                &is_update,
                &update,
            ));
            untold.extend(check(
                &self.name(&format!("transition {}.{field}", self.entity)),
                &is_transition,
                &transition,
            ));
            updating.allowed += update.allowed;
            updating.refused += update.refused;
            moving.allowed += transition.allowed;
            moving.refused += transition.refused;
        }
        for probe in self
            .probes
            .iter()
            .filter(|it| it.has("Mutation", &format!("delete{type_name}")))
        {
            let is_deletion = self.operation("delete");
            self.try_rows(
                probe,
                &is_deletion,
                &mut deleting,
                |access| access.can("canDelete"),
                |row, seen| {
                    seen.note(probe.attempt(&format!("delete{type_name}(id: {:?}) {{ __typename }}", row.id)));
                },
            );
        }
        // One rule may take one field on every row, and another rule another field on some.
        if self.operation("update") == "always" {
            updating.refused = 0;
        }
        for (word, seen) in [("update", &updating), ("delete", &deleting), ("transition", &moving)] {
            untold.extend(check(
                &self.name(&format!("{word} {}", self.entity)),
                &self.operation(word),
                seen,
            ));
        }
    }

    /// Tries the most telling rows, and others until a right that goes so far was seen granted and refused.
    fn try_rows(
        &self,
        probe: &Probe<'_>,
        cell: &Value,
        seen: &mut Seen,
        has: impl Fn(&Access) -> bool,
        attempt: impl Fn(&Row, &mut Seen),
    ) {
        let (rows, telling) = probe.rows(self.entity, self.tenant, has);
        for (index, row) in rows.into_iter().enumerate() {
            if (index >= telling && !cell.is_object()) || (cell.is_object() && seen.both()) {
                return;
            }
            attempt(row, seen);
        }
    }

    fn update(&self, probe: &Probe<'_>, row: &Row, field: &str, seen: &mut Seen) {
        let (root, input) = (
            format!("update{}", pascal(self.entity)),
            format!("{}UpdateInput", pascal(self.entity)),
        );
        let graphql = camel(field);
        let inputs = probe.inputs(&input);
        let Some((_, type_ref)) = inputs.iter().find(|(name, _)| *name == graphql) else {
            return;
        };
        for value in probe.candidates(self.entity, &graphql, type_ref, self.tenant) {
            let outcome = probe.attempt(&format!(
                "{root}(id: {:?}, input: {{{graphql}: {value}}}) {{ __typename }}",
                row.id
            ));
            seen.note(outcome);
            // Of one row one value that is taken is enough, unless another may be refused.
            if outcome == Outcome::Allowed && seen.both() {
                return;
            }
        }
    }

    fn transition(&self, probe: &Probe<'_>, row: &Row, field: &str, seen: &mut Seen) {
        let declared = probe.world.field(self.entity, field);
        let root = format!("transition{}", pascal(self.entity));
        if declared["state"] != true || !probe.has("Mutation", &root) {
            return;
        }
        for option in declared["options"].as_array().expect("options") {
            let to = option.as_str().expect("an option").to_uppercase();
            seen.note(probe.attempt(&format!("{root}(id: {:?}, to: {to}) {{ __typename }}", row.id)));
        }
    }
}

const ARCHIVE: Cast = Cast {
    tenant: Some("north"),
    people: &[
        ("anonymous", &[""]),
        ("profile visitor", &[]),
        ("profile member", &["jon@archive.test"]),
        ("member without a role", &["lee@archive.test"]),
        ("role reader", &["ann@archive.test", "bea@archive.test"]),
        ("role keeper", &["cal@archive.test"]),
        ("role chief", &["eli@archive.test"]),
        ("role watch", &["fay@archive.test"]),
        ("role scribe", &["kit@archive.test"]),
    ],
};

const HELPDESK: Cast = Cast {
    tenant: Some("acme"),
    people: &[
        ("anonymous", &[""]),
        ("profile visitor", &[]),
        ("profile member", &["sam@example.test"]),
        ("member without a role", &[]),
        ("role requester", &["ann@acme.test"]),
        ("role agent", &["finn@acme.test"]),
        ("role lead", &["hana@acme.test"]),
        ("role auditor", &["ivo@acme.test"]),
        ("role org_admin", &["jun@acme.test"]),
    ],
};

on_both_databases! {
    fn the_matrix_of_a_fixture_is_what_somebody_finds(database) {
        let untold = probe(&fixture("archive"), &ARCHIVE, database);
        assert_eq!(untold, [""; 0], "every cell was seen granted and refused, as far as it goes");
    }

    fn the_matrix_of_the_help_desk_is_what_somebody_finds(database) {
        let untold = probe(&example("helpdesk"), &HELPDESK, database);
        // Every article has a title and a category, and nobody can take them away.
        let known = ["role lead: update article.helpful: ", "role lead: update article.published: "];
        let other: Vec<&String> = untold.iter().filter(|it| !known.iter().any(|known| it.starts_with(known))).collect();
        assert_eq!(other, [""; 0]);
    }
}

/// Reviewed: who may do what in the examples. After a change that is meant, run with `FREEHOLD_UPDATE_SNAPSHOTS=1`.
#[test]
fn matrices_of_the_examples_are_as_reviewed() {
    for name in ["blog", "helpdesk"] {
        let directory = example(name).display().to_string();
        let marks = command(&["access", "matrix", &directory]);
        let conditions = command(&["access", "matrix", &directory, "--conditions"]);
        assert_eq!(
            (marks.code, conditions.code),
            (Some(0), Some(0)),
            "{}{}",
            marks.stderr,
            conditions.stderr
        );
        let text = format!("{}\n\n{}", marks.stdout, conditions.stdout);
        let file = repository().join("tests/snapshots").join(format!("access-{name}.txt"));
        if updates_snapshots() {
            std::fs::write(&file, &text).expect("a file can be written");
        }
        let before = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(
            before == text,
            "{} differs; FREEHOLD_UPDATE_SNAPSHOTS=1 writes it anew",
            file.display()
        );
    }
}

#[test]
fn two_versions_are_compared() {
    let old = fixture("archive");
    let folder = freehold_tests::Folder::with_model(&old);
    let model = std::fs::read_to_string(folder.model().join("app.yaml")).expect("a model");
    let same = command(&[
        "access",
        "diff",
        &old.display().to_string(),
        &folder.model().display().to_string(),
    ]);
    assert_eq!(
        (same.code, same.stdout.as_str()),
        (Some(0), "nobody may do more or less than before\n")
    );

    let changed = model
        .replace(
            "read: [folder, text]}\n\n  keeping:",
            "read: [folder, text, page]}\n\n  keeping:",
        )
        .replace(
            "- {entity: folder, allow: [update], where: {state: draft}, write: [title]}",
            "- {entity: folder, allow: [update], write: [title]}",
        )
        .replace("check: {not: {user: $user}}", "check: any")
        .replace(
            "allow: [create, delete], records: all, write: [name]",
            "allow: [create], records: all, write: [name]",
        );
    assert_ne!(model, changed);
    folder.write("app.yaml", &changed);
    let arguments = |more: &'static str| {
        vec![
            "access".to_owned(),
            "diff".into(),
            old.display().to_string(),
            folder.model().display().to_string(),
            more.into(),
        ]
    };
    let run = |arguments: Vec<String>| {
        command(
            &arguments
                .iter()
                .map(String::as_str)
                .filter(|it| !it.is_empty())
                .collect::<Vec<_>>(),
        )
    };
    let text = run(arguments(""));
    let lines: Vec<String> = text
        .stdout
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        lines,
        [
            "~ role reader folder update where state = \"draft\" and (owner = $user or some duty of same shelf as shelf (person = $user)) → where owner = $user or some duty of same shelf as shelf (person = $user)",
            "~ role reader folder.title update where state = \"draft\" and (owner = $user or some duty of same shelf as shelf (person = $user)) → where owner = $user or some duty of same shelf as shelf (person = $user)",
            "+ role reader sheet.page read never → where folder -> folder (owner = $user or some duty of same shelf as shelf (person = $user) or origin = $user or state = \"filed\")",
            "+ role watch membership update where not (user = $user) → always",
            "+ role watch membership.desk update where not (user = $user) → always",
            "- role chief shelf delete always → never",
        ]
    );
    assert_eq!(text.code, Some(0));
    let strict = run(arguments("--fail-on-widening"));
    assert!(
        strict.code == Some(1) && strict.stderr.contains("5 rights may be wider than before"),
        "{}",
        strict.stderr
    );
    let json: Value = serde_json::from_str(&run(arguments("--json")).stdout).expect("JSON");
    let widening = json
        .as_array()
        .expect("differences")
        .iter()
        .filter(|it| it["widens"] == true);
    assert_eq!(
        (
            widening.count(),
            &json[2]["old"],
            json[2]["new"]["sometimes"].is_array()
        ),
        (5, &Value::from("never"), true)
    );

    let unknown = command(&["access", "matrix", &old.display().to_string(), "--role", "raeder"]);
    assert!(
        unknown.code == Some(1) && unknown.stderr.contains("no role `raeder`"),
        "{}",
        unknown.stderr
    );
}
