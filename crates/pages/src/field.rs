//! Fields of forms: a label, a hint, an error, and the input they belong to.

use crate::problem::{Problem, message_of};
use maud::{Markup, html};

/// One `<input>` with all that belongs to it.
pub(crate) struct Field<'a> {
    /// Name in the form, and id on the page.
    pub(crate) name: &'static str,
    pub(crate) label: &'a str,
    pub(crate) kind: Kind,
    pub(crate) value: &'a str,
    /// Said below the label.
    pub(crate) hint: Option<String>,
    /// Whether the page starts here, if nothing was wrong.
    pub(crate) focus: bool,
}

/// What is typed into a field; decides its type, keyboard and completion.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The e-mail address one signs in with.
    Username,
    /// A new e-mail address.
    Email,
    /// A person's name.
    PersonName,
    /// A name for something of theirs.
    Label,
    CurrentPassword,
    /// With the fewest characters it may have.
    NewPassword(usize),
    /// Digits from an app.
    Code,
    RecoveryCode,
}

impl Kind {
    fn input_type(self) -> &'static str {
        match self {
            Self::Username | Self::Email => "email",
            Self::CurrentPassword | Self::NewPassword(_) => "password",
            Self::PersonName | Self::Label | Self::Code | Self::RecoveryCode => "text",
        }
    }

    /// HTML, section 4.10.18.7.1.
    fn autocomplete(self) -> &'static str {
        match self {
            Self::Username => "username",
            Self::Email => "email",
            Self::PersonName => "name",
            Self::CurrentPassword => "current-password",
            Self::NewPassword(_) => "new-password",
            Self::Code => "one-time-code",
            Self::Label | Self::RecoveryCode => "off",
        }
    }

    fn is_password(self) -> bool {
        matches!(self, Self::CurrentPassword | Self::NewPassword(_))
    }

    /// Whether a phone must leave the text as it is typed.
    fn is_verbatim(self) -> bool {
        !matches!(self, Self::PersonName | Self::Label)
    }
}

impl Field<'_> {
    pub(crate) fn render(&self, problems: &[Problem]) -> Markup {
        let wrong = message_of(problems, self.name);
        let described: Vec<String> = [
            self.hint.as_ref().map(|_| format!("{}-hint", self.name)),
            wrong.map(|_| format!("{}-error", self.name)),
        ]
        .into_iter()
        .flatten()
        .collect();
        let described = (!described.is_empty()).then(|| described.join(" "));
        let first_wrong = problems.iter().find_map(|it| it.field);
        let focus = first_wrong.map_or(self.focus, |it| it == self.name);
        let length_min = match self.kind {
            Kind::NewPassword(fewest) if fewest > 1 => Some(fewest),
            _ => None,
        };
        html! {
            div.field.wrong[wrong.is_some()] {
                label for=(self.name) { (self.label) }
                @if let Some(hint) = &self.hint { p.hint id={ (self.name) "-hint" } { (hint) } }
                @if let Some(wrong) = wrong { p.error id={ (self.name) "-error" } { (wrong) } }
                div.input {
                    input id=(self.name) name=(self.name) type=(self.kind.input_type()) value=[self.shown()]
                        autocomplete=(self.kind.autocomplete())
                        inputmode=[(self.kind == Kind::Code).then_some("numeric")]
                        autocapitalize=[self.kind.is_verbatim().then_some("none")]
                        spellcheck=[self.kind.is_verbatim().then_some("false")]
                        minlength=[length_min]
                        aria-describedby=[described] aria-invalid=[wrong.map(|_| "true")]
                        required autofocus[focus];
                    @if self.kind.is_password() {
                        button.quiet.show type="button" hidden data-show=(self.name) aria-pressed="false" {
                            "Show" span.unseen { " what is typed" }
                        }
                    }
                }
            }
        }
    }

    /// What stands in the field. A secret is never sent back.
    fn shown(&self) -> Option<&str> {
        match self.kind {
            Kind::CurrentPassword | Kind::NewPassword(_) | Kind::Code | Kind::RecoveryCode => None,
            Kind::Username | Kind::Email | Kind::PersonName | Kind::Label => {
                (!self.value.is_empty()).then_some(self.value)
            }
        }
    }
}

/// `At least n characters.`, where that says anything.
pub(crate) fn length_hint(fewest: usize) -> Option<String> {
    (fewest > 1).then(|| format!("At least {fewest} characters."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(kind: Kind, value: &str) -> Field<'_> {
        Field {
            name: "thing",
            label: "Thing",
            kind,
            value,
            hint: Some("A hint.".to_owned()),
            focus: true,
        }
    }

    #[test]
    fn an_error_belongs_to_its_field() {
        let problems = [Problem::of("thing", "Not so.")];
        let markup = field(Kind::Username, "a@b.example").render(&problems).into_string();
        assert!(
            markup.contains(r#"aria-describedby="thing-hint thing-error" aria-invalid="true""#),
            "{markup}"
        );
        assert!(
            markup.contains(r#"<p class="error" id="thing-error">Not so.</p>"#),
            "{markup}"
        );
        assert!(markup.contains(" autofocus"));
        let elsewhere = [Problem::of("other", "Not so.")];
        let markup = field(Kind::Username, "").render(&elsewhere).into_string();
        assert!(
            !markup.contains("aria-invalid") && !markup.contains("autofocus"),
            "{markup}"
        );
    }

    #[test]
    fn a_secret_is_never_sent_back() {
        for kind in [
            Kind::CurrentPassword,
            Kind::NewPassword(8),
            Kind::Code,
            Kind::RecoveryCode,
        ] {
            assert!(!field(kind, "hunter2").render(&[]).into_string().contains("hunter2"));
        }
    }
}
