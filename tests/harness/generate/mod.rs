//! Random models, data and queries. The same seed makes the same.

mod condition;
mod data;
mod model;
mod mutation;
mod query;
mod schema;
mod writes;

pub use data::{Change, seed};
pub use model::{Draft, draft};
pub use mutation::Mutator;
pub use query::Asker;
pub use schema::Schema;
pub use writes::draft_with_writes;

/// Everybody's password in generated models.
pub const PASSWORD: &str = "correct-horse-battery";

/// The person who may read everything, in every tenant.
pub const OBSERVER: &str = "observer@example.test";

/// Texts that find faults: case, accents, the special characters of `LIKE`, of SQL and of JSON, and nothing at all.
pub(crate) const TEXTS: [&str; 12] = [
    "alpha",
    "Alpha",
    "ALPHA beta",
    "élan",
    "Élan vital",
    "beta_1",
    "betaX1",
    "100%",
    "100",
    r"back\slash",
    "it's \"so\"",
    "",
];

/// Members of the `state` of generated entities.
pub(crate) const STATES: [&str; 4] = ["new", "open", "in_progress", "closed"];

/// Members of the `tags` of generated entities.
pub(crate) const TAGS: [&str; 3] = ["red", "green", "dark_blue"];
