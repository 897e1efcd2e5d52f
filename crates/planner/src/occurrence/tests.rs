use super::{Shape, occurrences};
use crate::cursor::{KEY_BYTES, Sealer};
use freehold_policy::{Access, Policy, RoleSet};
use freehold_schema::graphql::{RequestText, RoleSchema};
use freehold_schema::source::{SourceFile, Sources};

const APP: &str = r"
app: desk
security: prototype
default_profile: member
entities:
  user: {public: true}
  team: {access: open, public: true, fields: {name: {type: text}, tickets: {type: list, of: ticket, by: team}}}
  ticket:
    access: open
    public: true
    fields: {subject: {type: text}, hours: {type: int}, team: {type: ref, to: team, on_delete: set_null}}
permission_sets:
  all:
    - {entity: ticket, allow: [read, list], read: [subject, hours, team, owner]}
    - {entity: team, allow: [read, list], read: [name, tickets]}
    - {entity: user, allow: [read], read: [name]}
profiles: {member: {sets: [all]}}
";

fn check(query: &str, expected: &[&str]) {
    let sources = Sources::new(vec![SourceFile {
        name: "app.yaml".into(),
        text: APP.into(),
    }]);
    let compiled = freehold_schema::compile(&sources);
    let mut faults = compiled.diagnostics;
    let catalog = compiled.catalog.unwrap();
    let policy = Policy::check(&catalog, &mut faults).unwrap();
    let role_set = RoleSet {
        profile: Some("member".into()),
        roles: Vec::new(),
        signed_in: true,
        member: true,
        reads_only: false,
    };
    let access = Access::reduce(&catalog, &policy, &role_set);
    let schema = RoleSchema::build(&catalog, &access.visible(&catalog));
    let variables = serde_json::Map::new();
    let text = RequestText {
        query,
        operation_name: None,
        variables: &variables,
    };
    let prepared = schema.prepare(&text, &catalog.limits).unwrap();
    let sealer = Sealer::new([0; KEY_BYTES]);
    let plan = crate::plan(
        &catalog,
        &access,
        &prepared.operation,
        Vec::new(),
        &sealer,
        &catalog.limits,
    )
    .unwrap();
    let found: Vec<String> = occurrences(&plan)
        .iter()
        .map(|it| {
            let entity = catalog.entity(it.source.entity());
            let shape = match it.shape {
                Shape::List => "list",
                Shape::Row => "row",
            };
            let fields: Vec<&str> = it
                .fields
                .iter()
                .map(|field| entity.field(*field).name.as_str())
                .collect();
            format!("{} {shape} {} [{}]", it.path.join("."), entity.name, fields.join(" "))
        })
        .collect();
    assert_eq!(found, expected, "{query}");
}

#[test]
fn every_place_is_found() {
    check(
        "{ tickets { nodes { subject team { name } } } }",
        &[
            "tickets list ticket [id subject team]",
            "tickets.nodes.team row team [name]",
        ],
    );
    check(
        "{ tickets { edges { node { _access { restricted } owner { name } } } pageInfo { endCursor } } }",
        &[
            "tickets list ticket [id owner]",
            "tickets.edges.node.owner row user [name]",
        ],
    );
}

#[test]
fn what_only_selects_or_orders_is_found() {
    check(
        r#"{ all: tickets(filter: {team: {name: {eq: "a"}, tickets: {some: {hours: {gt: 1}}}}}, orderBy: [{team: {name: ASC}}]) { totalCount nodes { id } } }"#,
        &[
            "all list ticket [id team]",
            "all.filter row team [name tickets]",
            "all.filter list ticket [hours]",
            "all.order row team [name]",
        ],
    );
    check(
        "{ tickets { aggregate { count sum { hours } } groups(by: [TEAM]) { key { team { name } } aggregate { max { subject } } } } }",
        &[
            "tickets list ticket [id subject hours team]",
            "tickets.groups row team []",
            "tickets.groups.key.team row team [name]",
        ],
    );
    check(
        r#"{ team(id: "01930000-0000-8001-8000-000000000001") { tickets { totalCount } } viewer { user { name } } }"#,
        &[
            "team row team [id tickets]",
            "team.tickets list ticket [id]",
            "viewer row user [id name]",
        ],
    );
}
