//! The GraphQL schema of one role set, and requests against it. The only place that knows async-graphql.
//!
//! `build` makes the types a role set sees; `prepare` takes a request through `text` (bounds before parsing), `rewrite` (newer spellings), `parse`, `limits`,
//! `validate`, `coerce` (variables) and `convert` to an [`operation::Operation`]. async-graphql parses and answers introspection.

pub mod operation;
pub mod shape;
pub mod visible;

mod build;
mod coerce;
mod convert;
mod document;
mod error;
mod introspection;
mod limits;
mod parse;
mod prepare;
mod project;
mod rewrite;
mod role_schema;
mod root_write;
mod scalar;
mod sdl;
mod text;
mod type_system;
mod validate;

#[cfg(test)]
mod tests;

pub use coerce::{VariableSignature, Variables};
pub use error::{PathSegment, Problem, RequestError};
pub(crate) use parse::check_syntax;
pub use prepare::{CheckedText, Prepared, RequestText};
pub use role_schema::RoleSchema;
pub use root_write::RootWrite;
pub use text::check_nesting;
