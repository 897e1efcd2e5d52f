//! Model → catalog: every name looked up, every implicit part filled in, every fault told.

mod access;
mod administration;
mod app;
mod attributes;
mod builtin;
mod draft;
mod encryption;
mod field_types;
mod fields;
mod formulas;
mod graphql_names;
mod identity;
mod keys;
mod lint;
mod names;
mod tokens;

pub(crate) use attributes::outside;

use super::{Catalog, EntityDef, EntityId, Identity, SecurityLevel, Tenancy};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::model::{Lost, Model, Name};
use crate::source::Sources;
use indexmap::IndexMap;

/// Resolves a model. A catalog is given even beside errors, for the checks that follow; the caller must not use it then.
pub(crate) fn resolve(model: &Model, lost: Lost, sources: &Sources, diagnostics: &mut Diagnostics) -> Option<Catalog> {
    let level = model
        .security
        .as_ref()
        .map_or(SecurityLevel::Production, |level| level.value);
    let mut context = Context {
        model,
        level,
        lost,
        sources,
        diagnostics,
        drafts: draft::Drafts::new(),
        entities: IndexMap::new(),
        tenancy: None,
    };
    let app = app::name(&mut context);
    context.drafts = draft::collect(&mut context)?;
    let encryption_keys = encryption::keys(&mut context);
    fields::resolve(&mut context);
    formulas::resolve(&mut context);
    keys::resolve(&mut context);
    context.tenancy = builtin::tenancy(&mut context);
    encryption::check(&mut context, &encryption_keys);
    let user_tokens = tokens::user_tokens(&mut context);
    tokens::record_tokens(&mut context, &user_tokens);
    let permission_sets = access::permission_sets(&mut context);
    let profiles = access::profiles(&mut context);
    let roles = access::roles(&mut context);
    let founder_roles = administration::founder_roles(&mut context, &roles);
    let mut catalog = Catalog {
        app,
        security: level,
        anonymous_profile: access::stated_profile(&mut context, "anonymous_profile", model.anonymous_profile.as_ref()),
        default_profile: access::stated_profile(&mut context, "default_profile", model.default_profile.as_ref()),
        tenancy: context.tenancy,
        user: context.drafts.user,
        entities: std::mem::take(&mut context.entities),
        keys: encryption_keys,
        user_tokens,
        permission_sets,
        profiles,
        roles,
        founder_roles,
        hosts: Vec::new(),
        passwords: app::passwords(&mut context),
        identity: Identity::default(),
        limits: app::limits(&mut context),
    };
    catalog.hosts = app::hosts(&mut context, &catalog);
    catalog.identity = identity::resolve(&mut context, &catalog);
    graphql_names::check(&mut context, &catalog);
    lint::check(&mut context, &mut catalog);
    Some(catalog)
}

/// What every step needs.
struct Context<'a> {
    model: &'a Model,
    level: SecurityLevel,
    lost: Lost,
    /// The files, for places within a text.
    sources: &'a Sources,
    diagnostics: &'a mut Diagnostics,
    drafts: draft::Drafts<'a>,
    /// Filled by `fields`; the order is that of the drafts.
    entities: IndexMap<String, EntityDef>,
    tenancy: Option<Tenancy>,
}

impl Context<'_> {
    /// Faults of safety refuse a model that may be published, and warn before.
    fn security_severity(&self) -> Severity {
        match self.level {
            SecurityLevel::Production => Severity::Error,
            SecurityLevel::Open | SecurityLevel::Prototype => Severity::Warning,
        }
    }

    /// Tells that a name stands for nothing, unless its declaration was left out for a fault of its own.
    fn unknown<'n>(&mut self, check: &'static str, noun: &str, name: &Name, known: impl IntoIterator<Item = &'n str>) {
        if !self.lost.contains(&name.value) {
            self.diagnostics
                .error(check, name.span, format!("unknown {noun} `{}`", name.value))
                .nearest(&name.value, known);
        }
    }

    /// Tells that a name cannot be one.
    fn check_name(&mut self, noun: &str, name: &Name) -> bool {
        if names::is_name(&name.value) {
            return true;
        }
        let told: &mut Diagnostic = self.diagnostics.error(
            "invalid-name",
            name.span,
            format!("`{}` cannot be the name of {noun}", name.value),
        );
        told.hint(match names::suggest(&name.value) {
            Some(better) => format!("write `{better}`"),
            None => "a name is snake_case: a letter, then letters, digits and `_`, 63 at most".to_owned(),
        });
        self.lost.add(&name.value);
        false
    }

    /// Finds an entity, or tells that there is none.
    fn entity(&mut self, name: &Name) -> Option<EntityId> {
        let found = self.drafts.find(&name.value);
        if found.is_none() {
            let known: Vec<String> = self.drafts.names().map(str::to_owned).collect();
            self.unknown("unknown-entity", "entity", name, known.iter().map(String::as_str));
        }
        found
    }

    /// Finds a field of a resolved entity, or tells that there is none.
    fn field(&mut self, entity: EntityId, name: &Name) -> Option<super::FieldId> {
        let def = &self.entities[entity.0 as usize];
        if let Some(field) = def.find_field(&name.value) {
            return Some(field.id);
        }
        let (noun, known) = (
            format!("field of `{}`", def.name),
            def.fields.iter().map(|field| field.name.clone()).collect::<Vec<_>>(),
        );
        if self.lost.contains(&name.value) {
            return None;
        }
        self.diagnostics
            .error("unknown-field", name.span, format!("unknown {noun}: `{}`", name.value))
            .nearest(&name.value, known.iter().map(String::as_str));
        None
    }

    fn def(&self, entity: EntityId) -> &EntityDef {
        &self.entities[entity.0 as usize]
    }
}
