//! How far each right goes, read off one entity's access.

use super::{Extent, Way};
use crate::access::Access;
use crate::explain::explain;
use crate::operand::{Operand, SessionValue};
use crate::predicate::{Predicate, RulePredicate, Test};
use crate::reduce::{all, any};
use crate::settled::settled;
use crate::source::{Guard, RowSource};
use crate::target::Grant;
use crate::wall::wall;
use freehold_schema::catalog::{Catalog, EntityDef, EntityId, FieldDef, Operation, SystemField};

/// What is read off one entity's access.
pub(super) struct Extents<'a> {
    catalog: &'a Catalog,
    access: &'a Access,
    def: &'a EntityDef,
}

impl<'a> Extents<'a> {
    pub(super) fn new(catalog: &'a Catalog, access: &'a Access, def: &'a EntityDef) -> Self {
        Self { catalog, access, def }
    }

    /// On which rows an operation is allowed.
    pub(super) fn operation(&self, operation: Operation) -> Extent {
        match operation {
            Operation::Read => self.source(self.access.read(self.def.id)),
            Operation::List => self.source(self.access.list(self.def.id)),
            Operation::Create | Operation::Update | Operation::Delete | Operation::Transition => {
                self.grants(operation, &|_| true)
            }
        }
    }

    /// On which rows a field shows its value.
    pub(super) fn read(&self, field: &FieldDef) -> Extent {
        let Some(source) = self.access.read(self.def.id) else {
            return Extent::Never;
        };
        match source.guard(field.id) {
            None => Extent::Never,
            Some(Guard::Open) => self.source(Some(source)),
            Some(Guard::When(rows)) => self.rows(&all([self.within(source.rows()), self.within(rows)])),
        }
    }

    /// On which rows a caller may give the field's value.
    pub(super) fn write(&self, operation: Operation, field: &FieldDef) -> Extent {
        self.grants(operation, &|grant| grant.writes(field.id))
    }

    fn source(&self, source: Option<&RowSource>) -> Extent {
        source.map_or(Extent::Never, |source| self.rows(&self.within(source.rows())))
    }

    /// What some rules allow together. What they ask of a row as it is adds up; but only with what they ask of it afterwards.
    fn grants(&self, operation: Operation, counts: &dyn Fn(&Grant) -> bool) -> Extent {
        let target = self.access.target(self.def.id, operation);
        let mut ways: Vec<(RulePredicate, RulePredicate)> = Vec::new();
        for grant in target.grants().iter().filter(|grant| counts(grant)) {
            let (rows, then) = match operation {
                Operation::Create => (
                    self.owned(&self.within(grant.new_row()), grant),
                    Predicate::Constant(true),
                ),
                // What cannot be read cannot be found to be written.
                _ => {
                    let (before, then) = self.asked(grant);
                    let rows = [target.visible(), grant.stored(), &before].map(|rows| self.within(rows));
                    (all(rows), then)
                }
            };
            match ways.iter_mut().find(|(_, known)| *known == then) {
                Some((known, _)) => *known = any([known.clone(), rows]),
                None => ways.push((rows, then)),
            }
        }
        let of = |rows: &RulePredicate| self.text(rows);
        if ways.iter().any(|(rows, then)| of(rows).is_none() && of(then).is_none()) {
            return Extent::Always;
        }
        ways.retain(|(rows, then)| ![rows, then].contains(&&Predicate::Constant(false)));
        if ways.is_empty() {
            return Extent::Never;
        }
        let ways = ways.iter().map(|(rows, then)| Way {
            rows: of(rows),
            then: of(then),
        });
        Extent::Sometimes(ways.collect())
    }

    /// What is left to ask of a new row whose owner is its caller, as it is unless the caller says otherwise.
    fn owned(&self, rows: &RulePredicate, grant: &Grant) -> RulePredicate {
        let owner = self.def.find_system(SystemField::Owner);
        let given =
            owner.is_none_or(|owner| grant.writes(owner) || grant.presets().iter().any(|(preset, _)| *preset == owner));
        match rows {
            rows if given => rows.clone(),
            // Of somebody who is not signed in no comparison with `$user` is left.
            Predicate::Leaf {
                field,
                test: Test::Equal(Operand::Session(SessionValue::User)),
            } if Some(*field) == owner => Predicate::Constant(true),
            Predicate::All(parts) => all(parts.iter().map(|part| self.owned(part, grant))),
            Predicate::Any(parts) => any(parts.iter().map(|part| self.owned(part, grant))),
            Predicate::Not(part) => Predicate::not(self.owned(part, grant)),
            Predicate::Constant(_)
            | Predicate::Leaf { .. }
            | Predicate::Exists { .. }
            | Predicate::Count { .. }
            | Predicate::Caller(_) => rows.clone(),
        }
    }

    /// What a rule asks of a changed row: what is settled beforehand, and what depends on the change.
    fn asked(&self, grant: &Grant) -> (RulePredicate, RulePredicate) {
        let writes = |field| grant.writes(field) || grant.presets().iter().any(|(preset, _)| *preset == field);
        let (before, then) = settled(self.def, grant.new_row(), &writes);
        (before, self.within(&then))
    }

    /// The rows without the walls: those are the same for everybody, and are told once.
    fn within(&self, rows: &RulePredicate) -> RulePredicate {
        unwalled(self.catalog, self.def.id, rows)
    }

    fn rows(&self, rows: &RulePredicate) -> Extent {
        match rows {
            Predicate::Constant(false) => Extent::Never,
            Predicate::Constant(true) => Extent::Always,
            other => Extent::Sometimes(vec![Way {
                rows: self.text(other),
                then: None,
            }]),
        }
    }

    fn text(&self, rows: &RulePredicate) -> Option<String> {
        (*rows != Predicate::Constant(true)).then(|| explain(self.catalog, self.def.id, rows))
    }
}

/// The predicate over rows that are known to be of the request's tenant, as are the rows that it looks at.
fn unwalled(catalog: &Catalog, entity: EntityId, rows: &RulePredicate) -> RulePredicate {
    if catalog.is_walled(entity) && *rows == wall(catalog, entity) {
        return Predicate::Constant(true);
    }
    match rows {
        Predicate::All(parts) => all(parts.iter().map(|part| unwalled(catalog, entity, part))),
        Predicate::Any(parts) => any(parts.iter().map(|part| unwalled(catalog, entity, part))),
        Predicate::Not(part) => Predicate::not(unwalled(catalog, entity, part)),
        Predicate::Exists { link, source, inner } => Predicate::Exists {
            link: link.clone(),
            source: *source,
            inner: Box::new(unwalled(catalog, source.entity, inner)),
        },
        Predicate::Count {
            link,
            source,
            inner,
            test,
        } => Predicate::Count {
            link: link.clone(),
            source: *source,
            inner: Box::new(unwalled(catalog, source.entity, inner)),
            test: test.clone(),
        },
        Predicate::Constant(_) | Predicate::Leaf { .. } | Predicate::Caller(_) => rows.clone(),
    }
}
