//! What planning carries along: the inputs, the faults found, and the cost so far.

use crate::cursor::Sealer;
use crate::error::{PlanError, Problem};
use freehold_base::{Code, Limits};
use freehold_policy::Access;
use freehold_schema::catalog::{Catalog, EntityDef, FieldType};
use freehold_schema::graphql::operation::{Field, Selection, collect};
use serde_json::Value as Json;

/// Rows that one unit of cost pays for.
const ROWS_PER_COST: u64 = 10;

/// Most to-one references of one list or row, nested ones included. SQLite joins at most 64 tables.
const REFERENCES_MAX: u64 = 48;

/// Most rows that one operation writes, as far as its text tells: what a cascade takes along is not among them.
pub(crate) const WRITTEN_MAX: u64 = 1_000;

/// What planning carries along.
pub(crate) struct Context<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) access: &'a Access,
    pub(crate) sealer: &'a Sealer,
    pub(crate) limits: &'a Limits,
    /// Response keys down to the present field.
    pub(crate) path: Vec<String>,
    /// To-one references walked in the statement being planned.
    references: u64,
    fields: u64,
    rows: u64,
    written: u64,
    errors: Vec<PlanError>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(catalog: &'a Catalog, access: &'a Access, sealer: &'a Sealer, limits: &'a Limits) -> Self {
        Self {
            catalog,
            access,
            sealer,
            limits,
            path: Vec::new(),
            references: 0,
            fields: 0,
            rows: 0,
            written: 0,
            errors: Vec::new(),
        }
    }

    /// The cost, or everything that is wrong.
    pub(crate) fn finish(mut self) -> Result<u64, Vec<PlanError>> {
        let cost = self.cost();
        if cost > self.limits.cost_max {
            self.errors.push(PlanError {
                code: Code::CostExceeded,
                message: format!(
                    "the operation may return too much: its cost is {cost}, the limit is {}; ask for smaller pages (`first`) or fewer nested lists",
                    self.limits.cost_max
                ),
                position: None,
                path: Vec::new(),
                problems: Vec::new(),
                limit: Some((self.limits.cost_max, cost)),
            });
        }
        if self.errors.is_empty() {
            Ok(cost)
        } else {
            Err(self.errors)
        }
    }

    /// The cost so far.
    pub(crate) fn cost(&self) -> u64 {
        self.fields.saturating_add(self.rows / ROWS_PER_COST)
    }

    fn count_fields(&mut self, number: usize) {
        self.fields = self.fields.saturating_add(number as u64);
    }

    /// Counts what a filter costs for each ten of the rows whose list it is on.
    pub(crate) fn count_cost(&mut self, cost: u64, rows: u64) {
        let times = rows.div_ceil(ROWS_PER_COST).max(1);
        self.fields = self.fields.saturating_add(cost.saturating_mul(times));
    }

    /// Counts the rows a list may return.
    pub(crate) fn count_rows(&mut self, rows: u64) {
        self.rows = self.rows.saturating_add(rows);
    }

    /// Counts the rows that a field writes; each costs what a row read does. Tells, once, when the operation writes too many.
    pub(crate) fn count_written(&mut self, field: &Field, rows: u64) {
        self.count_rows(rows);
        let fitted = self.written <= WRITTEN_MAX;
        self.written = self.written.saturating_add(rows);
        if fitted && self.written > WRITTEN_MAX {
            let message = format!(
                "an operation writes at most {WRITTEN_MAX} rows, this one names {}; send several",
                self.written
            );
            self.over_limit(field, message, WRITTEN_MAX, self.written);
        }
    }

    /// Counts one reference of the present statement; false when there are too many.
    pub(crate) fn count_reference(&mut self, field: &Field) -> bool {
        self.references += 1;
        if self.references == REFERENCES_MAX + 1 {
            let message = format!(
                "a row shows at most {REFERENCES_MAX} references, nested ones included; ask for fewer in one operation"
            );
            self.over_limit(field, message, REFERENCES_MAX, self.references);
        }
        self.references <= REFERENCES_MAX
    }

    /// Plans what belongs to a statement of its own.
    pub(crate) fn statement<T>(&mut self, plan: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::take(&mut self.references);
        let out = plan(self);
        self.references = outer;
        out
    }

    /// Whether planning may stop early: the cost is passed already.
    pub(crate) fn is_over_cost(&self) -> bool {
        self.cost() > self.limits.cost_max
    }

    /// Reports wrong values of one field's arguments.
    pub(crate) fn wrong_input(&mut self, field: &Field, problems: Vec<Problem>) {
        let Some(first) = problems.first() else { return };
        let place = first.path.iter().map(segment).collect::<Vec<_>>().join(".");
        let more = if problems.len() > 1 {
            format!(" (and {} more)", problems.len() - 1)
        } else {
            String::new()
        };
        self.errors.push(PlanError {
            code: Code::BadUserInput,
            message: format!("`{place}`: {}{more}", first.message),
            position: Some(field.position),
            path: self.path.clone(),
            problems,
            limit: None,
        });
    }

    /// Reports a write that the caller's schema does not have.
    pub(crate) fn forbidden(&mut self, field: &Field) {
        self.errors.push(PlanError {
            code: Code::Forbidden,
            message: format!("`{}` is not allowed", field.name),
            position: Some(field.position),
            path: self.path.clone(),
            problems: Vec::new(),
            limit: None,
        });
    }

    /// Reports a limit that a field passes.
    pub(crate) fn over_limit(&mut self, field: &Field, message: String, limit: u64, found: u64) {
        self.errors.push(PlanError {
            code: Code::LimitExceeded,
            message,
            position: Some(field.position),
            path: self.path.clone(),
            problems: Vec::new(),
            limit: Some((limit, found)),
        });
    }

    /// The fields selected of an object type that is no entity's.
    pub(crate) fn fields(&mut self, items: &[Selection], type_name: &str) -> Vec<Field> {
        let fields = collect(items, type_name, &|_, _| false);
        self.count_fields(fields.len());
        fields
    }

    /// The fields selected of an entity's type.
    pub(crate) fn entity_fields(&mut self, items: &[Selection], entity: &EntityDef) -> Vec<Field> {
        let fields = collect(items, &entity.type_name, &|condition, _| self.covers(condition, entity));
        self.count_fields(fields.len());
        fields
    }

    /// Whether an abstract type covers an entity's type: `Node` covers all, a union its members.
    fn covers(&self, condition: &str, entity: &EntityDef) -> bool {
        condition == "Node"
            || self.catalog.entities.values().any(|holder| {
                holder.fields.iter().any(|field| match &field.field_type {
                    FieldType::Reference { to, .. } if to.len() > 1 => {
                        to.contains(&entity.id) && holder.union_name(field) == condition
                    }
                    _ => false,
                })
            })
    }
}

fn segment(segment: &Json) -> String {
    segment.as_str().map_or_else(|| segment.to_string(), str::to_owned)
}
