//! `filter` and `atMost` of a bulk write become the list of rows that it writes.

use crate::context::{Context, WRITTEN_MAX};
use crate::filter;
use crate::mutation::Selector;
use crate::plan::{Connection, ListNode, OrderKey, Output, Page, Slot, SlotKind};
use crate::problems::Problems;
use freehold_base::ValueType;
use freehold_policy::predicate::Link;
use freehold_schema::catalog::{EntityDef, SystemField};
use freehold_schema::graphql::operation::{Field, InputKind};

/// Rows of the caller's list that fit the filter, and one more than allowed, to know that there are more. `None` when the caller
/// has no list of the entity.
pub(super) fn filtered(
    context: &Context<'_>,
    field: &Field,
    entity: &EntityDef,
    problems: &mut Problems,
) -> Option<Selector> {
    let at_most = at_most(field, problems);
    let source = context.access.list(entity.id)?.clone();
    let input = field.argument("filter")?;
    let filter = problems.within("filter", |problems| filter::filter(context, &source, input, problems));
    let id = source.readable(entity.find_system(SystemField::Id)?)?;
    let at_most = at_most?;
    let list = ListNode {
        source,
        link: Link::Free,
        filter,
        order_joins: Vec::new(),
        order: vec![OrderKey {
            join: None,
            field: id.clone(),
            value_type: ValueType::Uuid,
            descending: false,
            nullable: false,
        }],
        page: Page {
            limit: at_most.saturating_add(1),
            peek: false,
            backward: false,
            offset: 0,
            after: None,
            before: None,
            cursor_binding: Vec::new(),
        },
        connection: Connection::Rows(vec![Slot {
            key: "id".to_owned(),
            kind: SlotKind::Field {
                field: id,
                output: Output::Plain(ValueType::Uuid),
            },
        }]),
    };
    Some(Selector::Filter {
        list: Box::new(list),
        at_most,
    })
}

/// `atMost`, 1 unless given.
fn at_most(field: &Field, problems: &mut Problems) -> Option<u32> {
    let Some(input) = field.argument("atMost") else {
        return Some(1);
    };
    let number = match input.kind() {
        InputKind::Number(number) => number.as_u64(),
        _ => None,
    };
    let fits = number.filter(|number| (1..=WRITTEN_MAX).contains(number));
    if fits.is_none() {
        problems.within("atMost", |problems| {
            problems.add("range", format!("a number of rows, 1 to {WRITTEN_MAX}, expected"));
        });
    }
    fits.and_then(|number| u32::try_from(number).ok())
}
