//! `freehold explain`: which rules stand behind each part of a request, which SQL it becomes, and why a row is open or shut.

use crate::probe::World;
use freehold_tests::{Database, Finished, Server, command, example, fixture, on_both_databases};
use serde_json::{Value, json};

fn explain(arguments: &[&str]) -> Finished {
    let mut all = vec!["explain"];
    all.extend(arguments);
    command(&all)
}

/// Of the archive, by role alone.
fn by_role(role: &str, request: &str, more: &[&str]) -> Finished {
    let model = fixture("archive").display().to_string();
    let mut arguments = vec![model.as_str(), "--role", role, request];
    arguments.extend(more);
    explain(&arguments)
}

fn read(finished: &Finished) -> Value {
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    serde_json::from_str(&finished.stdout).expect("JSON")
}

#[test]
fn a_query_is_taken_apart_without_a_database() {
    let query = "{ folders(filter: {shelf: {name: {eq: \"Maps\"}}}) { totalCount nodes { title shelf { name } sheets { nodes { text } } } } viewer { user { name } } }";
    let found = read(&by_role("reader", query, &["--json"]));
    assert_eq!(
        (&found["for"], &found["dialect"]),
        (&json!("role reader, profile member"), &json!("SQLite"))
    );
    let sources = found["sources"].as_array().expect("sources");
    let places: Vec<String> = sources
        .iter()
        .map(|it| format!("{} {} {}", it["path"], it["shape"], it["entity"]).replace('"', ""))
        .collect();
    assert_eq!(
        places,
        [
            "folders list folder",
            "folders.filter row shelf",
            "folders.nodes.shelf row shelf",
            "folders.nodes.sheets list sheet",
            "viewer row user",
        ]
    );
    let folders = &sources[0];
    let rules = folders["rules"].as_array().expect("rules").iter();
    let rules: Vec<String> = rules
        .map(|it| format!("{}[{}] {} {}", it["set"], it["position"], it["allows"], it["line"]).replace('"', ""))
        .collect();
    assert_eq!(rules, ["reading[0] [list,read] 103", "reading[1] [read] 104"]);
    assert!(
        folders["rules"][0]["file"]
            .as_str()
            .is_some_and(|file| file.ends_with("archive/app.yaml"))
    );
    let field = |name: &str| {
        let fields = folders["fields"].as_array().expect("fields");
        fields.iter().find(|it| it["field"] == name).expect("the field").clone()
    };
    assert_eq!(
        field("shelf"),
        json!({"field": "shelf", "where": "state = \"filed\"", "rules": ["reading[1]"]})
    );
    assert_eq!(
        field("title"),
        json!({"field": "title", "where": null, "rules": ["reading[0]"]})
    );
    assert_eq!(sources[4]["rules"], json!([]), "what is one's own needs no rule");

    let statements = found["statements"].as_array().expect("statements");
    assert!(
        statements.len() >= 3 && statements.iter().all(|it| it["plan"].is_null()),
        "{statements:#?}"
    );
    assert!(
        statements.iter().any(|it| it["below"].is_number()),
        "sheets are read for folders"
    );
    let parameters = statements
        .iter()
        .flat_map(|it| it["parameters"].as_array().expect("parameters"));
    let values: Vec<&str> = parameters.filter_map(|it| it["value"].as_str()).collect();
    for value in ["$user", "$tenant", "\"Maps\"", "\"filed\""] {
        assert!(values.contains(&value), "{value}: {values:?}");
    }
    let text = by_role("reader", query, &[]).stdout;
    for part in [
        "SQL of SQLite",
        "folders  list of folder",
        "reading[1]",
        "guarded shelf: null unless state = \"filed\"  (reading[1])",
        "  FROM \"folder\" AS",
        "?1",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let other = by_role("reader", query, &["--dialect", "postgres"]).stdout;
    assert!(
        other.contains("SQL of PostgreSQL") && other.contains("$1") && !other.contains("?1"),
        "{other}"
    );
}

#[test]
fn a_mutation_is_taken_apart_without_a_database() {
    let text = "mutation($id: ID!) { updateFolder(id: $id, input: {title: \"x\"}) { title } createSheet(input: {folder: $id, text: \"t\"}) { text } deleteFolder(id: $id) { id } }";
    let variables = "{\"id\": \"01930000-0000-8001-8000-00000000dead\"}";
    let found = read(&by_role("chief", text, &["--variables", variables, "--json"]));
    let writes = found["writes"].as_array().expect("writes");
    let told: Vec<String> = writes
        .iter()
        .map(|it| {
            let rules = it["candidates"].as_array().expect("rules").iter();
            let rules: Vec<String> = rules
                .map(|rule| format!("{}[{}]", rule["set"].as_str().unwrap_or_default(), rule["position"]))
                .collect();
            format!(
                "{} {} {}: {}",
                it["path"],
                it["operation"],
                it["entity"],
                rules.join(" ")
            )
            .replace('"', "")
        })
        .collect();
    assert_eq!(
        told,
        [
            "updateFolder.input update folder: keeping[1]",
            "createSheet.input create sheet: keeping[3]",
            "deleteFolder.id delete folder: ruling[1]",
        ]
    );
    assert!(
        writes[0]["candidates"][0]["then"]
            .as_str()
            .is_some_and(|then| then.contains("shelf is not null"))
    );
    assert!(
        writes[2]["candidates"][0]["rows"]
            .as_str()
            .is_some_and(|rows| rows.contains("state <> \"sealed\""))
    );
    let sql = writes[0]["judgedBy"]["sql"].to_string();
    assert!(
        sql.contains("version") && !sql.contains("UPDATE"),
        "what judges writes nothing: {sql}"
    );
    let roots: Vec<&Value> = found["answers"]
        .as_array()
        .expect("answers")
        .iter()
        .map(|it| &it["root"])
        .collect();
    assert_eq!(roots, ["updateFolder", "createSheet", "deleteFolder"]);

    let shown = by_role("chief", text, &["--variables", variables]).stdout;
    for part in [
        "keeping[1]",
        "the new row",
        "judged by",
        "answer of updateFolder",
        "the id of the written row",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    // Of two rules none takes the whole.
    let split = "mutation($id: ID!) { updateFolder(id: $id, input: {title: \"x\", owner: $id}) { title } }";
    let none = by_role("chief", split, &["--variables", variables]).stdout;
    assert!(none.contains("no rule takes all of it: FORBIDDEN"), "{none}");
}

#[test]
fn what_cannot_be_explained_is_told() {
    let model = fixture("archive").display().to_string();
    let model = model.as_str();
    for (arguments, code, expected) in [
        (vec![model], 1, "nothing to explain"),
        (vec![model, "{ folders { totalCount } }"], 1, "for whom?"),
        (
            vec![model, "--role", "raeder", "{ folders { totalCount } }"],
            1,
            "did you mean `reader`?",
        ),
        (
            vec![model, "--role", "reader", "{ folders { nodes { secret } } }"],
            1,
            "unknown field `secret` on `Folder`",
        ),
        (vec![model, "--role", "reader", "{ folders"], 1, "GRAPHQL_PARSE_FAILED"),
        (
            vec![model, "--anonymous", "{ folders { totalCount } }"],
            1,
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            vec![model, "--role", "reader", "{ __typename }", "--variables", "[]"],
            1,
            "--variables is a JSON object",
        ),
        (
            vec![model, "--role", "reader", "--as", "ann@archive.test", "{ __typename }"],
            2,
            "cannot be used with",
        ),
        (
            vec![model, "--role", "reader", "--entity", "folder", "--id", "x"],
            1,
            "add `--as USER`",
        ),
        (
            vec![
                model,
                "--as",
                "ann@archive.test",
                "--data",
                "/no/such/folder",
                "{ __typename }",
            ],
            1,
            "there is no database at",
        ),
    ] {
        let finished = explain(&arguments);
        let told = finished.code == Some(code) && finished.stderr.contains(expected);
        assert!(told, "{arguments:?}: {:?} {}", finished.code, finished.stderr);
    }
    let helpdesk = example("helpdesk").display().to_string();
    let query = "{ tickets(filter: {iban: {eq: \"NL91ABNA0417164300\"}}) { totalCount } }";
    let sealed = explain(&[&helpdesk, "--role", "lead", query]);
    assert_eq!(sealed.code, Some(0), "{}", sealed.stderr);
    assert!(
        sealed.stdout.contains("what an encrypted field is compared by"),
        "{}",
        sealed.stdout
    );
    assert!(!sealed.stdout.contains("NL91"), "{}", sealed.stdout);
}

on_both_databases! {
    fn somebody_is_looked_up(database) {
        let server = Server::fresh(&fixture("archive"), database);
        let world = World::of(&server);
        let (place, model) = (server.place(), server.folder().model().display().to_string());
        let before = server.reader().tables();
        let ask = |more: &[&str]| {
            let mut arguments = vec![model.as_str()];
            arguments.extend(place.iter().map(String::as_str));
            arguments.extend(more);
            explain(&arguments)
        };

        let query = "{ folders(first: 5) { nodes { title } } }";
        let plan = ask(&["--as", "cal@archive.test", "--tenant", "north", query]);
        let engine = match database {
            Database::Sqlite => "SEARCH",
            Database::Postgres => "cost=",
        };
        assert_eq!(plan.code, Some(0), "{}", plan.stderr);
        for part in ["cal@archive.test: role keeper, profile member", "keeping[0]", "plan  ", engine] {
            assert!(plan.stdout.contains(part), "{part}\n{}", plan.stdout);
        }
        let cal = &world.find("user", "email", "cal@archive.test").id;
        assert!(!plan.stdout.contains(cal.as_str()), "session values are named, not told");
        let analyzed = ask(&["--as", "cal@archive.test", "--tenant", "north", query, "--analyze"]);
        match database {
            Database::Sqlite => {
                assert!(analyzed.code == Some(1) && analyzed.stderr.contains("SQLite analyzes no plans"), "{}", analyzed.stderr);
            }
            Database::Postgres => {
                assert!(analyzed.stdout.contains("actual time="), "{}{}", analyzed.stdout, analyzed.stderr);
                assert!(!analyzed.stdout.contains(cal.as_str()), "{}", analyzed.stdout);
            }
        }

        let coast = world.find("folder", "title", "Coast").id.as_str();
        let row = |person: &'static str, more: &[&str]| {
            let mut arguments = vec!["--as", person, "--tenant", "north", "--entity", "folder", "--id", coast];
            arguments.extend(more);
            ask(&arguments)
        };
        let granted = row("ann@archive.test", &["--operation", "update", "--field", "title"]).stdout;
        let head = format!("ann@archive.test: role reader, profile member\nupdate folder.title {coast}: allowed\n");
        assert!(granted.starts_with(&head), "{granted}");
        for part in [
            "✓ reach",
            "✓ can be read",
            "✓ reading[3]",
            "app.yaml:106",
            "✓ `write` lists title",
            "✓ state = \"draft\"",
            "✓ owner",
        ] {
            assert!(granted.contains(part), "{part}\n{granted}");
        }
        let refused = row("bea@archive.test", &[]).stdout;
        for part in [": refused\n", "✗ reading[0]", "✗ record gate  one of:", "✗ record token duty", "✗ state = \"filed\""] {
            assert!(refused.contains(part), "{part}\n{refused}");
        }
        let blocked = row("gil@archive.test", &[]).stdout;
        assert!(blocked.contains("out of reach: a membership that is not blocked"), "{blocked}");
        // Whoever has the database may look at all of it: the wall is one of the conditions.
        let islands = world.find("folder", "title", "Islands").id.as_str();
        let wall = ask(&["--as", "ann@archive.test", "--tenant", "north", "--entity", "folder", "--id", islands]);
        assert!(wall.stdout.contains("✗ of the request's tenant"), "{}{}", wall.stdout, wall.stderr);
        let told = read(&row("ann@archive.test", &["--json"]));
        assert_eq!((&told["allowed"], &told["token"]), (&json!(true), &json!("owner")));

        let ann = "ann@archive.test";
        for (arguments, expected) in [
            (vec!["--as", "nobody@archive.test", query], "there is nobody `nobody@archive.test`"),
            (vec!["--as", ann, "--tenant", "nowhere", query], "there is no tenant `nowhere`"),
            (vec!["--as", ann, "--entity", "foldr", "--id", coast], "did you mean `folder`?"),
            (vec!["--as", ann, "--entity", "sheet", "--id", coast], "there is no `sheet`"),
            (vec!["--as", ann, "--entity", "folder", "--id", "x"], "`x` is no id"),
            (
                vec!["--as", ann, "--entity", "folder", "--id", coast, "--operation", "list", "--field", "title"],
                "leave the field out",
            ),
        ] {
            let finished = ask(&arguments);
            assert!(finished.code == Some(1) && finished.stderr.contains(expected), "{arguments:?}: {}", finished.stderr);
        }
        assert_eq!(server.reader().tables(), before, "looking changes nothing, and leaves no record");
    }
}
