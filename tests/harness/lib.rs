//! What the black-box tests share: servers to ask, people to ask as, databases to ask on, and a second opinion on every answer.
//! Nothing here knows how Freehold works inside; HTTP is the only door.
//! Run the tests with `cargo xtask test`, which brings a PostgreSQL server and a built program.

#![expect(
    clippy::missing_panics_doc,
    reason = "a harness panics when the world is not as the tests need it"
)]

mod authenticator;
mod authority;
mod balancer;
mod browser;
mod database;
mod folder;
pub mod generate;
mod keeper;
mod letters;
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
mod totp;

pub use authenticator::{Passkey, Scene};
pub use authority::{Authority, Identity, TlsAnswer, TlsClient, TlsConnection, Versions};
pub use balancer::Balancer;
pub use browser::{Browser, Reply};
pub use database::{Database, Fresh};
pub use folder::{Folder, example, fixture};
pub use letters::{Letter, letter_to, letters};
pub use listener::{Events, Socket};
pub use person::{Answer, Person, without_request_id};
pub use program::{Finished, Running, command, command_with_input};
pub use random::Random;
pub use served::Served;
pub use server::{Server, Start};
pub use settings::{crashes, proof_cases, proof_seed, repository, updates_snapshots};
pub use sink::{Mail, Offers, Sink};
pub use stored::{Reader, Tables};
pub use totp::{code_at, code_now};

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
