//! A help desk compiled from a model, and callers who write in it.

use crate::catalog::{Catalog, EntityDef, FieldDef, FieldId, FieldType};
use crate::graphql::visible::{Visible, VisibleEntity, VisibleField, VisibleInput, VisibleWrites};
use crate::source::{SourceFile, Sources};

pub(super) fn catalog() -> Catalog {
    let file = SourceFile {
        name: "app.yaml".into(),
        text: include_str!("desk.yaml").into(),
    };
    crate::compile(&Sources::new(vec![file])).catalog.unwrap()
}

/// What a caller sees and writes, put together entity by entity.
pub(super) struct Caller<'c> {
    catalog: &'c Catalog,
    visible: Visible,
}

/// What a field of the model is written with; `*` stands for all that an operation can take.
type Names<'n> = &'n [&'n str];

impl<'c> Caller<'c> {
    pub(super) fn new(catalog: &'c Catalog) -> Self {
        Self {
            catalog,
            visible: Visible::default(),
        }
    }

    /// Everybody and everything: all is seen and written.
    pub(super) fn of_everything(catalog: &'c Catalog) -> Self {
        let mut caller = Self::new(catalog);
        for entity in catalog.entities.values() {
            caller = caller.sees(&entity.name, &["*"]);
            if entity.kind == crate::catalog::EntityKind::Ordinary {
                caller = caller
                    .creates(&entity.name, &["*"])
                    .updates(&entity.name, &["*"])
                    .deletes(&entity.name)
                    .transitions(&entity.name, &["*"]);
            }
        }
        caller
    }

    pub(super) fn sees(mut self, entity: &str, fields: Names<'_>) -> Self {
        let def = self.catalog.find_entity(entity).unwrap();
        let fields = named(def, fields, |_| true).into_iter();
        let seen = fields.map(|id| VisibleField { id, always: true }).collect();
        let entity = self.entity(entity);
        (entity.can_list, entity.can_read, entity.fields) = (true, true, seen);
        self
    }

    /// By id and by reference, and not in lists.
    pub(super) fn reads(self, entity: &str, fields: Names<'_>) -> Self {
        let mut caller = self.sees(entity, fields);
        caller.entity(entity).can_list = false;
        caller
    }

    pub(super) fn creates(mut self, entity: &str, fields: Names<'_>) -> Self {
        let def = self.catalog.find_entity(entity).unwrap();
        let given = named(def, fields, |field| is_given(field) && !field.state)
            .into_iter()
            .map(|id| input(def, id));
        self.entity(entity).writes.create = Some(given.collect());
        self
    }

    pub(super) fn updates(mut self, entity: &str, fields: Names<'_>) -> Self {
        let def = self.catalog.find_entity(entity).unwrap();
        let given = named(def, fields, |field| is_given(field) && !field.state && !field.immutable);
        self.entity(entity).writes.update = Some(given);
        self
    }

    pub(super) fn deletes(mut self, entity: &str) -> Self {
        self.entity(entity).writes.delete = true;
        self
    }

    pub(super) fn transitions(mut self, entity: &str, fields: Names<'_>) -> Self {
        let def = self.catalog.find_entity(entity).unwrap();
        self.entity(entity).writes.transition = named(def, fields, |field| field.state);
        self
    }

    pub(super) fn holds(mut self, actions: Names<'_>) -> Self {
        self.visible.actions = actions.iter().map(|action| (*action).to_owned()).collect();
        self
    }

    /// May say that of a new tenant.
    pub(super) fn founds(mut self, fields: Names<'_>) -> Self {
        let tenant = self.catalog.tenancy.unwrap().entity;
        let def = self.catalog.entity(tenant);
        let given = named(def, fields, |field| is_given(field) && !field.state).into_iter();
        self.visible.founding = given.map(|id| input(def, id)).collect();
        self
    }

    pub(super) fn schema(self) -> crate::graphql::RoleSchema {
        crate::graphql::RoleSchema::build(self.catalog, &self.visible)
    }

    fn entity(&mut self, name: &str) -> &mut VisibleEntity {
        let id = self.catalog.find_entity(name).unwrap().id;
        let entities = &mut self.visible.entities;
        let at = entities.partition_point(|entity| entity.id < id);
        if entities.get(at).is_none_or(|entity| entity.id != id) {
            let entity = VisibleEntity {
                id,
                can_list: false,
                can_read: false,
                fields: Vec::new(),
                writes: VisibleWrites::default(),
            };
            entities.insert(at, entity);
        }
        &mut entities[at]
    }
}

fn input(def: &EntityDef, id: FieldId) -> VisibleInput {
    let field = def.field(id);
    VisibleInput {
        id,
        required: field.required && field.default_value().is_none(),
    }
}

/// Fields by name.
fn named(def: &EntityDef, names: Names<'_>, all: impl Fn(&FieldDef) -> bool) -> Vec<FieldId> {
    let listed = |field: &&FieldDef| {
        if names == ["*"] {
            all(field)
        } else {
            names.contains(&field.name.as_str())
        }
    };
    def.fields.iter().filter(listed).map(|field| field.id).collect()
}

/// Whether a rule that lists it under `write` gives it to its caller.
fn is_given(field: &FieldDef) -> bool {
    field.system.is_none()
        && !matches!(
            field.field_type,
            FieldType::Autonumber | FieldType::List { .. } | FieldType::File | FieldType::Image
        )
}
