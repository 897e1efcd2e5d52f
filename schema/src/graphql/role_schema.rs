//! The schema of one role set.

use super::error::Refused;
use super::operation::Field;
use super::prepare::Prepared;
use super::sdl::Sdl;
use super::type_system::{TypeDef, TypeKind, TypeSystem};
use super::visible::Visible;
use super::{build, introspection};
use crate::catalog::Catalog;
use freehold_base::Limits;
use serde_json::value::RawValue;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// Introspection answers kept, and the longest query that is kept with one.
const KEPT_MAX: usize = 4;
const KEPT_QUERY_BYTES_MAX: usize = 8 << 10;

/// What a role set may ask. Shared by all callers who have the set; immutable but for what introspection keeps.
pub struct RoleSchema {
    system: TypeSystem,
    /// async-graphql's copy, made when someone first asks about the schema.
    dynamic: introspection::Dynamic,
    kept: Mutex<Vec<Kept>>,
}

/// An answer about the schema alone.
struct Kept {
    query: String,
    operation_name: Option<String>,
    limits: Limits,
    prepared: Prepared,
}

impl RoleSchema {
    /// Builds the schema: everything in `visible`, and nothing else.
    pub fn build(catalog: &Catalog, visible: &Visible) -> Self {
        Self {
            system: build::build(catalog, visible),
            dynamic: introspection::Dynamic::default(),
            kept: Mutex::new(Vec::new()),
        }
    }

    /// The schema in the schema definition language.
    pub fn sdl(&self) -> String {
        Sdl(&self.system).to_string()
    }

    /// An estimate of its memory in bytes; introspected, it takes about twice as much.
    pub fn weight_bytes(&self) -> usize {
        4096 + self.system.weight_bytes()
    }

    /// Whether something is kept that was made to answer questions about the schema.
    pub fn is_introspected(&self) -> bool {
        self.dynamic.is_made()
    }

    /// Forgets what was made to answer questions about the schema: most are asked once, by a developer's tools.
    pub fn forget_introspection(&self) {
        self.dynamic.forget();
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Whether an object type is the named type, implements it, or is a member of it: GraphQL's DoesFragmentTypeApply.
    pub fn applies(&self, condition: &str, object: &str) -> bool {
        condition == object
            || match self.system.get(condition).map(|def| &def.kind) {
                Some(TypeKind::Interface { possible, .. } | TypeKind::Union { possible }) => {
                    possible.iter().any(|name| name == object)
                }
                Some(
                    TypeKind::Object { .. } | TypeKind::Scalar { .. } | TypeKind::Enum { .. } | TypeKind::Input { .. },
                )
                | None => false,
            }
    }

    /// The type of a field, without `!` and list brackets; `None` if the type has no such field.
    pub fn field_type(&self, type_name: &str, field: &str) -> Option<&str> {
        self.system.field(type_name, field).map(|def| def.type_ref.name())
    }

    /// Whether the schema has a type of that name.
    pub fn has_type(&self, name: &str) -> bool {
        self.system
            .types
            .get(name)
            .is_some_and(|def: &TypeDef| !matches!(def.kind, TypeKind::Scalar { .. }))
    }

    pub(crate) fn system(&self) -> &TypeSystem {
        &self.system
    }

    /// Answers root fields about the schema.
    pub(crate) fn introspect(&self, fields: &[Field]) -> Result<Vec<(String, Box<RawValue>)>, Refused> {
        if fields.is_empty() {
            Ok(Vec::new())
        } else {
            introspection::run(&self.system, &self.dynamic, fields)
        }
    }

    pub(crate) fn find_introspection(
        &self,
        query: &str,
        operation_name: Option<&str>,
        limits: &Limits,
    ) -> Option<Prepared> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |kept: &&Kept| {
            kept.query == query && kept.operation_name.as_deref() == operation_name && kept.limits == *limits
        };
        kept.iter().find(same).map(|kept| kept.prepared.clone())
    }

    pub(crate) fn keep_introspection(
        &self,
        query: &str,
        operation_name: Option<&str>,
        limits: &Limits,
        prepared: &Prepared,
    ) {
        if query.len() > KEPT_QUERY_BYTES_MAX {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX {
            kept.remove(0);
        }
        let operation_name = operation_name.map(str::to_owned);
        kept.push(Kept {
            query: query.to_owned(),
            operation_name,
            limits: *limits,
            prepared: prepared.clone(),
        });
    }
}

impl fmt::Debug for RoleSchema {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("RoleSchema")
            .field("types", &self.system.types.len())
            .finish_non_exhaustive()
    }
}
