//! `[mail]`

use crate::error::Failure;
use crate::post::{SmtpUrl, is_mailbox};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// `[mail]`: letters are handed to a mail server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct MailConfig {
    /// The server.
    pub(crate) smtp: Option<SmtpUrl>,
    /// Who letters are from.
    pub(crate) from: Option<String>,
    /// Who signs the server's certificate, PEM, if it is none of the web's authorities; in the file relative to it.
    pub(crate) ca: Option<PathBuf>,
}

impl MailConfig {
    /// # Errors
    /// When letters would go two ways, or come from nobody.
    pub(super) fn check(&self, folder: Option<&Path>) -> Result<(), Failure> {
        let from = self.from.as_deref();
        if from.is_some_and(|from| !is_mailbox(from)) {
            return Err(Failure::new("`from` under [mail] is no address")
                .hint("`from = \"desk@example.com\"`, or `\"Help desk <desk@example.com>\"`"));
        }
        match (&self.smtp, folder) {
            (Some(_), Some(_)) => Err(Failure::new("letters are either sent by `smtp` or left in `mail_dir`")
                .hint("take one of them out of the settings; `--print-config` shows where letters go")),
            (Some(_), None) if from.is_none() => Err(Failure::new("nobody is stated as who sends letters")
                .hint("`from = \"Help desk <desk@example.com>\"` under [mail] of the file, or FREEHOLD_MAIL_FROM")),
            _ => Ok(()),
        }
    }
}
