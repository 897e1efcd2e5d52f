//! What is fuzzed, as plain functions: bytes in, a panic when a promise is broken.
//!
//! The fuzzer calls them (`fuzz_targets/`), and so does a test of the storage room, which needs no fuzzer: this folder is
//! compiled into it as a module.

mod app;
mod cursor;
mod formula;
mod model;
mod mutation;
mod query;
mod rule;
mod sharing;
mod vocabulary;

pub use cursor::cursor;
pub use formula::formula;
pub use model::model;
pub use query::query;
pub use rule::rule;
