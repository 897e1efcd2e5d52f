//! Cases decided by hand: the reference is only as good as these.

use super::super::mutation::Nested;
use super::*;
use serde_json::json;

/// Two firms; ann and bo are clerks of the first, cleo of the second, dan of both. Crews open jobs to their members.
fn model() -> Value {
    json!({
        "tenant": "firm", "anonymous_profile": "visitor", "default_profile": "member",
        "profiles": {"visitor": {"sets": ["letter_box"]}, "member": {"sets": []}},
        "roles": {"clerk": {"sets": ["office", "own"]}, "chief": {"sets": ["all"]}},
        "user_tokens": {"crew": {"lookup": "crew_member", "where": {"member": "$user"}, "value": "crew"}},
        "entities": {
            "firm": {"access": "open", "fields": {"slug": {"type": "text"}}},
            "membership": {"membership_of": "firm", "access": "open", "fields": {"level": {"type": "int"}}},
            "crew": {"in": "firm", "access": "open", "fields": {
                "name": {"type": "text"},
                "members": {"type": "list", "of": "crew_member", "by": "crew"},
                "jobs": {"type": "list", "of": "job", "by": "crew"},
            }},
            "crew_member": {"in": "firm", "access": "open", "fields": {
                "crew": {"type": "ref", "to": "crew", "on_delete": "cascade", "cascade": "system"},
                "member": {"type": "ref", "to": "user", "on_delete": "cascade"},
            }},
            "job": {"in": "firm", "access": "protected", "unique": [["title"]], "fields": {
                "title": {"type": "text", "required": true},
                "crew": {"type": "ref", "to": "crew", "on_delete": "restrict"},
                "before": {"type": "ref", "to": "job", "on_delete": "set_null"},
                "state": {"type": "select", "options": ["new", "open", "done"], "default": "new", "state": true},
                "hours": {"type": "int", "default": 1},
                "code": {"type": "text", "immutable": true},
                "number": {"type": "autonumber"},
                "tasks": {"type": "list", "of": "task", "by": "job"},
            }, "record_tokens": {
                "crew": {"match": "user.crew", "field": "crew", "grants": "readwrite"},
                "members": {"match": "tenant_member", "grants": "read"},
            }},
            "task": {"in": "firm", "access": "protected", "access_field": "job", "fields": {
                "text": {"type": "text", "required": true},
                "job": {"type": "ref", "to": "job", "on_delete": "cascade"},
                "done": {"type": "boolean"},
            }},
            "letter": {"in": "firm", "access": "open", "public": true, "fields": {"text": {"type": "text"}}},
        },
        "permission_sets": {
            "letter_box": [{"entity": "letter", "allow": ["create"], "write": ["text"]}],
            "office": [
                {"entity": "crew", "allow": ["read", "list"], "read": ["name"]},
                {"entity": "crew_member", "allow": ["read", "list", "create"], "read": ["crew", "member"], "write": ["crew", "member"]},
                {"entity": "user", "allow": ["read"]},
                {"entity": "job", "allow": ["create", "read", "list", "update", "delete"], "read": ["title", "crew", "state", "hours"],
                 "write": ["title", "crew", "before", "hours", "code"], "check": {"hours": {"lte": 8}}},
                {"entity": "job", "allow": ["transition"], "write": ["state"], "set": {"hours": 0},
                 "check": {"not": {"state": {"eq": "$before.state"}}}},
                {"entity": "task", "allow": ["create", "read", "list", "update"], "read": ["text", "done"], "write": ["text", "job"]},
            ],
            "own": [
                {"entity": "job", "allow": ["update"], "where": {"owner": "$user"}, "write": ["owner", "hours"], "check": "any"},
            ],
            "all": [
                {"entity": "crew", "allow": ["create", "read", "list", "update", "delete"], "records": "all", "read": ["name"], "write": ["name"]},
                {"entity": "job", "allow": ["read", "list", "update", "delete"], "records": "all", "read": ["title"], "write": ["crew", "hours", "title"]},
                {"entity": "task", "allow": ["read"], "records": "all", "read": ["text"]},
                {"entity": "letter", "allow": ["list", "update", "delete"], "write": ["text"]},
            ],
        },
        "users": [{"email": "ann"}, {"email": "bo"}, {"email": "cleo"}, {"email": "dan"}],
        "firm": {"acme": {"slug": "acme"}, "globex": {"slug": "globex"}},
        "membership": {
            "a": {"firm": "acme", "user": "ann", "roles": ["clerk"]},
            "b": {"firm": "acme", "user": "bo", "roles": ["clerk"]},
            "c": {"firm": "globex", "user": "cleo", "roles": ["clerk"]},
            "d": {"firm": "acme", "user": "dan", "roles": ["chief"]},
        },
        "crew": {"red": {"firm": "acme"}, "blue": {"firm": "acme"}, "far": {"firm": "globex"}},
        "crew_member": {
            "ann": {"firm": "acme", "crew": "red", "member": "ann"},
            "bo": {"firm": "acme", "crew": "blue", "member": "bo"},
        },
        "job": {
            "roof": {"firm": "acme", "title": "Roof", "crew": "red", "number": 1},
            "wall": {"firm": "acme", "title": "Wall", "crew": "blue", "number": 2, "before": "roof", "hours": 2},
            "own": {"firm": "acme", "title": "Own", "owner": "ann", "number": 3},
            "moon": {"firm": "globex", "title": "Moon", "crew": "far", "number": 1},
        },
        "letter": {"post": {"firm": "acme", "text": "Post"}},
        "task": {
            "nail": {"firm": "acme", "text": "Nail", "job": "roof"},
            "brick": {"firm": "acme", "text": "Brick", "job": "wall"},
        },
    })
}

