//! What a document may cost before anyone looks at its types, and the proof that walking it ends.
//!
//! Fragments are measured once each, in an order in which every fragment follows those it spreads, so that
//! a document that doubles at each step is measured in the time it takes to read it.

use super::document::{Document, FragmentNode, SelectionNode};
use super::error::{Refused, RequestError};
use super::introspection::is_meta;
use freehold_base::Limits;

/// Nesting inside `__schema` and `__type`.
const INTROSPECTION_DEPTH_MAX: u64 = 20;
/// Lists of fields inside lists of fields: each multiplies the answer. Full introspection needs one.
const INTROSPECTION_LISTS_MAX: u64 = 2;
/// Aliases inside `__schema` and `__type`: each repeats the answer. Full introspection needs none.
const INTROSPECTION_ALIASES_MAX: u64 = 10;
/// Fields inside `__schema` and `__type`, fragments written out. Full introspection has about 200.
const INTROSPECTION_FIELDS_MAX: u64 = 600;

/// What a selection set costs, its fragments written out. Counts stop at the largest number.
#[derive(Clone, Copy, Debug, Default)]
struct Measure {
    /// Nesting of selection sets of any kind.
    levels: u64,
    /// Nesting of fields, introspection left out.
    depth: u64,
    /// Nesting of fields that list types.
    lists: u64,
    /// All fields.
    fields: u64,
    /// Fields of the set itself.
    own_fields: u64,
    aliases: u64,
    /// The same below introspection fields.
    meta_depth: u64,
    meta_lists: u64,
    meta_fields: u64,
    meta_aliases: u64,
}

/// Checks every operation of the document.
pub(crate) fn check(document: &Document, limits: &Limits) -> Result<(), Refused> {
    check_directives(document, limits)?;
    let mut measures: Vec<Measure> = vec![Measure::default(); document.fragments.len()];
    for index in in_order(document)? {
        if let Some(fragment) = document.fragments.get(index) {
            let measure = measure(document, &measures, &fragment.items);
            check_levels(&measure, limits, fragment.position)?;
            if let Some(slot) = measures.get_mut(index) {
                *slot = measure;
            }
        }
    }
    for operation in &document.operations {
        let found = measure(document, &measures, &operation.items);
        check_levels(&found, limits, operation.position)?;
        let bounds = [
            ("number of fields", limits.tokens_max as u64, found.fields),
            ("depth", limits.depth_max as u64, found.depth),
            ("number of root fields", limits.aliases_max as u64, found.own_fields),
            ("number of aliases", limits.aliases_max as u64, found.aliases),
            ("introspection depth", INTROSPECTION_DEPTH_MAX, found.meta_depth),
            (
                "introspection nesting of lists",
                INTROSPECTION_LISTS_MAX,
                found.meta_lists,
            ),
            (
                "number of introspection fields",
                INTROSPECTION_FIELDS_MAX,
                found.meta_fields,
            ),
            (
                "number of introspection aliases",
                INTROSPECTION_ALIASES_MAX,
                found.meta_aliases,
            ),
        ];
        if let Some((what, bound, found)) = bounds.into_iter().find(|(_, bound, found)| found > bound) {
            return Err(RequestError::limit(what, bound, found).at(operation.position).into());
        }
    }
    Ok(())
}

fn check_levels(found: &Measure, limits: &Limits, position: (usize, usize)) -> Result<(), Refused> {
    let bound = limits.nesting_max as u64;
    if found.levels > bound {
        Err(RequestError::limit("nesting", bound, found.levels).at(position).into())
    } else {
        Ok(())
    }
}

/// Fragments so that each stands behind those it spreads. Without recursion: a chain may be thousands long.
pub(crate) fn in_order(document: &Document) -> Result<Vec<usize>, Refused> {
    let spreads: Vec<Vec<usize>> = document
        .fragments
        .iter()
        .map(|fragment| spread_by(document, fragment))
        .collect();
    let mut waiting: Vec<usize> = spreads.iter().map(Vec::len).collect();
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); spreads.len()];
    for (user, used) in spreads.iter().enumerate() {
        for index in used {
            if let Some(users) = users.get_mut(*index) {
                users.push(user);
            }
        }
    }
    let mut order: Vec<usize> = (0..spreads.len()).filter(|index| waiting[*index] == 0).collect();
    let mut next = 0;
    while let Some(index) = order.get(next).copied() {
        next += 1;
        for user in &users[index] {
            waiting[*user] -= 1;
            if waiting[*user] == 0 {
                order.push(*user);
            }
        }
    }
    match document
        .fragments
        .iter()
        .zip(&waiting)
        .find(|(_, waiting)| **waiting > 0)
    {
        None => Ok(order),
        Some((fragment, _)) => {
            let message = format!(
                "the fragment `{}` leads back to itself, or spreads one that does",
                fragment.name
            );
            Err(RequestError::invalid(fragment.position, message).into())
        }
    }
}

