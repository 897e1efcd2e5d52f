//! The words of letters: ours, or the app's in its folder `mail/`, one file a kind.

use super::Kind;
use crate::error::Failure;
use std::path::Path;

/// The folder in the app's.
const FOLDER: &str = "mail";
/// Longest file.
const BYTES_MAX: u64 = 64 << 10;
/// What a template may name.
const NAMES: [&str; 3] = ["link", "app", "site"];

/// The words of every kind of letter.
#[derive(Clone, Debug)]
pub(crate) struct Templates([Template; Kind::ALL.len()]);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Template {
    subject: String,
    body: String,
}

/// A letter's words, filled in.
pub(super) struct Written {
    pub(super) subject: String,
    pub(super) body: String,
}

impl Templates {
    /// Reads those of an app.
    ///
    /// # Errors
    /// When one is malformed, or its file has the name of no kind.
    pub(crate) fn load(app: &Path) -> Result<Self, Failure> {
        let folder = app.join(FOLDER);
        let mut templates = Vec::new();
        for kind in Kind::ALL {
            let path = folder.join(format!("{}.txt", kind.name()));
            let own = read(&path)?;
            let template = Template::parse(own.as_deref().unwrap_or(kind.words()))
                .map_err(|what| Failure::new(format!("`{}`: {what}", path.display())).hint(HINT))?;
            templates.push(template);
        }
        no_others(&folder)?;
        let templates = templates
            .try_into()
            .map_err(|_| Failure::new("a kind of letter has no words"))?;
        Ok(Self(templates))
    }

    /// Writes a letter.
    pub(super) fn write(&self, kind: Kind, link: &str, app: &str, site: &str) -> Written {
        let Self(templates) = self;
        let template = &templates[kind as usize];
        let fill = |text: &str| filled(text, [link, app, site]);
        Written {
            // A line end in it would begin another header.
            subject: fill(&template.subject).chars().filter(|c| !c.is_control()).collect(),
            body: fill(&template.body),
        }
    }
}

const HINT: &str =
    "the first line is `Subject: …`; then come the words, with {{link}} on a line of its own, {{app}} and {{site}}";

impl Template {
    /// # Errors
    /// In words.
    fn parse(text: &str) -> Result<Self, String> {
        let (first, body) = text.split_once('\n').ok_or("there are no words in it")?;
        let subject = first
            .strip_prefix("Subject:")
            .ok_or("it does not begin with `Subject:`")?
            .trim();
        let body = body.trim();
        if subject.is_empty() || body.is_empty() {
            return Err("the subject or the words are empty".to_owned());
        }
        for name in names(subject).chain(names(body)) {
            let name = name?;
            if !NAMES.contains(&name) {
                return Err(format!("`{{{{{name}}}}}` stands for nothing"));
            }
        }
        // Subjects are shown and kept in more places than letters.
        if names(subject).any(|name| name == Ok("link")) {
            return Err("the link is in the subject".to_owned());
        }
        if !names(body).any(|name| name == Ok("link")) {
            return Err("the link is missing".to_owned());
        }
        Ok(Self {
            subject: subject.to_owned(),
            body: body.replace("\r\n", "\n") + "\n",
        })
    }
}

/// The names between double braces.
fn names(text: &str) -> impl Iterator<Item = Result<&str, String>> {
    text.split("{{").skip(1).map(|rest| {
        let (name, _) = rest.split_once("}}").ok_or("`{{` has no `}}`")?;
        Ok(name.trim())
    })
}

/// A text with values in the places of [`NAMES`]. What a value says is never a place itself.
fn filled(text: &str, values: [&str; 3]) -> String {
    let mut parts = text.split("{{");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once("}}").unwrap_or((part, ""));
        let value = NAMES.iter().zip(values).find(|(known, _)| **known == name.trim());
        out.push_str(value.map_or("", |(_, value)| value));
        out.push_str(rest);
    }
    out
}

fn read(path: &Path) -> Result<Option<String>, Failure> {
    use std::io::Read as _;
    let unreadable = |error| Failure::new(format!("cannot read `{}`: {error}", path.display()));
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let mut text = String::new();
    file.take(BYTES_MAX).read_to_string(&mut text).map_err(unreadable)?;
    Ok(Some(text))
}

