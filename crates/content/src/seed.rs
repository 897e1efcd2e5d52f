//! x
pub fn clean_seed() {}
