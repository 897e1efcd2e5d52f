//! x
pub fn check_model() {}