fn world() -> World {
    let Value::Object(document) = model() else {
        panic!("a document is a map")
    };
    let mut world = World::new(&document);
    for number in 0..world.rows.len() {
        world.row_mut(RowId(number)).id = Some(format!("id-{number}"));
    }
    world
}

fn who(world: &World, name: &str) -> Caller {
    Caller {
        user: world.find("user", name),
        tenant: world.find("firm", if name == "cleo" { "globex" } else { "acme" }),
        now: "2026-01-01T00:00:00.000001Z".into(),
        before: None,
        session: None,
    }
}

fn row(world: &World, entity: &str, label: &str) -> Target {
    Target::Row(world.find(entity, label).expect("it is in the seed"))
}

fn text(name: &str, value: &str) -> (String, Given) {
    (name.into(), Given::Value(Val::Text(value.into())))
}

fn int(name: &str, value: i64) -> (String, Given) {
    (name.into(), Given::Value(Val::Int(value)))
}

fn to(name: &str, target: Target) -> (String, Given) {
    (name.into(), Given::Row(target))
}

fn one(entity: &str, verb: Verb) -> Mutation {
    Mutation {
        writes: vec![Write {
            entity: entity.into(),
            verb,
            select: vec![Select::Field("id".into())],
        }],
    }
}

fn run(name: &str, mutation: &Mutation) -> Result<World, &'static str> {
    let world = world();
    let verdict = apply(&world, &who(&world, name), mutation);
    verdict
        .outcome
        .map(|written| written.world)
        .map_err(|refusal| refusal.code)
}

/// What becomes of one write: a code, or `ok`.
fn check(name: &str, entity: &str, verb: Verb, expected: &str) {
    let told = format!("{name}: {verb:?}");
    let got = run(name, &one(entity, verb));
    assert_eq!(got.as_ref().map_or_else(|code| *code, |_| "ok"), expected, "{told}");
}

