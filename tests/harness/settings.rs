//! What the environment says to the tests.

use std::path::{Path, PathBuf};

/// The folder of the repository.
pub fn repository() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// URL of a PostgreSQL server whose user may create databases.
///
/// # Panics
///
/// Without `FREEHOLD_TEST_POSTGRES`: a test that is left out looks like one that passes.
pub(crate) fn postgres_url() -> String {
    variable("FREEHOLD_TEST_POSTGRES").expect(
        "FREEHOLD_TEST_POSTGRES names no PostgreSQL server. `cargo xtask test` starts one and sets it; \
         by hand: FREEHOLD_TEST_POSTGRES=postgres://postgres@127.0.0.1:5432/postgres",
    )
}

/// The program, if it was built already.
pub(crate) fn program() -> Option<PathBuf> {
    variable("FREEHOLD_BIN").map(PathBuf::from)
}

/// Where cargo builds.
pub(crate) fn target() -> PathBuf {
    variable("CARGO_TARGET_DIR").map_or_else(|| repository().join("target"), PathBuf::from)
}

/// Where the agreement tests begin (`FREEHOLD_PROOF_SEED`).
pub fn proof_seed() -> u64 {
    variable("FREEHOLD_PROOF_SEED").map_or(1, |text| text.parse().expect("FREEHOLD_PROOF_SEED is a number"))
}

/// How many models the agreement tests try (`FREEHOLD_PROOF_CASES`).
pub fn proof_cases(default: u64) -> u64 {
    variable("FREEHOLD_PROOF_CASES").map_or(default, |text| text.parse().expect("FREEHOLD_PROOF_CASES is a number"))
}

/// How often the crash tests kill a server (`FREEHOLD_CRASHES`).
pub fn crashes(default: u64) -> u64 {
    variable("FREEHOLD_CRASHES").map_or(default, |text| text.parse().expect("FREEHOLD_CRASHES is a number"))
}

/// Whether snapshots are written instead of compared (`FREEHOLD_UPDATE_SNAPSHOTS`).
pub fn updates_snapshots() -> bool {
    variable("FREEHOLD_UPDATE_SNAPSHOTS").is_some()
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests have no configuration but the environment"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
