//! Letters to people: invitations, links to choose a password, word of what happened to an account. They are handed to a mail server, or
//! left in a folder as RFC 5322 messages, one file each: for a mail server's pickup or, in development, for whoever sits at the terminal.
//!
//! A letter holds nothing that a user wrote: nobody sends other people words of their own by it.

mod folder;
mod queue;
mod smtp;
mod smtp_url;
mod template;

pub(crate) use smtp_url::SmtpUrl;
pub(crate) use template::Templates;

use crate::config::MailConfig;
use crate::error::Failure;
use crate::http::host::Host;
use freehold_storage::{Letter, LetterKind};
use lettre::Message;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, MessageBuilder};
use queue::Queue;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Longest line of a message, its end included (RFC 5322, section 2.1.1).
const LINE_MAX: usize = 998;

/// Where letters go.
#[derive(Clone)]
pub(crate) struct Post {
    way: Way,
    templates: Arc<Templates>,
    from: Option<Mailbox>,
}

#[derive(Clone)]
enum Way {
    Nowhere,
    Folder(PathBuf),
    Server(Queue),
}

/// What a letter is about. Its file in the app's folder `mail/` has the name of [`Kind::name`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Somebody was made a user and a member. The link lets them choose a password.
    Invitation,
    /// Somebody who is known already was made a member. The link is the app's.
    Membership,
    /// An administrator lets somebody choose a new password, by the link.
    PasswordReset,
    /// Somebody asked for a new password; the link lets them choose it.
    PasswordResetAsked,
    /// Somebody says that an address is theirs; the link proves it.
    VerifyAddress,
    /// Somebody signs up; the link makes them a user.
    SignUp,
    /// An account does not take passwords for a while. The link is the app's.
    AccountLocked,
    /// An account has one more way to sign in. The link is the app's.
    MethodAdded,
}

impl Kind {
    /// All of them.
    pub(crate) const ALL: [Self; 8] = [
        Self::Invitation,
        Self::Membership,
        Self::PasswordReset,
        Self::PasswordResetAsked,
        Self::VerifyAddress,
        Self::SignUp,
        Self::AccountLocked,
        Self::MethodAdded,
    ];

    /// In names of files.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Membership => "membership",
            Self::PasswordReset => "password_reset",
            Self::PasswordResetAsked => "password_reset_asked",
            Self::VerifyAddress => "verify_address",
            Self::SignUp => "sign_up",
            Self::AccountLocked => "account_locked",
            Self::MethodAdded => "method_added",
        }
    }
}

impl Post {
    /// The post of an app: its own words where it has some, by the way that the settings state.
    ///
    /// # Errors
    /// When a template is malformed, the folder takes nothing, or the mail server's settings are no use.
    pub(crate) fn open(app: &Path, folder: Option<PathBuf>, settings: &MailConfig) -> Result<Self, Failure> {
        let templates = Arc::new(Templates::load(app)?);
        let from = settings.from.as_deref().and_then(|from| from.parse().ok());
        let way = match (&settings.smtp, folder) {
            (Some(url), _) => Way::Server(Queue::start(smtp::transport(url, settings.ca.as_deref())?)?),
            (None, Some(folder)) => Way::Folder(folder),
            (None, None) => Way::Nowhere,
        };
        Ok(Self { way, templates, from })
    }

    /// Whether letters are sent.
    pub(crate) fn is_open(&self) -> bool {
        !matches!(self.way, Way::Nowhere)
    }

    /// Sends a letter of an app that is at `site`.
    pub(crate) async fn send(&self, letter: &Letter, app: &str, site: &str) {
        let choose = |token: &str| format!("{site}/auth/password/reset?token={token}");
        let (kind, link) = match &letter.kind {
            LetterKind::Invitation(token) => (Kind::Invitation, choose(token)),
            LetterKind::Membership => (Kind::Membership, site.to_owned()),
            LetterKind::PasswordReset(token) => (Kind::PasswordReset, choose(token)),
        };
        self.send_kind(kind, &letter.to, &link, app, site).await;
    }

    /// Sends a letter of a kind with a link. One that cannot be sent is told to the server's log without its content, and can be asked
    /// for again. Nothing waits for a mail server.
    pub(crate) async fn send_kind(&self, kind: Kind, to: &str, link: &str, app: &str, site: &str) {
        if !self.is_open() {
            return;
        }
        let Some(message) = self.message(kind, to, link, app, site) else {
            // INVARIANT: neither the address nor the link is in the log.
            tracing::error!(
                kind = kind.name(),
                "a letter cannot be written: its address is none that mail knows"
            );
            return;
        };
        match &self.way {
            Way::Nowhere => {}
            Way::Folder(folder) => folder::leave(folder.clone(), message.formatted()).await,
            Way::Server(queue) => queue.send(message, kind),
        }
    }

    /// Waits until no letter waits to be sent.
    pub(crate) async fn flush(&self) {
        if let Way::Server(queue) = &self.way {
            queue.flush().await;
        }
    }

    fn message(&self, kind: Kind, to: &str, link: &str, app: &str, site: &str) -> Option<Message> {
        // An address alone, so that no name, and no second recipient, can be written into it.
        let to = Mailbox::new(None, to.parse().ok()?);
        let from = self.from.clone().or_else(|| nobody(site))?;
        let written = self.templates.write(kind, link, app, site);
        let id = format!("<{:032x}@{}>", rand::random::<u128>(), from.email.domain());
        new_message(to, from, id)
            .subject(written.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(encoded(&written.body))
            .ok()
    }
}

/// A message with the headers that every letter has.
fn new_message(to: Mailbox, from: Mailbox, id: String) -> MessageBuilder {
    // RFC 3834: nobody's holiday notice answers.
    let automatic = HeaderValue::new(
        HeaderName::new_from_ascii_str("Auto-Submitted"),
        "auto-generated".to_owned(),
    );
    Message::builder()
        .to(to)
        .from(from)
        .date_now()
        .message_id(Some(id))
        .raw_header(automatic)
}

/// A body as it is, if mail carries it so: links then stay whole for whoever reads a file or a log of a mail server.
fn encoded(text: &str) -> Body {
    let text = text.replace('\n', "\r\n");
    let as_is = text.is_ascii() && !text.contains('\0') && text.lines().all(|line| line.len() < LINE_MAX);
    if as_is {
        return Body::dangerous_pre_encoded(text.into_bytes(), ContentTransferEncoding::SevenBit);
    }
    Body::new(text)
}

/// Who a letter is from where nobody is stated: it is left in a folder then.
fn nobody(site: &str) -> Option<Mailbox> {
    let host = site.split_once("://").map_or(site, |(_, host)| host);
    let host = Host::parse(host).map(|host| host.name);
    // Of an address without a name mail makes nothing.
    let is_name = |host: &String| !host.starts_with('[') && host.parse::<IpAddr>().is_err();
    let host = host.filter(is_name).unwrap_or_else(|| "localhost".to_owned());
    Some(Mailbox::new(None, format!("no-reply@{host}").parse().ok()?))
}

/// Whether a text is an address, with a name or without.
pub(crate) fn is_mailbox(text: &str) -> bool {
    // The parser stops at the end of the first address.
    let is_whole =
        |mailbox: Mailbox| text == mailbox.email.to_string() || text.ends_with(&format!("<{}>", mailbox.email));
    text.parse().is_ok_and(is_whole)
}

pub(crate) use folder::check;

#[cfg(test)]
mod tests;