#[test]
fn creations() {
    let world = world();
    let job = |more: Vec<(String, Given)>| Verb::Create([vec![text("title", "New")], more].concat());
    let crew = |label: &str| to("crew", row(&world, "crew", label));
    // The owner passes the gate of a new row, so no crew is needed; nor does somebody else's do harm.
    check("ann", "job", job(vec![]), "ok");
    check("ann", "job", job(vec![crew("blue")]), "ok");
    check("ann", "job", job(vec![int("hours", 9)]), "FORBIDDEN");
    check("dan", "job", job(vec![]), "FORBIDDEN");
    check("ann", "job", Verb::Create(vec![text("title", "Roof")]), "CONFLICT");
    // Another tenant's title is no conflict, and another tenant's crew is not there.
    check("ann", "job", Verb::Create(vec![text("title", "Moon")]), "ok");
    check("ann", "job", job(vec![crew("far")]), "NOT_FOUND");
    check(
        "ann",
        "job",
        job(vec![to("crew", Target::Missing("x".into()))]),
        "NOT_FOUND",
    );
    check(
        "ann",
        "job",
        job(vec![to("crew", row(&world, "job", "roof"))]),
        "NOT_FOUND",
    );
    // A task opens with its job: ann is of the red crew alone, and without a job nobody gets in.
    let task = |more: Vec<(String, Given)>| Verb::Create([vec![text("text", "T")], more].concat());
    check("ann", "task", task(vec![to("job", row(&world, "job", "roof"))]), "ok");
    check(
        "ann",
        "task",
        task(vec![to("job", row(&world, "job", "wall"))]),
        "FORBIDDEN",
    );
    check("ann", "task", task(vec![]), "FORBIDDEN");
    check("nobody", "letter", Verb::Create(vec![text("text", "Hello")]), "ok");
}

#[test]
fn a_new_row_is_the_server_s_but_for_what_was_given() {
    let world = run(
        "ann",
        &one("job", Verb::Create(vec![text("title", "New"), int("hours", 3)])),
    )
    .expect("it is allowed");
    let new = RowId(world.rows.len() - 1);
    let ann = Val::Row(world.find("user", "ann").expect("ann"));
    let now = Val::Text("2026-01-01T00:00:00.000001Z".into());
    for (field, value) in [
        ("title", Val::Text("New".into())),
        ("hours", Val::Int(3)),
        ("state", Val::Text("new".into())),
        ("number", Val::Int(4)),
        ("version", Val::Int(1)),
        ("owner", ann.clone()),
        ("created_by", ann.clone()),
        ("updated_by", ann),
        ("created_at", now.clone()),
        ("updated_at", now),
        ("crew", Val::Null),
        ("tenant", Val::Row(world.find("firm", "acme").expect("acme"))),
    ] {
        assert_eq!(*world.raw(new, field), value, "{field}");
    }
    let letter = run("nobody", &one("letter", Verb::Create(vec![text("text", "Hello")]))).expect("it is allowed");
    assert_eq!(*letter.raw(RowId(letter.rows.len() - 1), "owner"), Val::Null);
}

#[test]
fn the_row_being_written_does_not_justify_itself() {
    let world = world();
    // Becoming a member of the blue crew in the same row that says so opens nothing before it is stored; afterwards it does.
    let join = Write {
        entity: "crew_member".into(),
        verb: Verb::Create(vec![
            to("crew", row(&world, "crew", "blue")),
            to("member", row(&world, "user", "ann")),
        ]),
        select: Vec::new(),
    };
    let hours = one(
        "job",
        Verb::Update(row(&world, "job", "wall"), vec![int("hours", 4)], None),
    );
    assert_eq!(run("ann", &hours).err(), Some("FORBIDDEN"));
    let mut both = Mutation {
        writes: vec![join.clone(), hours.writes[0].clone()],
    };
    assert!(run("ann", &both).is_ok());
    both.writes.reverse();
    assert_eq!(run("ann", &both).err(), Some("FORBIDDEN"));
    // Pointing the row at one's own crew is decided on the row as it is stored.
    let steal = vec![to("crew", row(&world, "crew", "red"))];
    check(
        "ann",
        "job",
        Verb::Update(row(&world, "job", "wall"), steal, None),
        "FORBIDDEN",
    );
}

