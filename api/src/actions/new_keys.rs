//! Keys that a mutation makes. Their texts stay in this room: the plan and the database have hashes, and so has the answer until
//! it leaves.

use crate::bundle::Bundle;
use crate::environments::Environment;
use crate::error::Refusal;
use freehold_auth::{SessionKind, Token, find_session, list_factors};
use freehold_base::{Caller, Code};
use freehold_factors::ApiKeyText;
use freehold_planner::mutation::{Administration, DrawnKey, KeyOrder, MutationPlan, RootAction};
use std::fmt;
use std::fmt::Write;

/// The texts of keys, with what stands for each in the answer.
#[derive(Default)]
pub(crate) struct NewKeys(Vec<(String, ApiKeyText)>);

impl fmt::Debug for NewKeys {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "NewKeys({})", self.0.len())
    }
}

impl NewKeys {
    /// Draws the keys that a plan asks for, and puts into it what the database is to know of them.
    ///
    /// # Errors
    /// `FORBIDDEN` for who calls with a key or a token, or has not shown the second factor that they have: a key lasts longer than
    /// whatever it was made with.
    pub(crate) async fn draw(
        plan: &mut MutationPlan,
        environment: &Environment,
        bundle: &Bundle,
        caller: &Caller,
        token: Option<&Token>,
    ) -> Result<Self, Refusal> {
        let mut orders: Vec<&mut KeyOrder> = plan
            .roots
            .iter_mut()
            .filter_map(|root| order(&mut root.action))
            .collect();
        if orders.is_empty() {
            return Ok(Self::default());
        }
        let strong = is_strong(environment, bundle, caller, token).await?;
        let mut keys = Vec::new();
        for order in &mut orders {
            let text = ApiKeyText::random(&mut rand::rng());
            let hash = text.hash();
            order.drawn = Some(DrawnKey {
                hash,
                hint: text.hint(),
                strong,
            });
            keys.push((quoted_hex(&hash), text));
        }
        Ok(Self(keys))
    }

    /// Puts the texts into the answer. Nobody can have written a hash there that was not known before.
    pub(crate) fn shown(&self, data: Vec<u8>) -> Vec<u8> {
        if self.0.is_empty() {
            return data;
        }
        let Ok(mut text) = String::from_utf8(data) else {
            // JSON is text; without its keys the answer is of no use.
            return b"null".to_vec();
        };
        for (hash, key) in &self.0 {
            text = text.replace(hash.as_str(), &format!("\"{}\"", key.text().as_str()));
        }
        text.into_bytes()
    }
}

fn order(action: &mut RootAction) -> Option<&mut KeyOrder> {
    match action {
        RootAction::Administer(administer) => match &mut administer.what {
            Administration::CreateKey(order) => Some(order),
            _ => None,
        },
        RootAction::Text(_) | RootAction::One { .. } | RootAction::Many { .. } => None,
    }
}

/// Whether the session has a second factor.
async fn is_strong(
    environment: &Environment,
    bundle: &Bundle,
    caller: &Caller,
    token: Option<&Token>,
) -> Result<bool, Refusal> {
    let forbidden = |what: &str| Refusal::new(Code::Forbidden, what.to_owned());
    let token = token.ok_or_else(|| forbidden("nobody is signed in"))?;
    let session = find_session(&environment.platform, &bundle.directory, token, caller.now).await?;
    if session.kind != SessionKind::Browser.name() {
        return Err(forbidden(
            "a key is made by somebody who is signed in, not with a key or a token",
        ));
    }
    if !session.terms.strong && !list_factors(&environment.platform, session.id).await?.is_empty() {
        return Err(forbidden("show your second factor first").with_hint("POST /auth/mfa {\"code\": \"…\"}"));
    }
    Ok(session.terms.strong)
}

fn quoted_hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    });
    format!("\"{digits}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stands_where_its_hash_stood() {
        let key = ApiKeyText::random(&mut rand::rng());
        let hash = quoted_hex(&key.hash());
        let keys = NewKeys(vec![(hash.clone(), key)]);
        let data = keys.shown(format!("{{\"a\":{{\"key\":{hash},\"again\":{hash},\"hint\":\"x\"}}}}").into_bytes());
        let text = keys.0[0].1.text();
        let expected = format!(
            "{{\"a\":{{\"key\":\"{0}\",\"again\":\"{0}\",\"hint\":\"x\"}}}}",
            text.as_str()
        );
        assert_eq!(String::from_utf8(data).unwrap(), expected);
        assert_eq!(format!("{keys:?}"), "NewKeys(1)");
        assert_eq!(NewKeys::default().shown(b"{}".to_vec()), b"{}");
    }
}
