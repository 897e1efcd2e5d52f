//! A mutation's plan as an outline that a reviewer can read: what is written, by whose rules, and what is asked first.

use crate::outline::outline as outline_of_plan;
use freehold_planner::mutation::{
    Administer, Administration, Answer, Assigned, Change, Create, MutationPlan, ReferenceCheck, RootAction, Selector,
    Step,
};
use freehold_policy::explain::explain;
use freehold_policy::predicate::{Predicate, RulePredicate};
use freehold_policy::source::FilterPredicate;
use freehold_policy::target::{Grant, WriteTarget};
use freehold_schema::catalog::{Catalog, EntityDef, EntityId, FieldId};
use serde_json::Value as Json;
use std::fmt::Write as _;

/// The outline of a mutation's plan.
pub(crate) fn outline(catalog: &Catalog, plan: &MutationPlan) -> String {
    let mut outline = Outline {
        catalog,
        out: String::new(),
        depth: 0,
    };
    outline.line(&format!("cost {}", plan.cost));
    for root in &plan.roots {
        outline.line(&format!("{} by {}", root.key, root.name));
        outline.within(|outline| outline.action(&root.action));
    }
    for target in plan.deletions.values() {
        outline.line("may go with it");
        outline.within(|outline| outline.target(target, &[]));
    }
    outline.out
}

struct Outline<'a> {
    catalog: &'a Catalog,
    out: String,
    depth: usize,
}

impl<'a> Outline<'a> {
    fn line(&mut self, text: &str) {
        writeln!(self.out, "{}{text}", "  ".repeat(self.depth)).expect("writing to a text");
    }

    fn within(&mut self, work: impl FnOnce(&mut Self)) {
        self.depth += 1;
        work(self);
        self.depth -= 1;
    }