#[test]
fn changes() {
    let world = world();
    let update =
        |label: &str, input: Input, version: Option<i64>| Verb::Update(row(&world, "job", label), input, version);
    check("ann", "job", update("roof", vec![int("hours", 8)], None), "ok");
    check("ann", "job", update("roof", vec![int("hours", 9)], None), "FORBIDDEN");
    check("ann", "job", update("wall", vec![int("hours", 1)], None), "FORBIDDEN");
    check("ann", "job", update("moon", vec![int("hours", 1)], None), "NOT_FOUND");
    check("cleo", "job", update("roof", vec![int("hours", 1)], None), "NOT_FOUND");
    check("ann", "job", update("roof", vec![int("hours", 1)], Some(1)), "ok");
    check(
        "ann",
        "job",
        update("roof", vec![int("hours", 1)], Some(2)),
        "STALE_VERSION",
    );
    // Whoever may not write is not told about versions.
    check(
        "ann",
        "job",
        update("wall", vec![int("hours", 1)], Some(2)),
        "FORBIDDEN",
    );
    check(
        "ann",
        "job",
        update("roof", vec![text("title", "Wall")], None),
        "CONFLICT",
    );
    check("ann", "job", update("roof", vec![text("title", "Roof")], None), "ok");
    check(
        "ann",
        "job",
        update("roof", vec![to("before", row(&world, "job", "moon"))], None),
        "NOT_FOUND",
    );
    // One whole rule: the one that takes the owner does not take the title, and the other way round.
    check(
        "ann",
        "job",
        update("own", vec![to("owner", row(&world, "user", "bo"))], None),
        "ok",
    );
    check(
        "ann",
        "job",
        update(
            "own",
            vec![to("owner", row(&world, "user", "bo")), text("title", "Gone")],
            None,
        ),
        "FORBIDDEN",
    );
    check(
        "ann",
        "job",
        update("roof", vec![to("owner", row(&world, "user", "bo"))], None),
        "FORBIDDEN",
    );
    // The check of one rule with the write list of another: 9 hours pass where everything does.
    check("ann", "job", update("own", vec![int("hours", 9)], None), "ok");
    check(
        "ann",
        "job",
        update("own", vec![int("hours", 9), text("title", "Long")], None),
        "FORBIDDEN",
    );
    // An owner who gives a row away has lost it.
    let away = Write {
        entity: "job".into(),
        verb: update("own", vec![to("owner", row(&world, "user", "bo"))], None),
        select: Vec::new(),
    };
    let back = Write {
        verb: update("own", vec![int("hours", 1)], None),
        ..away.clone()
    };
    let both = Mutation {
        writes: vec![away, back],
    };
    assert_eq!(run("ann", &both).err(), Some("FORBIDDEN"));
}

#[test]
fn a_change_is_counted_once_and_nothing_is_not_counted() {
    let start = world();
    let roof = start.find("job", "roof").expect("roof");
    let update = |input: Input| one("job", Verb::Update(Target::Row(roof), input, None));
    let after = run("ann", &update(vec![int("hours", 5), text("title", "Roof!")])).expect("it is allowed");
    assert_eq!(*after.raw(roof, "version"), Val::Int(2));
    assert_eq!(
        *after.raw(roof, "updated_by"),
        Val::Row(start.find("user", "ann").expect("ann"))
    );
    let after = run("ann", &update(Vec::new())).expect("it is allowed");
    assert_eq!(after.rows[roof.0].values, start.rows[roof.0].values);
    assert_eq!(run("cleo", &update(Vec::new())).err(), Some("NOT_FOUND"));
}

#[test]
fn transitions() {
    let start = world();
    let roof = start.find("job", "roof").expect("roof");
    let step = |to: &str| one("job", Verb::Transition(Target::Row(roof), to.into(), None));
    let after = run("ann", &step("open")).expect("it is allowed");
    assert_eq!(
        (after.raw(roof, "state"), after.raw(roof, "hours")),
        (&Val::Text("open".into()), &Val::Int(0))
    );
    // The check wants another state than before.
    assert_eq!(run("ann", &step("new")).err(), Some("FORBIDDEN"));
    assert_eq!(run("dan", &step("open")).err(), Some("FORBIDDEN"));
}

#[test]
fn moving_under_a_parent_is_writing_there() {
    let world = world();
    let nail = row(&world, "task", "nail");
    check(
        "ann",
        "task",
        Verb::Update(nail.clone(), vec![to("job", row(&world, "job", "own"))], None),
        "ok",
    );
    check(
        "ann",
        "task",
        Verb::Update(nail.clone(), vec![to("job", row(&world, "job", "wall"))], None),
        "FORBIDDEN",
    );
    check(
        "ann",
        "task",
        Verb::Update(nail, vec![("job".into(), Given::Value(Val::Null))], None),
        "FORBIDDEN",
    );
}

