//! Writes of list fields, together with the row above.

use super::super::model::Kind;
use super::super::mutation::{Given, Input, Nested, Target};
use super::super::value::Val;
use super::super::world::RowId;
use super::{Decided, Place, Writer};
use std::sync::Arc;

impl Writer<'_> {
    /// Writes of list fields, after the row's own.
    pub(super) fn nested(&mut self, parent: RowId, input: &Input) -> Decided<()> {
        let model = Arc::clone(&self.world.model);
        let declared = model.entity(&self.world.row_of(parent).entity);
        for (name, given) in input {
            let (Given::Nested(nested), Kind::List { of, by }) = (given, &declared.field(name).kind) else {
                continue;
            };
            self.list(of, Place { by, parent }, nested)?;
        }
        Ok(())
    }

    fn list(&mut self, of: &str, place: Place<'_>, nested: &Nested) -> Decided<()> {
        for target in &nested.disconnect {
            let row = self.child(of, place, target)?;
            let nothing = (place.by.to_owned(), Given::Value(Val::Null));
            self.update(row, &vec![nothing], None, None)?;
        }
        for target in &nested.delete {
            let row = self.child(of, place, target)?;
            self.delete(row, None)?;
        }
        for (target, input, version) in &nested.update {
            let row = self.child(of, place, target)?;
            self.update(row, input, *version, None)?;
        }
        for target in &nested.connect {
            let row = self.find(of, target)?;
            self.update(row, &Input::new(), None, Some(place))?;
        }
        for input in &nested.create {
            self.create(of, input, Some(place))?;
        }
        Ok(())
    }

    /// A row of the parent's list.
    fn child(&self, of: &str, place: Place<'_>, target: &Target) -> Decided<RowId> {
        let row = self.find(of, target)?;
        if *self.world.raw(row, place.by) == Val::Row(place.parent) {
            Ok(row)
        } else {
            Err("NOT_FOUND")
        }
    }
}
