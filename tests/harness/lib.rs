//! What the black-box tests share: servers to ask, people to ask as, databases to ask on, and a second opinion on every answer.
//! Nothing here knows how Freehold works inside; HTTP is the only door.
//! Run the tests with `cargo xtask test`, which brings a PostgreSQL server and a built program.

#![expect(
    clippy::missing_panics_doc,
    reason = "a harness panics when the world is not as the tests need it"
)]

mod authority;
mod balancer;
mod database;
mod folder;
pub mod generate;
mod keeper;
mod listener;
pub mod peers;
mod person;
mod program;
pub mod proof;
pub mod proxy;
mod random;
pub mod raw;
pub mod reference;
mod served;
mod server;
mod settings;
mod sink;
mod stored;

pub use authority::{Authority, Identity, TlsAnswer, TlsClient, TlsConnection, Versions};
pub use balancer::Balancer;
pub use database::{Database, Fresh};
pub use folder::{Folder, example, fixture};
pub use listener::{Events, Socket};
pub use person::{Answer, Person, without_request_id};
pub use program::{Finished, Running, command, command_with_input};
pub use random::Random;
pub use served::Served;
pub use server::{Server, Start};
pub use settings::{crashes, proof_cases, proof_seed, repository, updates_snapshots};
pub use sink::{Mail, Offers, Sink};
pub use stored::{Reader, Tables};

/// Makes two tests of each function: on SQLite, and on PostgreSQL.
#[macro_export]
macro_rules! on_both_databases {
    ($(fn $name:ident($database:ident) $body:block)+) => { $(
        mod $name {
            #[test]
            fn sqlite() {
                super::$name($crate::Database::Sqlite);
            }

            #[test]
            fn postgres() {
                super::$name($crate::Database::Postgres);
            }
        }

        fn $name($database: $crate::Database) $body
    )+ };
}