    fn entity(&self, entity: EntityId) -> &'a EntityDef {
        self.catalog.entity(entity)
    }

    fn names(&self, entity: EntityId, fields: &[FieldId]) -> String {
        let names: Vec<&str> = fields
            .iter()
            .map(|field| self.entity(entity).field(*field).name.as_str())
            .collect();
        names.join(", ")
    }

    fn action(&mut self, action: &RootAction) {
        match action {
            RootAction::Text(text) => self.line(&format!("text {text}")),
            RootAction::One { step, answer } => {
                self.step(step);
                self.answer(answer);
            }
            RootAction::Many { steps, answer } => {
                for step in steps {
                    self.step(step);
                }
                self.answer(answer);
            }
            RootAction::Administer(administer) => self.administer(administer),
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Create(create) => self.create(create),
            Step::Update { rows, change } => self.update(rows, change),
            Step::Delete {
                rows,
                target,
                if_version,
                path,
            } => {
                let version = if_version.map_or_else(String::new, |version| format!(", at version {version}"));
                self.line(&format!(
                    "delete {}{version}, at {}",
                    self.entity(target.entity()).name,
                    place(path)
                ));
                self.within(|outline| {
                    outline.selector(rows, target.entity());
                    outline.target(target, &[]);
                });
            }
            Step::Upsert { key, create, change } => {
                let entity = self.entity(create.target.entity());
                let parts: Vec<String> = key
                    .iter()
                    .map(|(field, value)| format!("{} {value:?}", entity.field(*field).name))
                    .collect();
                self.line(&format!("upsert {} by {}", entity.name, parts.join(", ")));
                self.within(|outline| {
                    outline.line("there");
                    outline.within(|outline| outline.change(change));
                    outline.line("not there");
                    outline.within(|outline| outline.create(create));
                });
            }
        }
    }

    fn create(&mut self, create: &Create) {
        let entity = create.target.entity();
        self.line(&format!(
            "create {}, at {}",
            self.entity(entity).name,
            place(&create.path)
        ));
        self.within(|outline| {
            outline.line(&format!("named {}", outline.names(entity, &create.named)));
            outline.values(entity, &create.values);
            if !create.missing.is_empty() {
                outline.line(&format!("left to a preset {}", outline.names(entity, &create.missing)));
            }
            outline.references(entity, &create.references);
            outline.target(&create.target, &create.named);
            create.children.iter().for_each(|child| outline.step(child));
        });
    }

    fn update(&mut self, rows: &Selector, change: &Change) {
        self.line(&format!("update {}", self.entity(change.target.entity()).name));
        self.within(|outline| {
            outline.selector(rows, change.target.entity());
            outline.change(change);
        });
    }

    fn change(&mut self, change: &Change) {
        let entity = change.target.entity();
        let version = change
            .if_version
            .map_or_else(String::new, |version| format!(", at version {version}"));
        self.line(&format!("change, at {}{version}", place(&change.path)));
        self.within(|outline| {
            outline.values(entity, &change.values);
            outline.references(entity, &change.references);
            let changed: Vec<FieldId> = change.values.iter().map(|(field, _)| *field).collect();
            outline.target(&change.target, &changed);
            change.children.iter().for_each(|child| outline.step(child));
        });
    }

    fn selector(&mut self, rows: &Selector, entity: EntityId) {
        match rows {
            Selector::Id(id) => self.line(&format!("row {id}")),
            Selector::Child { id, by } => {
                let by = &self.entity(entity).field(*by).name;
                self.line(&format!("row {id} whose {by} is the parent"));
            }
            Selector::Filter { list, at_most } => {
                self.line(&format!(
                    "at most {at_most} rows, {} read, that fit {}",
                    list.page.limit,
                    explain(self.catalog, entity, &unguarded(&list.filter))
                ));
                self.line(&format!("guard {}", explain(self.catalog, entity, list.source.rows())));
            }
        }
    }

    fn values(&mut self, entity: EntityId, values: &[(FieldId, Assigned)]) {
        for (field, value) in values {
            let name = &self.entity(entity).field(*field).name;
            match value {
                Assigned::Value(value) => self.line(&format!("{name} = {value:?}")),
                Assigned::Parent => self.line(&format!("{name} = the parent")),
            }
        }
    }

    fn references(&mut self, entity: EntityId, references: &[ReferenceCheck]) {
        for check in references {
            let name = &self.entity(entity).field(check.field).name;
            let readable = match &check.source {
                Some(source) => {
                    let target = self.entity(source.entity());
                    format!(
                        "{} where {}",
                        target.name,
                        explain(self.catalog, target.id, source.rows())
                    )
                }
                None => "nothing that is there".to_owned(),
            };
            self.line(&format!("{name} refers to {readable}, at {}", place(&check.path)));
        }
    }

    /// The rules, and which of them take the named fields.
    fn target(&mut self, target: &WriteTarget, named: &[FieldId]) {
        let entity = target.entity();
        self.line(&format!("{} {}", target.operation().word(), self.entity(entity).name));
        self.within(|outline| {
            if target.grants().is_empty() {
                outline.line("by no rule");
            }
            for grant in target.grants() {
                outline.grant(entity, grant, named);
            }
        });
    }

    fn grant(&mut self, entity: EntityId, grant: &Grant, named: &[FieldId]) {
        let (set, position) = grant.rule();
        let takes = named.iter().all(|field| grant.writes(*field));
        let all = if takes {
            ""
        } else {
            ", which does not take all of these"
        };
        self.line(&format!("by rule {position} of {set}{all}"));
        self.within(|outline| {
            for (word, rows) in [
                ("stored", grant.stored()),
                ("new", grant.new_row()),
                ("moved", grant.moved()),
            ] {
                if *rows != Predicate::Constant(true) {
                    outline.line(&format!("{word} {}", explain(outline.catalog, entity, rows)));
                }
            }
            for (field, operand) in grant.presets() {
                let name = &outline.entity(entity).field(*field).name;
                outline.line(&format!("sets {name} = {operand:?}"));
            }
        });
    }

    fn answer(&mut self, answer: &Answer) {
        let when = if answer.before { "before" } else { "after" };
        self.line(&format!("answered {when}"));
        let text = outline_of_plan(self.catalog, &answer.plan);
        self.within(|outline| text.lines().for_each(|line| outline.line(line)));
    }

    fn administer(&mut self, administer: &Administer) {
        match &administer.what {
            Administration::CreateTenant {
                values,
                references,
                roles,
            } => {
                let tenant = self.catalog.tenancy.expect("an app with tenants").entity;
                self.line(&format!("create a tenant, its founder {}", roles.join(", ")));
                for (field, value) in values {
                    let name = &self.entity(tenant).field(*field).name;
                    self.line(&format!("{name} = {value:?}"));
                }
                self.references(tenant, references);
            }
            what => self.line(&format!("{what:?}")),
        }
        self.line(&format!("manages {}", administer.manages.join(", ")));
        let selected: Vec<String> = administer
            .selected
            .iter()
            .map(|(key, name)| format!("{key} = {name}"))
            .collect();
        self.line(&format!("selected {}", selected.join(", ")));
        if let Some(person) = &administer.person {
            self.answer(person);
        }
    }
}

/// The filter as a rule would say it: for reading.
fn unguarded(filter: &FilterPredicate) -> RulePredicate {
    let each = |parts: &[FilterPredicate]| parts.iter().map(unguarded).collect();
    match filter {
        Predicate::Constant(value) => Predicate::Constant(*value),
        Predicate::All(parts) => Predicate::All(each(parts)),
        Predicate::Any(parts) => Predicate::Any(each(parts)),
        Predicate::Not(part) => Predicate::Not(Box::new(unguarded(part))),
        Predicate::Leaf { field, test } => Predicate::Leaf {
            field: field.id(),
            test: test.clone(),
        },
        Predicate::Exists { .. } | Predicate::Count { .. } | Predicate::Caller(_) => {
            panic!("no case filters by related rows: {filter:?}")
        }
    }
}

/// `input.comments.create.0`
fn place(path: &[Json]) -> String {
    let steps: Vec<String> = path
        .iter()
        .map(|step| step.as_str().map_or_else(|| step.to_string(), str::to_owned))
        .collect();
    steps.join(".")
}
