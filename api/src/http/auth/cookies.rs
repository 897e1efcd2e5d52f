//! The small cookies beside the session's: what a sign-in that is under way has to show. All are out of reach of scripts.

use crate::http::credentials::CookieKind;
use actix_web::http::header::{COOKIE, HeaderMap};
use freehold_auth::Token;
use std::time::Duration;

/// What a cookie is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Small {
    /// Stands in every form, hashed: another site's page cannot know it.
    Form,
    /// A second factor is waited for.
    Step,
    /// An authenticator is being set up.
    SetUp,
    /// A passkey is being asked for.
    Ceremony,
    /// Somebody was sent to an identity provider.
    Flow,
}

impl Small {
    fn name(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Step => "step",
            Self::SetUp => "setup",
            Self::Ceremony => "ceremony",
            Self::Flow => "flow",
        }
    }

    fn lasts(self) -> Duration {
        match self {
            Self::Form => Duration::from_hours(12),
            Self::Step | Self::Flow => Duration::from_mins(10),
            Self::SetUp => Duration::from_mins(15),
            Self::Ceremony => Duration::from_mins(5),
        }
    }

    /// A provider sends people back from another site: a strict cookie would not come along, and a form's would be made anew.
    fn same_site(self) -> &'static str {
        match self {
            Self::SetUp | Self::Ceremony => "Strict",
            Self::Form | Self::Step | Self::Flow => "Lax",
        }
    }

    fn full_name(self, kind: CookieKind) -> String {
        format!("{}-{}", kind.name(), self.name())
    }

    /// The token in the cookie, if there is one.
    pub(crate) fn find(self, headers: &HeaderMap, kind: CookieKind) -> Option<Token> {
        let name = self.full_name(kind);
        let cookies = headers.get_all(COOKIE).filter_map(|value| value.to_str().ok());
        let mut pairs = cookies
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='));
        pairs
            .find(|(found, _)| *found == name)
            .and_then(|(_, text)| Token::parse(text.trim_matches('"')))
    }

    /// `Set-Cookie`.
    pub(crate) fn set(self, kind: CookieKind, token: &Token) -> String {
        format!(
            "{}={}; Path=/; Max-Age={}; HttpOnly; SameSite={}{}",
            self.full_name(kind),
            token.text(),
            self.lasts().as_secs(),
            self.same_site(),
            kind.secure()
        )
    }

    /// `Set-Cookie` of one that is over.
    pub(crate) fn clear(self, kind: CookieKind) -> String {
        format!(
            "{}=; Path=/; Max-Age=0; HttpOnly; SameSite={}{}",
            self.full_name(kind),
            self.same_site(),
            kind.secure()
        )
    }
}
