//! Whether a document fits the schema (GraphQL, section 5).
//!
//! Our own rules. async-graphql 7.2.1 never asks whether a variable fits its place (the visitor does not reach the rule), looks
//! neither below one selection set nor through fragments for fields that cannot merge, refuses a variable used only beside
//! `__typename`, takes exponential time over fragments, reports in random order, and panics at `query ($x: [Unknown] = [1])`.
//! Its validator is a second opinion in the tests.

mod literal;
mod overlap;
mod selection;
mod variables;

use super::document::{DirectiveNode, Document, Position};
use super::error::RequestError;
use super::limits::spread_names;
use super::operation::OperationKind;
use super::type_system::{QUERY, TypeKind, TypeRef, TypeSystem};
use std::collections::HashSet;

/// More errors than this help nobody.
const ERRORS_MAX: usize = 50;

/// A variable where it is used.
pub(super) struct Usage<'a> {
    pub(super) name: &'a str,
    pub(super) position: Position,
    /// What is expected there; `None` inside a JSON literal, where anything is.
    pub(super) expected: Option<TypeRef>,
    /// The place has a default of its own, so null may stand for it.
    pub(super) has_default: bool,
}

/// Walks a document; collects errors, and the variables each definition uses.
pub(super) struct Checker<'a> {
    pub(super) system: &'a TypeSystem,
    pub(super) document: &'a Document,
    pub(super) errors: Vec<RequestError>,
    pub(super) usages: Vec<Usage<'a>>,
}

/// Where a directive stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Selection,
    Elsewhere,
}

/// Checks a whole document that is within its limits and whose fragments have no cycle.
pub(crate) fn check(system: &TypeSystem, document: &Document) -> Result<(), Vec<RequestError>> {
    let mut checker = Checker {
        system,
        document,
        errors: Vec::new(),
        usages: Vec::new(),
    };
    let mut of_operations = Vec::new();
    for operation in &document.operations {
        let root = root_name(system, operation.kind);
        if root.is_none() {
            let kind = match operation.kind {
                OperationKind::Query => "queries",
                OperationKind::Mutation => "mutations",
                OperationKind::Subscription => "subscriptions",
            };
            checker.report(operation.position, format!("this schema has no {kind}"));
        }
        checker.directives(&operation.directives, Place::Elsewhere);
        checker.variable_definitions(operation);
        checker.items(root, &operation.items);
        if operation.kind == OperationKind::Subscription {
            checker.single_root(operation);
        }
        of_operations.push(std::mem::take(&mut checker.usages));
    }
    let used = used_fragments(document);
    let mut of_fragments = Vec::new();
    for fragment in &document.fragments {
        if !used.contains(fragment.name.as_str()) {
            checker.report(
                fragment.position,
                format!("the fragment `{}` is not used", fragment.name),
            );
        }
        checker.directives(&fragment.directives, Place::Elsewhere);
        let known = checker.condition(&fragment.type_name, fragment.position);
        checker.items(known.then_some(fragment.type_name.as_str()), &fragment.items);
        of_fragments.push(std::mem::take(&mut checker.usages));
    }
    // The rest would only repeat what is wrong already.
    if checker.errors.is_empty() {
        for (operation, usages) in document.operations.iter().zip(&of_operations) {
            checker.variables(operation, usages, &of_fragments);
        }
    }
    if checker.errors.is_empty() {
        for operation in &document.operations {
            if let Some(root) = root_name(system, operation.kind) {
                checker.overlaps(root, &operation.items);
            }
        }
    }
    let mut errors = checker.errors;
    if errors.is_empty() {
        return Ok(());
    }
    errors.sort_by(|a, b| a.locations.cmp(&b.locations));
    errors.dedup();
    Err(errors)
}

/// The root type of an operation.
pub(crate) fn root_name(system: &TypeSystem, kind: OperationKind) -> Option<&str> {
    match kind {
        OperationKind::Query => Some(QUERY),
        OperationKind::Mutation => system.mutation.as_deref(),
        OperationKind::Subscription => system.subscription.as_deref(),
    }
}

fn used_fragments(document: &Document) -> HashSet<&str> {
    let mut names = Vec::new();
    for operation in &document.operations {
        spread_names(&operation.items, &mut names);
    }
    let mut used: HashSet<&str> = HashSet::new();
    while let Some(name) = names.pop() {
        if used.insert(name)
            && let Some(fragment) = document
                .find_fragment(name)
                .and_then(|index| document.fragments.get(index))
        {
            spread_names(&fragment.items, &mut names);
        }
    }
    used
}

impl<'a> Checker<'a> {
    /// Whether enough is known to be wrong; the rest is not even looked at.
    pub(super) fn is_full(&self) -> bool {
        self.errors.len() >= ERRORS_MAX
    }

    pub(super) fn report(&mut self, position: Position, message: impl Into<String>) {
        if self.errors.len() < ERRORS_MAX {
            self.errors.push(RequestError::invalid(position, message));
        }
    }

    /// Whether a fragment's type exists and has selections; reports it if not.
    pub(super) fn condition(&mut self, type_name: &str, position: Position) -> bool {
        match self.system.get(type_name) {
            Some(def) if def.is_composite() => true,
            Some(_) => {
                self.report(
                    position,
                    format!("a fragment cannot be on `{type_name}`, which has no fields"),
                );
                false
            }
            None => {
                let composite = self
                    .system
                    .types
                    .iter()
                    .filter(|(_, def)| def.is_composite())
                    .map(|(name, _)| name.as_str());
                let hint = did_you_mean(type_name, composite);
                self.report(position, format!("unknown type `{type_name}`{hint}"));
                false
            }
        }
    }

    pub(super) fn directives(&mut self, directives: &'a [DirectiveNode], place: Place) {
        for (index, directive) in directives.iter().enumerate() {
            let name = directive.name.as_str();
            match name {
                "skip" | "include" if place == Place::Selection => {
                    self.condition_argument(directive);
                    if directives.iter().take(index).any(|earlier| earlier.name == name) {
                        self.report(directive.position, format!("`@{name}` is given twice"));
                    }
                }
                "skip" | "include" | "deprecated" | "specifiedBy" | "oneOf" => {
                    self.report(directive.position, format!("`@{name}` cannot stand here"));
                }
                _ => self.report(
                    directive.position,
                    format!("unknown directive `@{name}`{}", did_you_mean(name, ["skip", "include"])),
                ),
            }
        }
    }

    /// The one argument of `@skip` and `@include`.
    fn condition_argument(&mut self, directive: &'a DirectiveNode) {
        let mut given = false;
        for argument in &directive.arguments {
            if argument.name != "if" {
                self.report(
                    argument.position,
                    format!(
                        "unknown argument `{}` of `@{}`, did you mean `if`?",
                        argument.name, directive.name
                    ),
                );
            } else if given {
                self.report(argument.position, "the argument `if` is given twice");
            } else {
                given = true;
                self.argument_value(argument, &TypeRef::required("Boolean"), false, false);
            }
        }
        if !given {
            self.report(
                directive.position,
                format!("`@{}` needs the argument `if`", directive.name),
            );
        }
    }

    /// The kind of a named type.
    pub(super) fn kind(&self, name: &str) -> Option<&'a TypeKind> {
        self.system.get(name).map(|def| &def.kind)
    }
}

/// `, did you mean …?`, from names of the same schema only.
pub(crate) fn did_you_mean<'n>(name: &str, candidates: impl IntoIterator<Item = &'n str>) -> String {
    freehold_base::nearest(name, candidates)
        .map(|near| format!(", did you mean `{near}`?"))
        .unwrap_or_default()
}
