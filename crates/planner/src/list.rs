//! Connections.

use crate::aggregate;
use crate::context::Context;
use crate::filter;
use crate::order;
use crate::plan::{
    Connection, ConnectionSlot, ConnectionSlotKind, EdgeSlot, EdgeSlotKind, ListNode, Page, PageInfoKind, PageInfoSlot,
};
use crate::problems::Problems;
use crate::select;
use freehold_policy::predicate::{Link, Predicate};
use freehold_policy::source::{ReadableField, RowSource};
use freehold_schema::catalog::EntityDef;
use freehold_schema::graphql::operation::{Field, InputKind};

/// Greatest `offset`; cursors go further.
const OFFSET_MAX: u32 = 100_000;

/// A connection field; `rows` is how many parents there may be.
pub(crate) fn list(
    context: &mut Context<'_>,
    field: &Field,
    entity: &EntityDef,
    source: RowSource,
    link: Link<ReadableField>,
    rows: u64,
) -> ListNode {
    context.statement(|context| plan_list(context, field, entity, source, link, rows))
}

fn plan_list(
    context: &mut Context<'_>,
    field: &Field,
    entity: &EntityDef,
    source: RowSource,
    link: Link<ReadableField>,
    rows: u64,
) -> ListNode {
    let mut found = Vec::new();
    let predicate = {
        let mut problems = Problems::of("filter");
        let condition = match field.argument("filter").filter(|input| !input.is_null()) {
            Some(input) => filter::filter(context, &source, input, &mut problems),
            None => Predicate::Constant(true),
        };
        context.count_cost(problems.cost(), rows);
        found.append(&mut problems.into_found());
        let mut problems = Problems::of("search");
        let search = match field.argument("search") {
            Some(input) => filter::search(&source, entity, input, &mut problems),
            None => Predicate::Constant(true),
        };
        context.count_cost(problems.cost(), rows);
        found.append(&mut problems.into_found());
        Predicate::all([condition, search])
    };
    let mut problems = Problems::of("orderBy");
    let order = order::order(context, &source, entity, field.argument("orderBy"), &mut problems);
    found.append(&mut problems.into_found());
    let mut cursor = |context: &Context<'_>, name: &str| {
        let mut problems = Problems::of(name);
        let keys = order::cursor(context, &order, field.argument(name), &mut problems);
        found.append(&mut problems.into_found());
        keys
    };
    let (after, before) = (cursor(context, "after"), cursor(context, "before"));
    let size = size(context, field, &mut found);
    context.wrong_input(field, found);

    let selected = context.fields(&field.items, &format!("{}Connection", entity.type_name));
    let reads_rows = selected
        .iter()
        .any(|part| matches!(part.name.as_str(), "nodes" | "edges" | "pageInfo"));
    let children = rows.saturating_mul(u64::from(size.limit));
    if reads_rows {
        context.count_rows(children);
    }
    let mut peek = false;
    let slots = selected
        .iter()
        .map(|part| {
            context.path.push(part.key.clone());
            let kind = match part.name.as_str() {
                "nodes" => ConnectionSlotKind::Nodes(select::row(context, &part.items, &source, entity, children)),
                "edges" => ConnectionSlotKind::Edges(edges(context, part, &source, entity, children)),
                "pageInfo" => {
                    let (slots, peeks) = page_info(context, part, size.backward);
                    peek |= peeks;
                    ConnectionSlotKind::PageInfo(slots)
                }
                "totalCount" => {
                    context.count_rows(rows);
                    ConnectionSlotKind::TotalCount
                }
                "aggregate" => {
                    context.count_rows(rows);
                    ConnectionSlotKind::Aggregate(aggregate::aggregate(context, &part.items, &source, entity))
                }
                "groups" => {
                    ConnectionSlotKind::Groups(Box::new(aggregate::groups(context, part, &source, entity, rows)))
                }
                _ => ConnectionSlotKind::Text(format!("{}Connection", entity.type_name)),
            };
            context.path.pop();
            ConnectionSlot {
                key: part.key.clone(),
                kind,
            }
        })
        .collect();
    ListNode {
        source,
        link,
        filter: predicate,
        order_joins: order.joins,
        order: order.keys,
        page: Page {
            limit: size.limit,
            peek,
            backward: size.backward,
            offset: size.offset,
            after,
            before,
            cursor_binding: order.binding,
        },
        connection: Connection::Object(slots),
    }
}

