//! What the API is: model → catalog → GraphQL schema. Pure: no input or output, no clock.
//!
//! `model` reads YAML with positions, `catalog` resolves it into one immutable, indexed whole, `seed` reads development
//! data, `policy_test` what is to be proved on it, `operations` what clients send, and `graphql` builds the schema a role set sees and turns a request's text into an [`graphql::operation::Operation`].

pub mod catalog;
mod compile;
pub mod diagnostic;
pub mod formula;
pub mod graphql;
pub mod model;
pub mod operations;
pub mod policy_test;
pub mod seed;
pub mod source;
pub mod value;
pub mod yaml;

pub use compile::{Compiled, compile};
