//! Black-box tests of the server, one file a capability. Every test runs on SQLite and on PostgreSQL.

mod agreement;
