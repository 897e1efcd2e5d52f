//! A panic in a decoder costs one file.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// What `work` gives, or nothing if it panics.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    // Unwind safe: whatever the closure had in its hands is dropped, or written to once more before it is read.
    catch_unwind(AssertUnwindSafe(work)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_nothing() {
        let bytes = [1_u8, 2];
        assert_eq!(caught(|| bytes.len()), Some(2));
        assert_eq!(caught(|| bytes[bytes.len()]), None);
    }
}
