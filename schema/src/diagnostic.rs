//! A fault in a model, told so that a person can mend it.

mod render;

pub use render::{render, to_json};

use crate::source::{Sources, Span};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The model does not compile.
    Error,
    /// It compiles, and is probably not what was meant.
    Warning,
}

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad.
    pub severity: Severity,
    /// Stable kebab-case name of the check, e.g. `unknown-field`.
    pub check: &'static str,
    /// What is wrong: lower case, no full stop, user input in backticks.
    pub message: String,
    /// Where; `None` when it is about something that is not there.
    pub span: Option<Span>,
    /// What to do about it.
    pub hint: Option<String>,
    /// Another place that belongs to it, with what it shows.
    pub related: Option<(Span, String)>,
}

/// Collects faults, so that all are reported in one run.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// Adds an error.
    pub fn error(&mut self, check: &'static str, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.push(Severity::Error, check, Some(span), message.into())
    }

    /// Adds a warning, or an error.
    pub fn tell(
        &mut self,
        severity: Severity,
        check: &'static str,
        span: Span,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.push(severity, check, Some(span), message.into())
    }

    /// Adds a warning.
    pub fn warning(&mut self, check: &'static str, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.push(Severity::Warning, check, Some(span), message.into())
    }

    /// Adds an error that has no place in the text.
    pub fn error_nowhere(&mut self, check: &'static str, message: impl Into<String>) -> &mut Diagnostic {
        self.push(Severity::Error, check, None, message.into())
    }

    fn push(
        &mut self,
        severity: Severity,
        check: &'static str,
        span: Option<Span>,
        message: String,
    ) -> &mut Diagnostic {
        self.0.push(Diagnostic {
            severity,
            check,
            message,
            span,
            hint: None,
            related: None,
        });
        let last = self.0.len() - 1;
        &mut self.0[last]
    }

    /// Takes over the faults of another collection.
    pub fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// How many errors and warnings there are.
    pub fn counts(&self) -> (usize, usize) {
        let errors = self.0.iter().filter(|fault| fault.severity == Severity::Error).count();
        (errors, self.0.len() - errors)
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the model must be refused.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|fault| fault.severity == Severity::Error)
    }

    /// Errors first, then by file and position.
    pub fn sorted(&self) -> Vec<&Diagnostic> {
        let mut faults: Vec<&Diagnostic> = self.0.iter().collect();
        faults.sort_by_key(|fault| (fault.severity, fault.span));
        faults
    }

    /// The faults as they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.iter()
    }
}

impl Diagnostic {
    /// Adds what to do about it.
    pub fn hint(&mut self, hint: impl Into<String>) -> &mut Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds another place that belongs to it.
    pub fn also(&mut self, span: Span, label: impl Into<String>) -> &mut Self {
        self.related = Some((span, label.into()));
        self
    }

    /// Adds "did you mean" when a candidate is near enough to `name`.
    pub fn nearest<'a>(&mut self, name: &str, candidates: impl IntoIterator<Item = &'a str>) -> &mut Self {
        if let Some(near) = freehold_base::nearest(name, candidates) {
            self.hint = Some(format!("did you mean `{near}`?"));
        }
        self
    }

    /// `file:line:column`, or nothing.
    pub fn place(&self, sources: &Sources) -> Option<String> {
        self.span.map(|span| {
            let (line, column) = sources.position(span);
            format!("{}:{line}:{column}", sources.file(span.file).name)
        })
    }
}
