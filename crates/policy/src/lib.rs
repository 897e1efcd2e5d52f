//! Rules: parsed and type-checked against the catalog, reduced for a role set to [`Access`].
//!
//! [`Policy`] is every rule of a bundle; [`Access`] is what is left of it once profile and roles are known, and the only maker
//! of [`source::RowSource`], [`source::ReadableField`] and [`target::WriteTarget`], of which plans are made. A query or a write
//! without its guard therefore does not compile.

pub mod operand;
pub mod predicate;

mod condition;
pub mod gate;
mod index;
mod lint;
mod mentions;
mod never;
pub mod policy;
pub mod rule;
pub mod token;
mod wall;

pub mod access;
mod reduce;
mod settled;
pub mod source;
pub mod target;
mod visible;

pub mod explain;
pub mod guards;
pub mod inquiry;
pub mod matrix;

#[cfg(test)]
mod eval;
#[cfg(test)]
mod world;

pub use access::{Access, RoleSet};
pub use policy::Policy;
