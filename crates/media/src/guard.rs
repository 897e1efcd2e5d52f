//! A panic in a decoder costs one file.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// What `work` gives, or nothing if it panics.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    // Unwind safe: whatever the closure had in its hands is dropped, or written to once more before it is read.
    catch_unwind(AssertUnwindSafe(work)).ok()
}
