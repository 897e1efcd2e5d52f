//! What is told on standard error while the benchmark runs.

/// One line.
pub(crate) fn say(line: &str) {
    eprintln!("{line}");
}

/// So many tenants are in the database.
pub(crate) fn loaded(tenants: usize, of: usize) {
    if tenants.is_multiple_of(50) || tenants == of {
        eprintln!("  loaded {tenants} of {of} tenants");
    }
}
