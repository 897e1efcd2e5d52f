//! SQLite, PostgreSQL and the reference give the same answers: random models, data, callers and queries.
//! `FREEHOLD_PROOF_SEED` and `FREEHOLD_PROOF_CASES` say where to begin and how many models to try.

use freehold_tests::generate::{Asker, Draft, OBSERVER, Schema, draft, seed};
use freehold_tests::proof::{caller_of, callers, differs, write};
use freehold_tests::reference::{self, Caller, List, Select, Val, World, camel, list_text, one_text, pascal};
use freehold_tests::{Database, Person, Random, Server, Start, on_both_databases, proof_cases, proof_seed};
use serde_json::{Value, json};

const CASES: u64 = 48;
const QUERIES: usize = 12;

on_both_databases! {
    fn every_answer_is_the_reference_s(database) {
        for case in 0..proof_cases(CASES) {
            agree(database, proof_seed() + case);
        }
    }
}

/// One model, with its callers and queries.
fn agree(database: Database, seed_number: u64) {
    let mut random = Random::new(seed_number);
    let draft = draft(&mut random);
    let folder = write(&draft, &seed(&mut random, &draft));
    let mut world = World::read(&folder.model());
    let path = folder.model();
    let server = Start::with_folder(folder, database).try_start();
    let server = server.unwrap_or_else(|log| panic!("seed {seed_number}: the model does not start\n{log}"));
    identify(&mut world, &server);

    for (name, tenant) in callers(&mut random, &draft) {
        let (person, caller) = caller_of(&world, &server, name.as_deref(), tenant);
        let context = Context {
            seed_number,
            path: path.display().to_string(),
            who: format!("{name:?} in {tenant:?}, {database:?}"),
            schema: Schema::of(&person),
        };
        let schema = &context.schema;
        check_schema(&context, &world, &caller, schema);
        let mut asker = Asker {
            world: &world,
            schema,
            random: Random::new(random.number()),
            whole: false,
        };
        let lists = asker.lists();
        if lists.is_empty() {
            continue;
        }
        for _ in 0..QUERIES {
            let entity = asker.random.pick(&lists).clone();
            let list = asker.list(&entity);
            check_list(&context, &world, &person, &caller, &list);
        }
        for entity in &lists {
            walk(&context, &world, &person, &caller, &mut asker, entity);
        }
        check_by_id(&context, &world, &person, &caller, &mut asker);
    }
}

struct Context {
    seed_number: u64,
    path: String,
    who: String,
    schema: Schema,
}

impl Context {
    fn fail(&self, server: &Server, query: &str, what: &str) -> ! {
        server.keep();
        panic!(
            "FREEHOLD_PROOF_SEED={} FREEHOLD_PROOF_CASES=1, {}\n  model {}\n  query {query}\n  {what}\n{}",
            self.seed_number,
            self.who,
            self.path,
            server.complaints()
        );
    }
}

/// Learns the ids that the server gave to the rows, from those who may read them.
pub(crate) fn identify(world: &mut World, server: &Server) {
    let entities: Vec<String> = world.model.entities.keys().cloned().collect();
    let tenants = if world.model.tenant.is_some() {
        &["acme", "globex"][..]
    } else {
        &[""]
    };
    let observer = server.sign_in(OBSERVER);
    for tenant in tenants {
        let observer = if tenant.is_empty() {
            observer.clone()
        } else {
            observer.tenant(tenant)
        };
        for entity in &entities {
            let key = match entity.as_str() {
                "user" => "email",
                "org" => "slug",
                "membership" => "user { email }",
                _ => "label",
            };
            let plural = camel(&world.model.entity(entity).plural);
            let data = observer.query(&format!("{{ {plural}(first: 500) {{ nodes {{ id {key} }} }} }}"));
            for node in data[&plural]["nodes"].as_array().into_iter().flatten() {
                let label = node[key].as_str().map(str::to_owned);
                let found = world.of(entity).find(|row| match (entity.as_str(), &label) {
                    ("membership", _) => {
                        let Val::Row(user) = world.raw(*row, "user") else {
                            return false;
                        };
                        let in_tenant = world
                            .row_of(*row)
                            .tenant
                            .is_some_and(|it| world.row_of(it).label == *tenant);
                        in_tenant && node["user"]["email"] == world.row_of(*user).label.as_str()
                    }
                    (_, label) => label.as_deref() == Some(world.row_of(*row).label.as_str()),
                });
                let row = found.unwrap_or_else(|| panic!("{entity} {node} is not in the seed"));
                world.row_mut(row).id = node["id"].as_str().map(str::to_owned);
            }
        }
    }
    for email in Draft::people() {
        let data = server.sign_in(&email).query("{ viewer { user { id } } }");
        let row = world.find("user", &email).expect("people are in the seed");
        world.row_mut(row).id = data["viewer"]["user"]["id"].as_str().map(str::to_owned);
    }
    let unknown: Vec<&str> = world
        .rows
        .iter()
        .filter(|row| row.id.is_none())
        .map(|row| row.label.as_str())
        .collect();
    assert_eq!(
        unknown,
        [""; 0],
        "the observer reads everything\n{}",
        server.complaints()
    );
}