#[test]
fn removals() {
    let start = world();
    let find = |entity: &str, label: &str| start.find(entity, label).expect("it is in the seed");
    // Nobody of the clerks may delete tasks, and nails go with the roof.
    check(
        "ann",
        "job",
        Verb::Delete(row(&start, "job", "roof"), None),
        "FORBIDDEN",
    );
    check("ann", "job", Verb::Delete(row(&start, "job", "own"), None), "ok");
    check(
        "ann",
        "job",
        Verb::Delete(row(&start, "job", "own"), Some(7)),
        "STALE_VERSION",
    );
    check(
        "ann",
        "job",
        Verb::Delete(row(&start, "job", "wall"), None),
        "FORBIDDEN",
    );
    check(
        "ann",
        "job",
        Verb::Delete(row(&start, "job", "moon"), None),
        "NOT_FOUND",
    );
    // Jobs hold their crew.
    check(
        "dan",
        "crew",
        Verb::Delete(row(&start, "crew", "red"), None),
        "CONFLICT",
    );
    // Free of jobs, it goes with its members, whom only the system deletes.
    let free = |label: &str, crew: &str| Write {
        entity: "job".into(),
        verb: Verb::Update(
            row(&start, "job", label),
            vec![to("crew", row(&start, "crew", crew))],
            None,
        ),
        select: Vec::new(),
    };
    let delete = Write {
        entity: "crew".into(),
        verb: Verb::Delete(row(&start, "crew", "red"), None),
        select: Vec::new(),
    };
    let mutation = Mutation {
        writes: vec![free("roof", "blue"), delete],
    };
    let after = run("dan", &mutation).expect("it is allowed");
    assert_eq!(after.row_of(find("crew_member", "ann")).presence, Presence::Deleted);
    assert_eq!(after.row_of(find("crew_member", "bo")).presence, Presence::Stored);
}

#[test]
fn set_null_is_the_model_s_own_act() {
    let mut start = world();
    let (roof, wall) = (
        start.find("job", "roof").expect("roof"),
        start.find("job", "wall").expect("wall"),
    );
    // Without its nail ann may delete the roof, which the wall stands behind; she may not write the wall.
    let nail = start.find("task", "nail").expect("nail");
    start.row_mut(nail).presence = Presence::Deleted;
    let mutation = one("job", Verb::Delete(Target::Row(roof), None));
    let verdict = apply(&start, &who(&start, "ann"), &mutation);
    let after = verdict.outcome.expect("it is allowed").world;
    assert_eq!(
        (after.raw(wall, "before"), after.raw(wall, "version")),
        (&Val::Null, &Val::Int(2))
    );
    assert_eq!(
        *after.raw(wall, "updated_by"),
        Val::Row(start.find("user", "ann").expect("ann"))
    );
}

#[test]
fn nested_writes_are_judged_like_any() {
    let world = world();
    let tasks = |nested: Nested| vec![("tasks".to_owned(), Given::Nested(nested))];
    let create = |text_of: &str| Nested {
        create: vec![vec![text("text", text_of)]],
        ..Nested::default()
    };
    let update = |label: &str, nested: Nested| Verb::Update(row(&world, "job", label), tasks(nested), None);
    check("ann", "job", update("roof", create("x")), "ok");
    // The parent's update is refused first.
    check("ann", "job", update("wall", create("x")), "FORBIDDEN");
    let connect = |label: &str| Nested {
        connect: vec![row(&world, "task", label)],
        ..Nested::default()
    };
    check("ann", "job", update("own", connect("nail")), "ok");
    check("ann", "job", update("own", connect("brick")), "FORBIDDEN");
    let delete = Nested {
        delete: vec![row(&world, "task", "nail")],
        ..Nested::default()
    };
    check("ann", "job", update("roof", delete), "FORBIDDEN");
    let disconnect = |label: &str| Nested {
        disconnect: vec![row(&world, "task", label)],
        ..Nested::default()
    };
    // Without a job nobody may write the task; and what is not in the list cannot leave it.
    check("ann", "job", update("roof", disconnect("nail")), "FORBIDDEN");
    check("ann", "job", update("own", disconnect("nail")), "NOT_FOUND");
    let after = run(
        "ann",
        &one(
            "job",
            Verb::Create([vec![text("title", "New")], tasks(create("x"))].concat()),
        ),
    )
    .expect("it is allowed");
    let (job, task) = (RowId(after.rows.len() - 2), RowId(after.rows.len() - 1));
    assert_eq!(*after.raw(task, "job"), Val::Row(job));
    // All or nothing.
    let two = Verb::CreateMany(vec![vec![text("title", "A")], vec![text("title", "A")]]);
    check("ann", "job", two, "CONFLICT");
}

