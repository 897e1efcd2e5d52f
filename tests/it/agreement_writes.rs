//! SQLite, PostgreSQL and the reference write the same: random models, data, callers and mutations.
//! `cargo xtask prove` does the same, for longer. `FREEHOLD_PROOF_SEED` and `FREEHOLD_PROOF_CASES` say where to begin and how many models to try.

use freehold_tests::proof::{Size, Tally, prove};
use freehold_tests::{on_both_databases, proof_cases, proof_seed};

const CASES: u64 = 6;

const SIZE: Size = Size {
    mutations: 100,
    looks_every: 25,
};

on_both_databases! {
    fn every_write_is_the_reference_s(database) {
        let mut tally = Tally::default();
        for case in 0..proof_cases(CASES) {
            if let Err(disagreement) = prove(database, proof_seed() + case, SIZE, &mut tally) {
                panic!("{disagreement}");
            }
        }
        // A proof in which nothing happens proves nothing.
        let refused: u64 = tally.refused.values().sum();
        assert!(tally.carried_out > 20 && refused > 20, "{tally}");
        for code in ["NOT_FOUND", "FORBIDDEN", "CONFLICT", "STALE_VERSION"] {
            assert!(proof_cases(CASES) < CASES || tally.refused.contains_key(code), "nothing was refused with {code}: {tally}");
        }
    }
}
