//! Faults in a formula's text.

use std::ops::Range;

/// A fault in a formula's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) check: &'static str,
    /// Bytes of the formula's text.
    pub(crate) range: Range<usize>,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

/// Collects the faults of one formula.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults(pub(crate) Vec<Fault>);

impl Faults {
    pub(crate) fn error(&mut self, check: &'static str, range: Range<usize>, message: impl Into<String>) -> &mut Fault {
        self.0.push(Fault {
            check,
            range,
            message: message.into(),
            hint: None,
        });
        let last = self.0.len() - 1;
        &mut self.0[last]
    }
}

impl Fault {
    pub(crate) fn hint(&mut self, hint: impl Into<String>) -> &mut Self {
        self.hint = Some(hint.into());
        self
    }

    /// "Did you mean", if one is near enough; else the hint stays.
    pub(crate) fn nearest<'a>(&mut self, name: &str, candidates: impl IntoIterator<Item = &'a str>) -> &mut Self {
        if let Some(near) = freehold_base::nearest(name, candidates) {
            self.hint = Some(format!("did you mean `{near}`?"));
        }
        self
    }
}
