//! A request to a fixed model: text and variables. What is asked of mutations stands beside, in `mutation`.

use super::app::{App, MODEL, Side, compile, file, sides};
use super::mutation;
use super::sharing;
use super::vocabulary::Vocabulary;
use freehold_base::Limits;
use freehold_planner::cursor::{KEY_BYTES, Sealer};
use freehold_planner::plan::{
    Connection, ConnectionSlotKind, EdgeSlotKind, GroupKeyKind, GroupSlotKind, ListNode, Plan, Slot, SlotKind,
    TemplatePart,
};
use freehold_schema::catalog::Catalog;
use freehold_schema::graphql::RequestText;
use freehold_schema::graphql::operation::OperationKind;
use freehold_storage::program::Dialect;
use serde_json::{Map, Value};
use std::cell::OnceCell;

thread_local! {
    static APP: OnceCell<App> = const { OnceCell::new() };
}

/// Text, then a line `---`, then the variables as JSON. Every kind of caller asks it of the fixed model.
/// Whether one of them gets an answer.
pub fn query(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let (text, variables) = text.split_once("\n---\n").unwrap_or((text, ""));
    let variables = match serde_json::from_str(variables) {
        Ok(Value::Object(variables)) => variables,
        _ => Map::new(),
    };
    APP.with(|app| {
        let app = app.get_or_init(fixed);
        let mut answered = false;
        for side in &app.sides {
            answered |= ask(&app.catalog, side, text, &variables);
        }
        answered
    })
}

fn fixed() -> App {
    let (_, found) = compile(vec![file("app.yaml", MODEL)]);
    let (catalog, policy) = found.unwrap_or_else(|| panic!("the fixed model does not compile"));
    let sides = sides(&catalog, &policy);
    App { catalog, sides }
}

/// Takes a request from text to SQL of both dialects, and looks at the SQL. Whether it came so far.
pub(crate) fn ask(catalog: &Catalog, side: &Side, query: &str, variables: &Map<String, Value>) -> bool {
    let limits = Limits::default();
    let request = RequestText {
        query,
        operation_name: None,
        variables,
    };
    let prepared = match side.schema.prepare(&request, &limits) {
        Ok(prepared) => prepared,
        Err(errors) => {
            assert!(!errors.is_empty(), "refused without an error");
            assert!(
                errors
                    .iter()
                    .all(|error| error.code != freehold_base::Code::InternalServerError),
                "{errors:?}"
            );
            return false;
        }
    };
    let bound = side.schema.bind(prepared.text.signature(), variables);
    assert_eq!(
        bound.as_ref(),
        Ok(&prepared.variables.to_json()),
        "variables bind as they were prepared"
    );
    let sealer = Sealer::new([1; KEY_BYTES]);
    if prepared.operation.kind == OperationKind::Mutation {
        return mutation::ask(catalog, side, &prepared.operation, &sealer, &limits);
    }
    let introspection = prepared.introspection.clone();
    let planned = freehold_planner::plan(
        catalog,
        &side.access,
        &prepared.operation,
        introspection,
        &sealer,
        &limits,
    );
    let plan = match planned {
        Ok(plan) => plan,
        Err(errors) => {
            assert!(!errors.is_empty(), "refused without an error");
            return false;
        }
    };
    assert!(plan.cost <= limits.cost_max);
    check_sql(catalog, &plan);
    let asked = sharing::Asked {
        catalog,
        side,
        query,
        variables,
        prepared: &prepared,
        program: &freehold_storage::sql::render(catalog, &plan, Dialect::Sqlite),
    };
    sharing::check(&asked, &sealer, &limits);
    true
}

/// Renders a plan for both dialects, and looks at the SQL.
pub(crate) fn check_sql(catalog: &Catalog, plan: &Plan) {
    let most = statements_max(plan);
    let vocabulary = Vocabulary::new(catalog);
    let [sqlite, postgres] =
        [Dialect::Sqlite, Dialect::Postgres].map(|dialect| freehold_storage::sql::render(catalog, plan, dialect));
    for program in [&sqlite, &postgres] {
        assert!(
            program.statements.len() <= most,
            "{} statements for {most}",
            program.statements.len()
        );
        for (index, statement) in program.statements.iter().enumerate() {
            assert!(statement.parent.is_none_or(|parent| parent.statement < index));
            vocabulary.check(
                &statement.sql,
                statement.parameters.len() + usize::from(statement.parent.is_some()),
            );
        }
    }
    assert_eq!(sqlite.statements.len(), postgres.statements.len());
    for (left, right) in sqlite.statements.iter().zip(&postgres.statements) {
        assert_eq!(left.columns, right.columns);
        assert_eq!(left.parent, right.parent);
    }
}

/// List nodes, root rows, totals and groups: more statements than these there may not be, whatever a query selects.
fn statements_max(plan: &Plan) -> usize {
    plan.roots
        .iter()
        .map(|slot| usize::from(matches!(slot.kind, SlotKind::One(_))) + of_slot(slot))
        .sum()
}

fn of_slots(slots: &[Slot]) -> usize {
    slots.iter().map(of_slot).sum()
}

fn of_slot(slot: &Slot) -> usize {
    match &slot.kind {
        SlotKind::One(node) => of_slots(&node.slots),
        SlotKind::Union(nodes) => nodes.iter().map(|node| of_slots(&node.slots)).sum(),
        SlotKind::Many(node) | SlotKind::Rows(node) => of_list(node),
        SlotKind::Object(slots) => of_slots(slots),
        SlotKind::Concat { objects, lists } => {
            objects.iter().map(|slots| of_slots(slots)).sum::<usize>() + lists.iter().map(of_list).sum::<usize>()
        }
        SlotKind::Template(parts) => {
            let steps = parts.iter().filter_map(|part| match part {
                TemplatePart::Field { steps, .. } => Some(steps),
                TemplatePart::Text(_) => None,
            });
            steps.flatten().map(|node| of_slots(&node.slots)).sum()
        }
        SlotKind::Text(_)
        | SlotKind::Null
        | SlotKind::Json(_)
        | SlotKind::Field { .. }
        | SlotKind::Can(_)
        | SlotKind::Writable(_)
        | SlotKind::Restricted(_)
        | SlotKind::Session(_)
        | SlotKind::Texts(_) => 0,
    }
}

fn of_list(node: &ListNode) -> usize {
    let slots = match &node.connection {
        Connection::Rows(slots) => return 1 + of_slots(slots),
        Connection::Object(slots) => slots,
    };
    let (mut page, mut totals, mut others) = (0, 0, 0);
    for slot in slots {
        match &slot.kind {
            ConnectionSlotKind::Text(_) => {}
            ConnectionSlotKind::PageInfo(_) => page = 1,
            ConnectionSlotKind::Nodes(slots) => {
                page = 1;
                others += of_slots(slots);
            }
            ConnectionSlotKind::Edges(edges) => {
                page = 1;
                for edge in edges {
                    if let EdgeSlotKind::Node(slots) = &edge.kind {
                        others += of_slots(slots);
                    }
                }
            }
            ConnectionSlotKind::TotalCount | ConnectionSlotKind::Aggregate(_) => totals = 1,
            ConnectionSlotKind::Groups(groups) => {
                others += 1;
                for slot in &groups.slots {
                    let GroupSlotKind::Key(keys) = &slot.kind else { continue };
                    for key in keys {
                        if let GroupKeyKind::One(_, node) = &key.kind {
                            others += of_slots(&node.slots);
                        }
                    }
                }
            }
        }
    }
    page + totals + others
}
