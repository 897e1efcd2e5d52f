//! Variables: declared once, of a known input type, used, and used where their type allows (section 5.8).

use super::{Checker, Place, Usage, did_you_mean};
use crate::graphql::document::{OperationNode, ValueNode, VariableNode};
use crate::graphql::limits::spread_names;
use crate::graphql::type_system::TypeRef;
use std::collections::HashSet;

impl<'a> Checker<'a> {
    pub(super) fn variable_definitions(&mut self, operation: &'a OperationNode) {
        let mut names: HashSet<&str> = HashSet::new();
        for variable in &operation.variables {
            if !names.insert(&variable.name) {
                self.report(
                    variable.position,
                    format!("the variable `${}` is declared twice", variable.name),
                );
            }
            self.directives(&variable.directives, Place::Elsewhere);
            let type_ref = TypeRef::from(&variable.type_ref);
            match self.system.get(type_ref.name()) {
                Some(def) if def.is_input() => {
                    if let Some(default) = &variable.default {
                        self.default_value(&variable.name, default, &type_ref, variable.position);
                    }
                }
                Some(_) => self.report(
                    variable.position,
                    format!(
                        "`${}` cannot be a `{}`, which is not an input type",
                        variable.name,
                        type_ref.name()
                    ),
                ),
                None => {
                    let inputs = self
                        .system
                        .types
                        .iter()
                        .filter(|(_, def)| def.is_input())
                        .map(|(name, _)| name.as_str());
                    let hint = did_you_mean(type_ref.name(), inputs);
                    self.report(variable.position, format!("unknown type `{}`{hint}", type_ref.name()));
                }
            }
        }
    }

    /// Checks one operation's variables against every place that uses them, its fragments included.
    pub(super) fn variables(
        &mut self,
        operation: &'a OperationNode,
        own: &[Usage<'a>],
        of_fragments: &[Vec<Usage<'a>>],
    ) {
        let mut used: HashSet<&str> = HashSet::new();
        let mut names = Vec::new();
        spread_names(&operation.items, &mut names);
        let mut seen: HashSet<&str> = HashSet::new();
        let mut sources: Vec<&[Usage<'a>]> = vec![own];
        while let Some(name) = names.pop() {
            let Some(index) = self.document.find_fragment(name).filter(|_| seen.insert(name)) else {
                continue;
            };
            if let (Some(fragment), Some(usages)) = (self.document.fragments.get(index), of_fragments.get(index)) {
                spread_names(&fragment.items, &mut names);
                sources.push(usages);
            }
        }
        for usage in sources.into_iter().flatten() {
            used.insert(usage.name);
            match operation.variables.iter().find(|variable| variable.name == usage.name) {
                None => {
                    let hint = did_you_mean(
                        usage.name,
                        operation.variables.iter().map(|variable| variable.name.as_str()),
                    );
                    let place = operation
                        .name
                        .as_ref()
                        .map(|name| format!(" by `{name}`"))
                        .unwrap_or_default();
                    self.report(
                        usage.position,
                        format!("the variable `${}` is not declared{place}{hint}", usage.name),
                    );
                }
                Some(variable) => self.allowed(variable, usage),
            }
        }
        for variable in operation
            .variables
            .iter()
            .filter(|variable| !used.contains(variable.name.as_str()))
        {
            self.report(
                variable.position,
                format!("the variable `${}` is not used", variable.name),
            );
        }
    }

    /// IsVariableUsageAllowed (section 5.8.5).
    fn allowed(&mut self, variable: &VariableNode, usage: &Usage<'_>) {
        let Some(expected) = &usage.expected else { return };
        let given = TypeRef::from(&variable.type_ref);
        let fits = match expected {
            TypeRef::NonNull(nullable) if !given.is_non_null() => {
                let has_value = variable
                    .default
                    .as_ref()
                    .is_some_and(|default| *default != ValueNode::Null);
                (has_value || usage.has_default) && is_subtype(&given, nullable)
            }
            _ => is_subtype(&given, expected),
        };
        if !fits {
            self.report(
                usage.position,
                format!(
                    "`${}` is a `{given}`, but a `{expected}` is expected here",
                    variable.name
                ),
            );
        }
    }
}

/// Whether every value of `given` is one of `expected`.
fn is_subtype(given: &TypeRef, expected: &TypeRef) -> bool {
    match (given, expected) {
        (TypeRef::NonNull(given), TypeRef::NonNull(expected)) | (TypeRef::List(given), TypeRef::List(expected)) => {
            is_subtype(given, expected)
        }
        (TypeRef::NonNull(given), expected) => is_subtype(given, expected),
        (TypeRef::Named(given), TypeRef::Named(expected)) => given == expected,
        (TypeRef::Named(_) | TypeRef::List(_), _) => false,
    }
}
