//! What is wrong with the values of one argument, and what they would cost.

use crate::error::Problem;
use freehold_policy::source::RowSource;
use freehold_schema::graphql::operation::{Input, InputKind};
use serde_json::Value as Json;

/// Most conditions of a filter: keys of its objects and operators.
const CONDITIONS_MAX: usize = 300;

/// Most members of all lists of a filter together.
const MEMBERS_MAX: usize = 2_000;

/// What looking for a text inside of texts costs: no index helps, and both databases compare at every place.
const PATTERN_COST: u64 = 100;

/// Most problems told of one argument, or of the arguments of one write: more of them help nobody.
const PROBLEMS_MAX: usize = 100;

/// What a condition on a list costs, by how many lists it stands within. Deeper ones are refused: each looks through all rows
/// of the one around it.
const LIST_COSTS: [u64; 3] = [5, 100, 2_000];

/// Collects the problems of one argument, and what it would cost.
pub(crate) struct Problems {
    path: Vec<Json>,
    found: Vec<Problem>,
    conditions: usize,
    members: usize,
    lists: usize,
    cost: u64,
}

impl Problems {
    pub(crate) fn of(argument: &str) -> Self {
        Self {
            path: vec![argument.into()],
            ..Self::of_all()
        }
    }

    /// Of all arguments of one field: each is walked by [`Self::within`] its name.
    pub(crate) fn of_all() -> Self {
        Self {
            path: Vec::new(),
            found: Vec::new(),
            conditions: 0,
            members: 0,
            lists: 0,
            cost: 0,
        }
    }

    /// What the conditions cost, for each list that they stand in.
    pub(crate) fn cost(&self) -> u64 {
        self.cost
    }

    /// Counts texts that are looked for inside of texts.
    pub(crate) fn charge_patterns(&mut self, patterns: usize) {
        self.cost = self.cost.saturating_add(PATTERN_COST.saturating_mul(patterns as u64));
    }

    /// Counts conditions and members of lists; false, and told once, when they are too many.
    pub(crate) fn spend(&mut self, conditions: usize, members: usize) -> bool {
        self.conditions += conditions;
        self.members += members;
        let fits = self.conditions <= CONDITIONS_MAX && self.members <= MEMBERS_MAX;
        if !fits && self.found.iter().all(|problem| problem.rule != "size") {
            let message = format!(
                "a filter has at most {CONDITIONS_MAX} conditions, and its lists have at most {MEMBERS_MAX} members together"
            );
            self.add("size", message);
        }
        fits
    }

    /// Does the same work for each of several targets; its problems are told once, its cost counts each time.
    pub(crate) fn for_each<T>(
        &mut self,
        targets: &[&RowSource],
        mut work: impl FnMut(&RowSource, &mut Self) -> T,
    ) -> Vec<T> {
        let mut done = Vec::with_capacity(targets.len());
        for (index, target) in targets.iter().enumerate() {
            done.push(if index == 0 {
                work(target, self)
            } else {
                self.again(|problems| work(target, problems))
            });
        }
        done
    }

    /// Does work on what was looked at before: its problems are told already.
    pub(crate) fn again<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let told = self.found.len();
        let out = work(self);
        self.found.truncate(told);
        out
    }

    pub(crate) fn add(&mut self, rule: &'static str, message: impl Into<String>) {
        if self.found.len() < PROBLEMS_MAX {
            self.found.push(Problem {
                path: self.path.clone(),
                rule,
                message: message.into(),
            });
        }
    }

    /// Whether the present place breaks that rule already.
    pub(crate) fn is_told(&self, rule: &str) -> bool {
        self.found
            .iter()
            .any(|problem| problem.rule == rule && problem.path == self.path)
    }

    pub(crate) fn within<T>(&mut self, segment: impl Into<Json>, work: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(segment.into());
        let out = work(self);
        self.path.pop();
        out
    }

    pub(crate) fn into_found(self) -> Vec<Problem> {
        self.found
    }

    /// The entries of an object; anything else is a problem.
    pub(crate) fn object<'i>(&mut self, input: &'i Input) -> &'i [(String, Input)] {
        match input.kind() {
            InputKind::Object(entries) => entries,
            InputKind::Null => {
                self.add("null", "null is no condition; leave it out, or use `isNull`");
                &[]
            }
            _ => {
                self.add("type", "an object expected");
                &[]
            }
        }
    }

    /// The items of a list; anything else is a problem.
    pub(crate) fn list<'i>(&mut self, input: &'i Input) -> &'i [Input] {
        match input.kind() {
            InputKind::List(items) => items,
            _ => {
                self.add("type", "a list expected");
                &[]
            }
        }
    }

    /// The present place.
    pub(crate) fn path(&self) -> Vec<Json> {
        self.path.clone()
    }

    /// How deep the present place is.
    pub(crate) fn depth(&self) -> usize {
        self.path.len()
    }

    /// Does work on a condition on a list; `None`, and told, when that stands in too many others.
    pub(crate) fn within_list<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let Some(cost) = LIST_COSTS.get(self.lists) else {
            let message = format!(
                "conditions on lists stand in one another at most {} deep",
                LIST_COSTS.len()
            );
            self.add("depth", message);
            return None;
        };
        self.cost = self.cost.saturating_add(*cost);
        self.lists += 1;
        let out = work(self);
        self.lists -= 1;
        Some(out)
    }
}
