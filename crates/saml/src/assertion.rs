//! What an assertion says, and the rules it must keep (SAML profiles, section 4.1.4.2 and 4.1.4.3).

use std::collections::BTreeMap;

use roxmltree::Node;

use crate::accept::{Expectations, judge_header};
use crate::error::{Result, SamlError};
use crate::identity_provider::IdentityProvider;
use crate::service_provider::ServiceProvider;
use crate::time;
use crate::xml::{self, SAML};

const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";

/// What an identity provider says of a user, once everything was judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// Its ID. Refuse it when it comes a second time.
    pub id: String,
    /// How long to remember the ID, Unix seconds: after it the assertion is refused as expired.
    pub remember_until: i64,
    /// Who says it: the identity provider's entity ID.
    pub issuer: String,
    /// Of whom.
    pub name_id: NameId,
    /// The session at the identity provider, for single logout.
    pub session_index: Option<String>,
    /// When our session must end, Unix seconds.
    pub session_not_on_or_after: Option<i64>,
    /// The attributes' texts by name, in order and with the space that is around them. Values that are no text (null, XML) are left out.
    pub attributes: BTreeMap<String, Vec<String>>,
    /// How the user was recognised there, such as `urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport`.
    pub authn_context: Option<String>,
    /// When the user was recognised there, Unix seconds.
    pub authn_instant: i64,
    /// Until when the assertion can be used, Unix seconds, without skew.
    pub not_on_or_after: i64,
}

/// A user's name at the identity provider. Two are one user when all four agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameId {
    /// The name.
    pub value: String,
    /// Its kind, such as `urn:oasis:names:tc:SAML:2.0:nameid-format:persistent`. A transient name is another one each time.
    pub format: Option<String>,
    /// Within what the name is unique.
    pub name_qualifier: Option<String>,
    /// For which service provider the name is.
    pub sp_name_qualifier: Option<String>,
}

/// Reads an assertion out of verified bytes.
pub(crate) fn read(
    sp: &ServiceProvider,
    idp: &IdentityProvider,
    assertion: Node<'_, '_>,
    expected: &Expectations<'_>,
) -> Result<Assertion> {
    if !xml::is(assertion, SAML, "Assertion") {
        return Err(SamlError::structure("what is signed is not an Assertion"));
    }
    let id = judge_header(assertion, "Assertion", idp, expected)?;
    let subject = xml::exactly_one(assertion, SAML, "Subject")?;
    let name_id = name_id(subject)?;
    let confirmed = confirmation(sp, subject, expected)?;
    let conditions_end = conditions(sp, xml::exactly_one(assertion, SAML, "Conditions")?, expected)?;
    let session = session(assertion, expected)?;
    Ok(Assertion {
        id,
        remember_until: confirmed.last_end.saturating_add(i64::from(expected.skew_seconds)),
        issuer: idp.entity_id().to_owned(),
        name_id,
        session_index: session.index,
        session_not_on_or_after: session.end,
        attributes: attributes(assertion)?,
        authn_context: session.context,
        authn_instant: session.instant,
        not_on_or_after: conditions_end.map_or(confirmed.end, |end| end.min(confirmed.end)),
    })
}

fn name_id(subject: Node<'_, '_>) -> Result<NameId> {
    let node = xml::exactly_one(subject, SAML, "NameID")?;
    let value = xml::exact_text(node)?;
    if value.is_empty() || value.trim() != value {
        return Err(SamlError::structure("the NameID is empty, or has space around it"));
    }
    let attribute = |name| node.attribute(name).map(str::to_owned);
    Ok(NameId {
        value,
        format: attribute("Format"),
        name_qualifier: attribute("NameQualifier"),
        sp_name_qualifier: attribute("SPNameQualifier"),
    })
}

struct Confirmed {
    /// Of the confirmation that was accepted.
    end: i64,
    /// Of any bearer confirmation: until then the assertion might be accepted again.
    last_end: i64,
}

/// One bearer confirmation must keep all rules; if none does, the last one's fault is told.
fn confirmation(sp: &ServiceProvider, subject: Node<'_, '_>, expected: &Expectations<'_>) -> Result<Confirmed> {
    let mut fault = SamlError::SubjectConfirmation {
        detail: "no bearer confirmation".into(),
    };
    let mut accepted: Option<i64> = None;
    let mut last_end = i64::MIN;
    let bearers =
        xml::children(subject, SAML, "SubjectConfirmation").filter(|it| it.attribute("Method") == Some(BEARER));
    for bearer in bearers {
        match confirmation_end(sp, bearer, expected) {
            Ok(end) => accepted = Some(accepted.map_or(end, |known| known.max(end))),
            Err(error) => fault = error,
        }
        let data = xml::at_most_one(bearer, SAML, "SubjectConfirmationData")?;
        if let Some(end) = data.and_then(|data| data.attribute("NotOnOrAfter")) {
            last_end = last_end.max(time::parse(end)?);
        }
    }
    accepted.map(|end| Confirmed { end, last_end }).ok_or(fault)
}

