//! Plan → SQL → rows → JSON bytes; and an app's tables. The only room that knows an app's SQL.
//!
//! A [`Database`] runs a [`program::Program`] in one round trip and one snapshot; `write` walks the program's layout over the rows.
//! `tables` brings an environment's tables to what its catalog says, and `seed` fills them for the first time.

mod ask;
pub mod audit;
mod batch;
pub mod binder;
pub mod cells;
mod database;
mod dialect;
mod error;
mod json;
pub mod layout;
mod members;
pub mod mutate;
pub mod program;
mod query_plan;
mod run;
mod scratch;
pub mod sealed;
mod seed;
pub mod sql;
pub mod tables;
mod tags;
mod transaction;
mod write;

pub use batch::{Batch, Run, digest};
pub use binder::Binder;
pub use database::{Counts, Database, Settings};
pub use dialect::postgres::{RELAY_BYTES_MAX, Relay};
pub use error::{Error, Result};
pub use members::{Letter, LetterKind, MemberKey, Onlooker};
pub use mutate::{
    ChangedRow, Deadline, Drafts, Judging, Readings, Refused, Rehearsed, Whole, WriteRequest, WrittenRow, judgings,
};
pub use query_plan::PlanDetail;
pub use run::Accompanied;
pub use seed::seals;