/// The schema names nothing that no rule grants, and everything that can be read on some row.
fn check_schema(context: &Context, world: &World, caller: &Caller, schema: &Schema) {
    for entity in world.model.entities.values() {
        let type_name = pascal(&entity.name);
        for field in &entity.fields {
            let is_there = schema.has(&type_name, &camel(&field.name));
            let is_granted = caller.is_granted(world, &entity.name, &field.name);
            assert!(
                !is_there || is_granted,
                "{}: {type_name}.{} stands in the schema without a rule",
                context.who,
                field.name
            );
            let mut shown = world
                .of(&entity.name)
                .filter(|row| caller.may_list(world, *row) || caller.may_read(world, *row));
            let target_shows = match &field.kind {
                reference::Kind::Ref(_) => world
                    .of(&entity.name)
                    .any(|row| matches!(caller.sees(world, row, &field.name), Val::Row(_))),
                reference::Kind::List { of, .. } => world.of(of).any(|row| caller.may_list(world, row)),
                reference::Kind::Id => entity.name != "user",
                _ => true,
            };
            let is_seen = target_shows && shown.any(|row| caller.may_read_field(world, row, &field.name));
            assert!(
                is_there || !is_seen,
                "{}: seed {}, {type_name}.{} can be read and is missing in the schema",
                context.who,
                context.seed_number,
                field.name
            );
        }
    }
}

fn check_list(context: &Context, world: &World, person: &Person<'_>, caller: &Caller, list: &List) {
    let query = format!("{{ list: {} }}", list_text(world, list));
    let expected = json!({"list": reference::answer(world, caller, list)});
    compare(context, person, &query, &expected);
}

fn compare(context: &Context, person: &Person<'_>, query: &str, expected: &Value) {
    let answer = person.answer(query);
    if !answer.body["errors"].is_null() || answer.status != 200 {
        context.fail(
            person.server(),
            query,
            &format!("answered {} {}", answer.status, answer.text),
        );
    }
    if let Some(difference) = differs(&context.schema, expected, &answer.body["data"]) {
        context.fail(person.server(), query, &difference);
    }
}

/// Page after page gives the whole list.
fn walk(context: &Context, world: &World, person: &Person<'_>, caller: &Caller, asker: &mut Asker<'_>, entity: &str) {
    let mut list = asker.list(entity);
    list.nodes = vec![Select::Field("id".into())];
    (list.last, list.offset, list.aggregates, list.groups) = (None, None, None, None);
    (list.total, list.page_info, list.first) = (true, true, Some(asker.random.below(3) + 1));
    let size = list.first.unwrap_or(1);
    let mut passed = 0;
    loop {
        let query = format!("{{ list: {} }}", list_text(world, &list));
        let mut expected = json!({"list": reference::answer(world, caller, &list)});
        let answer = person.answer(&query);
        let cursor = answer.body["data"]["list"]["pageInfo"]["endCursor"].clone();
        // A cursor is the server's own.
        expected["list"]["pageInfo"]["endCursor"] = cursor.clone();
        compare_answer(context, person, &query, &expected, &answer.body);
        let Some(cursor) = cursor
            .as_str()
            .filter(|_| expected["list"]["pageInfo"]["hasNextPage"] == true)
        else {
            return;
        };
        passed += size;
        list.after = Some((cursor.to_owned(), passed));
    }
}

fn compare_answer(context: &Context, person: &Person<'_>, query: &str, expected: &Value, body: &Value) {
    if !body["errors"].is_null() {
        context.fail(person.server(), query, &body.to_string());
    }
    if let Some(difference) = reference::difference(expected, &body["data"]) {
        context.fail(person.server(), query, &format!("differs at data{difference}"));
    }
}

/// By id, whatever the row: of the same tenant or of another, readable or not.
fn check_by_id(context: &Context, world: &World, person: &Person<'_>, caller: &Caller, asker: &mut Asker<'_>) {
    for row in world.ids() {
        let entity = &world.row_of(row).entity;
        if !asker.schema.has("Query", &camel(entity)) || !asker.random.one_in(3) {
            continue;
        }
        let select = asker.select(entity, 1);
        let id = world.row_of(row).id.as_deref().expect("every row was identified");
        let expected = json!({
            "one": reference::answer_one(world, caller, row, &select),
            "node": caller.may_read(world, row).then(|| json!({"id": id})),
        });
        let query = format!(
            "{{ one: {} node(id: {id:?}) {{ id }} }}",
            one_text(world, entity, id, &select)
        );
        compare(context, person, &query, &expected);
    }
}
