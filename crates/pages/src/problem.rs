//! What was wrong with what a form sent.

use maud::{Markup, html};

/// One thing that was wrong.
#[derive(Clone, Debug)]
pub struct Problem {
    /// `name` of the field it is about, as the form has it; `None` if it is about the whole.
    pub field: Option<&'static str>,
    /// A sentence for the reader. It must not say what a caller may not know.
    pub message: String,
}

impl Problem {
    /// About the whole form.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            field: None,
            message: message.into(),
        }
    }

    /// About one field.
    pub fn of(field: &'static str, message: impl Into<String>) -> Self {
        Self {
            field: Some(field),
            message: message.into(),
        }
    }
}

/// What the field `name` is told, if anything.
pub(crate) fn message_of<'a>(problems: &'a [Problem], name: &str) -> Option<&'a str> {
    problems
        .iter()
        .find(|it| it.field == Some(name))
        .map(|it| it.message.as_str())
}

/// All of them, above the form. `fields` are the ids a problem may lead to.
pub(crate) fn summary(problems: &[Problem], fields: &[&str]) -> Markup {
    html! {
        @if !problems.is_empty() {
            div.problems id="problems" role="alert" {
                @match problems {
                    [only] => p { (linked(only, fields)) },
                    several => {
                        p { strong { "Some things need another look:" } }
                        ul { @for problem in several { li { (linked(problem, fields)) } } }
                    },
                }
            }
        }
    }
}

fn linked(problem: &Problem, fields: &[&str]) -> Markup {
    html! {
        @match problem.field {
            Some(field) if fields.contains(&field) => a href={ "#" (field) } { (problem.message) },
            _ => (problem.message),
        }
    }
}
