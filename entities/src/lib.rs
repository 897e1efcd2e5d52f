//! sea-orm entities of the platform's own tables: the steps that make them are in `migrations`.
//!
//! Instants are microseconds since 1970 UTC. The tables of an app have no entities; `storage` writes their SQL from a plan.

pub mod catalog;
pub mod credential;
pub mod data_key;
pub mod entity;
pub mod factor;
pub mod identity;
pub mod rate;
pub mod recovery;
pub mod refresh;
pub mod reset;
pub mod session;
pub mod setting;
pub mod ticket;