/// Size and direction of a page.
struct Size {
    limit: u32,
    backward: bool,
    offset: u32,
}

fn size(context: &mut Context<'_>, field: &Field, found: &mut Vec<crate::error::Problem>) -> Size {
    let mut number = |name: &str| {
        let input = field.argument(name).filter(|input| !input.is_null())?;
        let value = match input.kind() {
            InputKind::Number(number) => number.as_u64().and_then(|value| u32::try_from(value).ok()),
            _ => None,
        };
        if value.is_none() {
            let mut problems = Problems::of(name);
            problems.add("range", "a number of rows, 0 or more, expected");
            found.append(&mut problems.into_found());
        }
        value
    };
    let (first, last, offset) = (number("first"), number("last"), number("offset"));
    if first.is_some() && last.is_some() {
        let mut problems = Problems::of("last");
        problems.add("conflict", "`first` and `last` exclude each other");
        found.append(&mut problems.into_found());
    }
    if last.is_some() && offset.is_some() {
        let mut problems = Problems::of("offset");
        problems.add("conflict", "`offset` counts from the start; it goes with `first`");
        found.append(&mut problems.into_found());
    }
    let page_max = context.limits.page_max;
    let limit = first.or(last).unwrap_or(context.limits.page_default.min(page_max));
    if limit > page_max {
        let message = format!(
            "a page has at most {page_max} rows, {limit} were asked for; use `after` with `pageInfo.endCursor` to go on"
        );
        context.over_limit(field, message, u64::from(page_max), u64::from(limit));
    }
    if let Some(offset) = offset.filter(|offset| *offset > OFFSET_MAX) {
        let message = format!("`offset` is at most {OFFSET_MAX}; use cursors to go further");
        context.over_limit(field, message, u64::from(OFFSET_MAX), u64::from(offset));
    }
    Size {
        limit,
        backward: first.is_none() && last.is_some(),
        offset: offset.unwrap_or(0),
    }
}

fn edges(context: &mut Context<'_>, field: &Field, source: &RowSource, entity: &EntityDef, rows: u64) -> Vec<EdgeSlot> {
    let type_name = format!("{}Edge", entity.type_name);
    context
        .fields(&field.items, &type_name)
        .into_iter()
        .map(|part| {
            let kind = match part.name.as_str() {
                "cursor" => EdgeSlotKind::Cursor,
                "node" => {
                    context.path.push(part.key.clone());
                    let slots = select::row(context, &part.items, source, entity, rows);
                    context.path.pop();
                    EdgeSlotKind::Node(slots)
                }
                _ => EdgeSlotKind::Text(type_name.clone()),
            };
            EdgeSlot { key: part.key, kind }
        })
        .collect()
}

/// The slots of `pageInfo`, and whether one more row must be read to answer them.
fn page_info(context: &mut Context<'_>, field: &Field, backward: bool) -> (Vec<PageInfoSlot>, bool) {
    let mut peek = false;
    let slots = context
        .fields(&field.items, "PageInfo")
        .into_iter()
        .map(|part| {
            let kind = match part.name.as_str() {
                "hasNextPage" => {
                    peek |= !backward;
                    PageInfoKind::HasNextPage
                }
                "hasPreviousPage" => {
                    peek |= backward;
                    PageInfoKind::HasPreviousPage
                }
                "startCursor" => PageInfoKind::StartCursor,
                "endCursor" => PageInfoKind::EndCursor,
                _ => PageInfoKind::Text("PageInfo".to_owned()),
            };
            PageInfoSlot { key: part.key, kind }
        })
        .collect();
    (slots, peek)
}
