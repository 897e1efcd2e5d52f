//! A mutation to a fixed model: what is planned of it.

use super::app::Side;
use super::query::check_sql;
use freehold_base::{Code, Limits, Value, ValueType};
use freehold_planner::cursor::Sealer;
use freehold_planner::mutation::{Assigned, Change, Create, ReferenceCheck, RootAction, Selector, Step};
use freehold_planner::plan::{Plan, Slot, SlotKind};
use freehold_planner::{PlanError, plan_mutation};
use freehold_schema::catalog::{Catalog, EntityId, FieldId, FieldType, OnDelete, SystemField};
use freehold_schema::graphql::operation::{Operation, collect};

/// Most rows that one operation names.
const WRITTEN_MAX: u64 = 1_000;

/// Most problems told of one root field.
const PROBLEMS_MAX: usize = 100;

/// Plans a mutation, and looks at its steps and at the SQL of what it reads. Whether it came so far.
pub(crate) fn ask(catalog: &Catalog, side: &Side, operation: &Operation, sealer: &Sealer, limits: &Limits) -> bool {
    let plan = match plan_mutation(catalog, &side.access, operation, sealer, limits) {
        Ok(plan) => plan,
        Err(errors) => {
            refused(&errors);
            return false;
        }
    };
    assert!(plan.cost <= limits.cost_max);
    let asked = collect(&operation.items, "Mutation", &|_, _| false);
    assert_eq!(plan.roots.len(), asked.len(), "a root field without a plan");
    let deleted: Vec<EntityId> = plan.deletions.keys().copied().collect();
    let look = Look { catalog, deleted };
    let mut written = 0;
    for root in plan.roots {
        let (steps, answer) = match root.action {
            RootAction::One { step, answer } => (vec![*step], answer),
            RootAction::Many { steps, answer } => (steps, answer),
            RootAction::Text(_) => continue,
            RootAction::Administer(_) => {
                written += 1;
                continue;
            }
        };
        written += steps.iter().map(Step::rows).sum::<u64>();
        check_sql(catalog, &answer.plan);
        for step in steps {
            look.step(step);
        }
    }
    assert!(written <= WRITTEN_MAX, "{written} rows");
    true
}

/// A refusal says why: every wrong value with its place in an argument.
fn refused(errors: &[PlanError]) {
    assert!(!errors.is_empty(), "refused without an error");
    for error in errors {
        assert_ne!(error.code, Code::Forbidden, "the schema has what may not be: {error:?}");
        assert_eq!(
            error.code == Code::BadUserInput,
            !error.problems.is_empty(),
            "{error:?}"
        );
        assert!(error.problems.len() <= PROBLEMS_MAX);
        for problem in &error.problems {
            assert!(
                problem.path.first().is_some_and(serde_json::Value::is_string),
                "{problem:?}"
            );
        }
    }
}

/// What is looked at in each step.
struct Look<'a> {
    catalog: &'a Catalog,
    /// Entities that a cascade of the plan may reach.
    deleted: Vec<EntityId>,
}

impl Look<'_> {
    fn step(&self, step: Step) {
        match step {
            Step::Create(create) => self.create(create),
            Step::Update { rows, change } => {
                self.rows(rows);
                self.change(change);
            }
            Step::Delete { rows, target, .. } => {
                self.rows(rows);
                self.cascade(target.entity());
            }
            Step::Upsert { key, create, change } => {
                let fields: Vec<FieldId> = key.iter().map(|(field, _)| *field).collect();
                let keys = &self.catalog.entity(create.target.entity()).unique;
                assert!(keys.iter().any(|known| known.fields == fields), "no unique key");
                assert!(
                    change.values.iter().all(|(field, _)| !fields.contains(field)),
                    "a key changes"
                );
                self.create(create);
                self.change(change);
            }
        }
    }

    fn create(&self, create: Create) {
        let entity = create.target.entity();
        assert!(create.named.is_sorted());
        self.values(entity, &create.values);
        for field in &create.named {
            assert!(
                create.values.iter().any(|(given, _)| given == field),
                "named without a value"
            );
        }
        for field in &create.missing {
            assert!(
                !create.values.iter().any(|(given, _)| given == field),
                "missing with a value"
            );
        }
        let named = create.values.iter().filter(|(field, _)| create.named.contains(field));
        self.references(entity, named, &create.references);
        create.children.into_iter().for_each(|child| self.step(child));
    }

    fn change(&self, change: Change) {
        let entity = change.target.entity();
        self.values(entity, &change.values);
        assert!(
            change
                .values
                .iter()
                .all(|(field, _)| !self.catalog.field(entity, *field).immutable)
        );
        self.references(entity, change.values.iter(), &change.references);
        change.children.into_iter().for_each(|child| self.step(child));
    }

    /// Each field once, of its type, and never one that is the server's.
    fn values(&self, entity: EntityId, values: &[(FieldId, Assigned)]) {
        for (index, (field, value)) in values.iter().enumerate() {
            let def = self.catalog.field(entity, *field);
            assert!(
                !values[..index].iter().any(|(before, _)| before == field),
                "{} twice",
                def.name
            );
            assert!(
                matches!(def.system, None | Some(SystemField::Owner)),
                "{} is the server's",
                def.name
            );
            assert_ne!(def.field_type, FieldType::Autonumber);
            let Assigned::Value(value) = value else {
                assert!(matches!(def.field_type, FieldType::Reference { .. }));
                continue;
            };
            let expected = match def.field_type.value_type() {
                Some(ValueType::Int) => Some(ValueType::BigInt),
                other => other,
            };
            match value {
                Value::Null => assert!(!def.required, "{} is null", def.name),
                value => assert_eq!(value.value_type(), expected, "{}", def.name),
            }
        }
    }

    /// Whatever the caller lets a row refer to is asked for.
    fn references<'v>(
        &self,
        entity: EntityId,
        given: impl Iterator<Item = &'v (FieldId, Assigned)>,
        checks: &[ReferenceCheck],
    ) {
        for (field, value) in given {
            let def = self.catalog.field(entity, *field);
            let refers =
                matches!(def.field_type, FieldType::Reference { .. }) && *value != Assigned::Value(Value::Null);
            let asked = checks
                .iter()
                .any(|check| check.field == *field && check.target == *value);
            assert!(asked || !refers, "{} is not asked for", def.name);
        }
    }

    fn rows(&self, rows: Selector) {
        if let Selector::Filter { list, at_most } = rows {
            assert_eq!(list.page.limit, at_most + 1);
            let slot = Slot {
                key: "rows".to_owned(),
                kind: SlotKind::Rows(list),
            };
            let plan = Plan {
                roots: vec![slot],
                cost: 0,
            };
            check_sql(self.catalog, &plan);
        }
    }

    /// What goes with the rows of an entity is known.
    fn cascade(&self, gone: EntityId) {
        for entity in self.catalog.entities.values() {
            let goes_too = entity.fields.iter().any(|field| {
                matches!(&field.field_type, FieldType::Reference { to, on_delete: OnDelete::Cascade } if to.contains(&gone))
            });
            assert!(
                !goes_too || self.deleted.contains(&entity.id),
                "{} goes unasked",
                entity.name
            );
        }
    }
}
