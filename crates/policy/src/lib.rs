//! Rules: parsed and type-checked against the catalog, reduced for a role set to [`Access`].
//!
//! [`Policy`] is every rule of a bundle; [`Access`] is what is left of it once profile and roles are known, and the only maker
//! of [`source::RowSource`] and [`source::ReadableField`], of which plans are made. A query without its guard therefore does not compile.

pub mod operand;
pub mod predicate;

mod condition;
mod mentions;
mod never;
mod wall;
pub mod rule;
pub mod token;
pub mod gate;
pub mod policy;
mod lint;
mod index;

mod reduce;
pub mod access;
pub mod source;
mod visible;

pub mod explain;

#[cfg(test)]
mod eval;
#[cfg(test)]
mod world;

pub use access::{Access, RoleSet};
pub use policy::Policy;
