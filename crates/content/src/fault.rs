//! What is wrong with a value.

/// One thing wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// A stable word: `type`, `required`, `min`, `max`, `length_min`, `length_max`, `pattern`, `control`, `nul`, `email`, `url`,
    /// `scheme`, `option`, `duplicate`, `depth`, `size`, `range` or `markup`.
    pub rule: &'static str,
    /// What is wrong and what would be right, for people. Does not repeat the value.
    pub message: String,
}

impl Fault {
    pub(crate) fn new(rule: &'static str, message: impl Into<String>) -> Self {
        Self {
            rule,
            message: message.into(),
        }
    }
}