/// A file whose name is misspelt would never be used.
fn no_others(folder: &Path) -> Result<(), Failure> {
    // No folder, no files.
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Ok(());
    };
    for name in entries.flatten().map(|entry| entry.file_name()) {
        let name = name.to_string_lossy();
        let kind = name.strip_suffix(".txt");
        if kind.is_some_and(|kind| Kind::ALL.iter().all(|known| known.name() != kind)) {
            let known = Kind::ALL.map(Kind::name).join(", ");
            return Err(
                Failure::new(format!("`{}` is no kind of letter", folder.join(&*name).display()))
                    .hint(format!("the kinds are {known}")),
            );
        }
    }
    Ok(())
}

impl Kind {
    /// Our own words.
    fn words(self) -> &'static str {
        match self {
            Self::Invitation => include_str!("letters/invitation.txt"),
            Self::Membership => include_str!("letters/membership.txt"),
            Self::PasswordReset => include_str!("letters/password_reset.txt"),
            Self::PasswordResetAsked => include_str!("letters/password_reset_asked.txt"),
            Self::VerifyAddress => include_str!("letters/verify_address.txt"),
            Self::SignUp => include_str!("letters/sign_up.txt"),
            Self::AccountLocked => include_str!("letters/account_locked.txt"),
            Self::MethodAdded => include_str!("letters/method_added.txt"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_read_strictly() {
        for (text, wrong) in [
            ("Subject: Hello {{app}}\n\nCome:\n{{ link }}\n{{site}}", None),
            ("Hello\n{{link}}", Some("does not begin")),
            ("Subject: x", Some("no words")),
            ("Subject:\n{{link}}", Some("empty")),
            ("Subject: x\n\n", Some("empty")),
            ("Subject: x\nhello", Some("the link is missing")),
            ("Subject: {{link}}\n{{link}}", Some("in the subject")),
            ("Subject: x\n{{link}} {{name}}", Some("`{{name}}` stands for nothing")),
            ("Subject: x\n{{link}} {{oops", Some("no `}}`")),
        ] {
            let error = Template::parse(text).err();
            assert_eq!(error.is_some(), wrong.is_some(), "{text}: {error:?}");
            assert!(
                wrong.is_none_or(|wrong| error.is_some_and(|error| error.contains(wrong))),
                "{text}"
            );
        }
    }

    #[test]
    fn values_are_no_places() {
        assert_eq!(
            filled("{{app}} {{ link }}{{site}}!", ["L", "{{link}}", "S"]),
            "{{link}} LS!"
        );
    }

    #[test]
    fn an_app_has_words_of_its_own() {
        let app = std::env::temp_dir().join(format!("freehold-letters-{}", std::process::id()));
        let folder = app.join("mail");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(
            folder.join("invitation.txt"),
            "Subject: Komm zu {{app}}\r\n\r\nHier:\r\n{{link}}\r\n",
        )
        .unwrap();
        std::fs::write(folder.join("0.eml"), "not ours").unwrap();
        let templates = Templates::load(&app).unwrap();
        let written = templates.write(Kind::Invitation, "https://x/y", "Läden", "https://x");
        assert_eq!(
            (written.subject.as_str(), written.body.as_str()),
            ("Komm zu Läden", "Hier:\nhttps://x/y\n")
        );
        let written = templates.write(Kind::PasswordReset, "https://x/y", "shop", "https://x");
        assert!(written.body.contains("https://x/y\n"), "{}", written.body);
        std::fs::write(folder.join("invitations.txt"), "Subject: x\n{{link}}").unwrap();
        assert!(
            Templates::load(&app)
                .unwrap_err()
                .message
                .contains("is no kind of letter")
        );
        std::fs::remove_file(folder.join("invitations.txt")).unwrap();
        std::fs::write(folder.join("sign_up.txt"), "Subject: x\nhello").unwrap();
        let refused = Templates::load(&app).unwrap_err();
        assert!(
            refused.message.contains("sign_up.txt") && refused.hint.is_some(),
            "{}",
            refused.message
        );
        std::fs::remove_dir_all(&app).unwrap();
    }
}