#[test]
fn bulk_writes_find_what_the_caller_sees() {
    let all = Filter::All(Vec::new());
    // Dan lists letters and reads none: he knows that they are there, and may not write them.
    check(
        "dan",
        "letter",
        Verb::UpdateMany(all.clone(), vec![text("text", "x")], None),
        "FORBIDDEN",
    );
    check("dan", "letter", Verb::DeleteMany(all.clone(), None), "FORBIDDEN");
    let world = world();
    check(
        "dan",
        "letter",
        Verb::Delete(row(&world, "letter", "post"), None),
        "NOT_FOUND",
    );
    let title = |title: &str| Filter::Leaf("title".into(), super::super::ask::Op::Eq(Val::Text(title.into())));
    check(
        "ann",
        "job",
        Verb::UpdateMany(all.clone(), vec![int("hours", 1)], None),
        "LIMIT_EXCEEDED",
    );
    // All three of the tenant are seen, and one of them is not ann's to write.
    check(
        "ann",
        "job",
        Verb::UpdateMany(all.clone(), vec![int("hours", 1)], Some(3)),
        "FORBIDDEN",
    );
    check(
        "dan",
        "job",
        Verb::UpdateMany(all, vec![int("hours", 1)], Some(3)),
        "ok",
    );
    check(
        "ann",
        "job",
        Verb::UpdateMany(title("Roof"), vec![int("hours", 1)], None),
        "ok",
    );
    check(
        "ann",
        "job",
        Verb::UpdateMany(title("Moon"), vec![int("hours", 1)], None),
        "ok",
    );
    check("ann", "job", Verb::DeleteMany(title("Own"), None), "ok");
}

#[test]
fn upserts() {
    let upsert = |title: &str, hours: i64| {
        Verb::Upsert(
            vec!["title".into()],
            vec![text("title", title), int("hours", hours), text("code", "c")],
        )
    };
    check("ann", "job", upsert("New", 1), "ok");
    check("ann", "job", upsert("New", 9), "FORBIDDEN");
    check("ann", "job", upsert("Roof", 2), "ok");
    check("ann", "job", upsert("Wall", 2), "FORBIDDEN");
    let after = run("ann", &one("job", upsert("Roof", 2))).expect("it is allowed");
    let roof = after.find("job", "roof").expect("roof");
    // What is immutable stays as it is.
    assert_eq!(
        (after.raw(roof, "hours"), after.raw(roof, "code")),
        (&Val::Int(2), &Val::Null)
    );
}

#[test]
fn answers_show_what_may_be_read_afterwards() {
    let world = world();
    let caller = who(&world, "ann");
    let mutation = one("job", Verb::Delete(row(&world, "job", "own"), None));
    let written = apply(&world, &caller, &mutation).outcome.expect("it is allowed");
    assert_eq!(
        written.answers[0].value(&caller, &written.world),
        json!({"id": world.row_of(world.find("job", "own").expect("own")).id})
    );
    let letter = one("letter", Verb::Create(vec![text("text", "Hello")]));
    let written = apply(&world, &who(&world, "nobody"), &letter)
        .outcome
        .expect("it is allowed");
    assert_eq!(
        written.answers[0].value(&who(&world, "nobody"), &written.world),
        Value::Null
    );
}
