//! Whether a rule lets a row be written, and what else must hold of it.

use super::super::clause::{Check, Rule};
use super::super::condition::{holds, resolve};
use super::super::decision::{Caller, Mode};
use super::super::model::{Entity, Kind};
use super::super::value::Val;
use super::super::world::{Row, RowId};
use super::{Decided, Writer};

impl Writer<'_> {
    /// The row as the first rule that lets it be written leaves it.
    pub(super) fn granted(
        &mut self,
        operation: &str,
        stored: Option<RowId>,
        proposed: &Row,
        changed: &[&str],
    ) -> Decided<Row> {
        self.judge();
        let rules = self.caller.rules(&self.world);
        let mut rules = rules
            .into_iter()
            .filter(|rule| rule.entity == proposed.entity && rule.allows(operation));
        let row = rules.find_map(|rule| self.grants(rule, operation, stored, proposed, changed));
        row.ok_or("FORBIDDEN")
    }

    /// may_write: the rule applies to the stored row, takes every changed field, and its check holds on the new row.
    fn grants(
        &self,
        rule: &Rule,
        operation: &str,
        stored: Option<RowId>,
        proposed: &Row,
        changed: &[&str],
    ) -> Option<Row> {
        let (world, caller) = (&self.world, self.caller);
        let applies =
            stored.is_none_or(|row| caller.reaches(world, row) && caller.applies(world, rule, operation, row));
        if !applies || !changed.iter().all(|name| rule.takes(name)) {
            return None;
        }
        let declared = world.model.entity(&proposed.entity);
        let mut row = proposed.clone();
        let mut moved = changed.to_vec();
        for (name, value) in &rule.presets {
            let field = declared.field(name);
            if stored.is_none() || !field.immutable {
                row.values.insert(name.clone(), resolve(world, caller, field, value));
                moved.push(name);
            }
        }
        // A rule that leaves out what must be there lets no such row be written.
        let is_complete = declared
            .fields
            .iter()
            .all(|field| !field.required || field.kind == Kind::Autonumber || !row.values[&field.name].is_null());
        let (scene, new) = world.beside(row.clone());
        let moves = declared
            .access_field
            .as_deref()
            .is_some_and(|field| moved.contains(&field));
        let opens = match stored {
            None => caller.applies(&scene, rule, operation, new),
            Some(_) => !moves || rule.all_records || caller.passes_gate(&scene, new, Mode::Write),
        };
        let judge = Caller {
            before: stored,
            ..caller.clone()
        };
        let is_checked = match (&rule.check, &rule.condition) {
            (Check::Any, _) | (Check::Condition, None) => true,
            (Check::Condition, Some(condition)) | (Check::Stated(condition), _) => {
                holds(&scene, &judge, new, condition)
            }
        };
        (is_complete && opens && is_checked && caller.reaches(&scene, new)).then_some(row)
    }

    pub(super) fn check_version(&self, row: RowId, version: Option<i64>) -> Decided<()> {
        let is_known = version.is_none_or(|version| *self.world.raw(row, "version") == Val::Int(version));
        if is_known { Ok(()) } else { Err("STALE_VERSION") }
    }

    /// No two rows, within the tenant, have the same values of a key. Nothing is equal to nothing.
    pub(super) fn check_keys(&self, declared: &Entity, row: RowId, proposed: &Row) -> Decided<()> {
        let same = |other: &RowId, name: &String| proposed.values[name].equals(self.world.raw(*other, name));
        // Tenants are rows of nobody but themselves: their keys hold among all of them.
        let within = |other: &RowId| {
            declared.find_field("tenant").is_none() || self.world.row_of(*other).tenant == proposed.tenant
        };
        for key in &declared.unique {
            let mut others = self
                .world
                .of(&declared.name)
                .filter(|other| *other != row && within(other));
            if others.any(|other| key.iter().all(|name| same(&other, name))) {
                return Err("CONFLICT");
            }
        }
        Ok(())
    }
}