fn confirmation_end(sp: &ServiceProvider, bearer: Node<'_, '_>, expected: &Expectations<'_>) -> Result<i64> {
    let missing = |detail: &str| SamlError::SubjectConfirmation { detail: detail.into() };
    let data = xml::at_most_one(bearer, SAML, "SubjectConfirmationData")?
        .ok_or_else(|| missing("no SubjectConfirmationData"))?;
    let recipient = data.attribute("Recipient").unwrap_or_default();
    if recipient != sp.acs_url() {
        return Err(SamlError::Recipient {
            found: recipient.to_owned(),
        });
    }
    let end = time::parse(
        data.attribute("NotOnOrAfter")
            .ok_or_else(|| missing("no NotOnOrAfter"))?,
    )?;
    expected.not_over("SubjectConfirmationData's NotOnOrAfter", end)?;
    // The profile forbids it here, yet it can only narrow.
    if let Some(begin) = data.attribute("NotBefore") {
        expected.begun("SubjectConfirmationData's NotBefore", time::parse(begin)?)?;
    }
    expected.answers("SubjectConfirmationData", data)?;
    Ok(end)
}

/// Gives NotOnOrAfter.
fn conditions(sp: &ServiceProvider, conditions: Node<'_, '_>, expected: &Expectations<'_>) -> Result<Option<i64>> {
    if let Some(begin) = conditions.attribute("NotBefore") {
        expected.begun("Conditions' NotBefore", time::parse(begin)?)?;
    }
    let end = conditions.attribute("NotOnOrAfter").map(time::parse).transpose()?;
    if let Some(end) = end {
        expected.not_over("Conditions' NotOnOrAfter", end)?;
    }
    let mut restricted = false;
    for condition in conditions.children().filter(Node::is_element) {
        if xml::is(condition, SAML, "AudienceRestriction") {
            audience(sp, condition)?;
            restricted = true;
        } else if !xml::is(condition, SAML, "OneTimeUse") && !xml::is(condition, SAML, "ProxyRestriction") {
            // A condition that is not understood makes the assertion's validity indeterminate (SAML core, section 2.5.1.1).
            return Err(SamlError::structure(format!(
                "the condition {} is not known",
                condition.tag_name().name()
            )));
        }
    }
    if !restricted {
        return Err(SamlError::Audience { found: String::new() });
    }
    Ok(end)
}

/// One audience of each restriction must be us (SAML core, section 2.5.1.4).
fn audience(sp: &ServiceProvider, restriction: Node<'_, '_>) -> Result<()> {
    let audiences = xml::children(restriction, SAML, "Audience")
        .map(xml::text)
        .collect::<Result<Vec<_>>>()?;
    if !audiences.iter().any(|audience| audience == sp.entity_id()) {
        return Err(SamlError::Audience {
            found: audiences.join(", "),
        });
    }
    Ok(())
}

struct Session {
    index: Option<String>,
    end: Option<i64>,
    context: Option<String>,
    instant: i64,
}

/// Of the first AuthnStatement; all must be within their time.
fn session(assertion: Node<'_, '_>, expected: &Expectations<'_>) -> Result<Session> {
    let mut first: Option<Session> = None;
    let mut earliest: Option<i64> = None;
    for statement in xml::children(assertion, SAML, "AuthnStatement") {
        let instant = time::parse(xml::attribute(statement, "AuthnInstant")?)?;
        expected.begun("AuthnInstant", instant)?;
        if let Some(end) = statement
            .attribute("SessionNotOnOrAfter")
            .map(time::parse)
            .transpose()?
        {
            expected.not_over("SessionNotOnOrAfter", end)?;
            earliest = Some(earliest.map_or(end, |known| known.min(end)));
        }
        if first.is_none() {
            let context = xml::at_most_one(statement, SAML, "AuthnContext")?
                .map(|context| xml::at_most_one(context, SAML, "AuthnContextClassRef"))
                .transpose()?
                .flatten();
            first = Some(Session {
                index: statement.attribute("SessionIndex").map(str::to_owned),
                end: None,
                context: context.map(xml::text).transpose()?,
                instant,
            });
        }
    }
    let first = first.ok_or_else(|| SamlError::structure("no AuthnStatement"))?;
    Ok(Session { end: earliest, ..first })
}

fn attributes(assertion: Node<'_, '_>) -> Result<BTreeMap<String, Vec<String>>> {
    let mut attributes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for statement in xml::children(assertion, SAML, "AttributeStatement") {
        for attribute in xml::children(statement, SAML, "Attribute") {
            let values = attributes
                .entry(xml::attribute(attribute, "Name")?.to_owned())
                .or_default();
            for value in xml::children(attribute, SAML, "AttributeValue") {
                let nil = value.attribute(("http://www.w3.org/2001/XMLSchema-instance", "nil"));
                if matches!(nil, Some("true" | "1")) || value.children().any(|child| !child.is_text()) {
                    continue;
                }
                values.push(xml::exact_text(value)?);
            }
        }
    }
    Ok(attributes)
}