fn spread_by(document: &Document, fragment: &FragmentNode) -> Vec<usize> {
    let mut names = Vec::new();
    spread_names(&fragment.items, &mut names);
    names.sort_unstable();
    names.dedup();
    names.iter().filter_map(|name| document.find_fragment(name)).collect()
}

/// Names of the fragments that a selection set spreads itself.
pub(crate) fn spread_names<'a>(items: &'a [SelectionNode], names: &mut Vec<&'a str>) {
    for item in items {
        match item {
            SelectionNode::Field(field) => spread_names(&field.items, names),
            SelectionNode::Spread { name, .. } => names.push(name),
            SelectionNode::Inline { items, .. } => spread_names(items, names),
        }
    }
}

fn measure(document: &Document, fragments: &[Measure], items: &[SelectionNode]) -> Measure {
    let mut total = Measure {
        levels: 1,
        ..Measure::default()
    };
    for item in items {
        let part = match item {
            SelectionNode::Field(field) => {
                let below = if field.items.is_empty() {
                    Measure::default()
                } else {
                    measure(document, fragments, &field.items)
                };
                let meta = is_meta(&field.name);
                let lists = u64::from(matches!(
                    field.name.as_str(),
                    "fields" | "interfaces" | "possibleTypes" | "inputFields"
                ));
                Measure {
                    levels: below.levels,
                    depth: if meta { 1 } else { 1 + below.depth },
                    lists: lists + below.lists,
                    fields: below.fields.saturating_add(1),
                    own_fields: 1,
                    aliases: below.aliases.saturating_add(u64::from(field.alias.is_some())),
                    meta_depth: if meta { below.depth } else { below.meta_depth },
                    meta_lists: if meta { below.lists } else { below.meta_lists },
                    meta_fields: if meta { below.fields } else { below.meta_fields },
                    meta_aliases: if meta { below.aliases } else { below.meta_aliases },
                }
            }
            SelectionNode::Spread { name, .. } => document
                .find_fragment(name)
                .and_then(|index| fragments.get(index))
                .copied()
                .unwrap_or_default(),
            SelectionNode::Inline { items, .. } => measure(document, fragments, items),
        };
        total.levels = total.levels.max(part.levels + 1);
        total.depth = total.depth.max(part.depth);
        total.lists = total.lists.max(part.lists);
        total.fields = total.fields.saturating_add(part.fields);
        total.own_fields = total.own_fields.saturating_add(part.own_fields);
        total.aliases = total.aliases.saturating_add(part.aliases);
        total.meta_depth = total.meta_depth.max(part.meta_depth);
        total.meta_lists = total.meta_lists.max(part.meta_lists);
        total.meta_fields = total.meta_fields.saturating_add(part.meta_fields);
        total.meta_aliases = total.meta_aliases.saturating_add(part.meta_aliases);
    }
    total
}

fn check_directives(document: &Document, limits: &Limits) -> Result<(), Refused> {
    let check = |count: usize, position| {
        if count > limits.directives_max {
            return Err(
                RequestError::limit("number of directives", limits.directives_max as u64, count as u64)
                    .at(position)
                    .into(),
            );
        }
        Ok(())
    };
    for operation in &document.operations {
        check(operation.directives.len(), operation.position)?;
        for variable in &operation.variables {
            check(variable.directives.len(), variable.position)?;
        }
        check_item_directives(&operation.items, &check)?;
    }
    for fragment in &document.fragments {
        check(fragment.directives.len(), fragment.position)?;
        check_item_directives(&fragment.items, &check)?;
    }
    Ok(())
}

fn check_item_directives(
    items: &[SelectionNode],
    check: &dyn Fn(usize, (usize, usize)) -> Result<(), Refused>,
) -> Result<(), Refused> {
    for item in items {
        let (position, below): (_, &[SelectionNode]) = match item {
            SelectionNode::Field(field) => (field.position, &field.items),
            SelectionNode::Spread { position, .. } => (*position, &[]),
            SelectionNode::Inline { position, items, .. } => (*position, items),
        };
        check(item.directives().len(), position)?;
        check_item_directives(below, check)?;
    }
    Ok(())
}
