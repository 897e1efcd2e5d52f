//! SAML providers.

use super::provider::{self, Common};
use super::{Context, address, certificate, url, word, words};
use crate::catalog::{Catalog, Link, SamlDef};
use crate::model::{Name, SamlModel, Spanned};

/// Longest entity id: SAML 2.0 Core, 8.3.6.
const ENTITY_ID_CHARS_MAX: usize = 1_024;

/// `None`: it cannot have that name.
pub(super) fn resolve(context: &mut Context<'_>, catalog: &Catalog, name: &Name, model: &SamlModel) -> Option<SamlDef> {
    let provider = provider::resolve(
        context,
        catalog,
        &Common {
            name,
            label: model.label.as_ref(),
            tenants: model.tenants.as_ref(),
            domains: model.domains.as_ref(),
            link: model.link,
            provision: model.provision.as_ref(),
            name_claim: None,
        },
    );
    let entity_id = word(context, "an entity id", &model.entity_id);
    if entity_id.chars().count() > ENTITY_ID_CHARS_MAX {
        context.diagnostics.error(
            "entity-id",
            model.entity_id.span,
            format!("an entity id has {ENTITY_ID_CHARS_MAX} characters at most"),
        );
    }
    one_provider_each(context, name, model);
    let sso_url = url(context, "address for requests", &model.sso_url, address::web);
    let certificates = certificates(context, &model.certificates);
    let factor_contexts = factor(context, model);
    let provider = provider?;
    // SAML says of no address whether it is verified: all that limits what it may claim is `domains`.
    if let (Some(link), Link::VerifiedEmail, None) = (model.link, provider.link, &model.domains)
        && model.tenants.is_none()
    {
        let severity = context.security_severity();
        context
            .diagnostics
            .tell(
                severity,
                "link-without-domains",
                link.span,
                "SAML does not say that an address is verified, so the provider could say that it is anybody",
            )
            .hint("state the `domains` whose addresses it speaks for");
    }
    Some(SamlDef {
        provider,
        entity_id,
        sso_url,
        certificates,
        sign_requests: model.sign_requests.is_none_or(|sign| sign.value),
        email: model
            .email
            .as_ref()
            .map(|attribute| word(context, "an attribute", attribute)),
        factor_contexts,
    })
}

/// An answer names its sender by entity id alone.
fn one_provider_each(context: &mut Context<'_>, name: &Name, model: &SamlModel) {
    let all = context.model.identity.iter().flat_map(|identity| identity.saml.iter());
    let mut before = all.take_while(|(other, _)| other.value != name.value);
    if let Some((_, first)) = before.find(|(_, other)| other.entity_id.value == model.entity_id.value) {
        context
            .diagnostics
            .error(
                "entity-id",
                model.entity_id.span,
                format!("`{}` is the same provider once more", name.value),
            )
            .also(first.entity_id.span, "first declared here");
    }
}

fn certificates(context: &mut Context<'_>, stated: &Spanned<Vec<Spanned<String>>>) -> Vec<Vec<u8>> {
    if stated.value.is_empty() {
        context
            .diagnostics
            .error(
                "empty-list",
                stated.span,
                "without a certificate nothing proves who signs",
            )
            .hint("list those of the provider's metadata");
    }
    let mut certificates = Vec::with_capacity(stated.value.len());
    for text in &stated.value {
        let (message, hint) = match certificate::der(&text.value) {
            Ok(der) if certificates.contains(&der) => {
                context
                    .diagnostics
                    .warning("listed-twice", text.span, "the certificate is listed twice");
                continue;
            }
            Ok(der) => {
                certificates.push(der);
                continue;
            }
            Err(certificate::Fault::PrivateKey) => (
                "a private key must not stand in a model",
                "remove it, let the provider make another, and write its certificate",
            ),
            Err(certificate::Fault::Several) => ("more than one certificate stands in one text", "list each by itself"),
            Err(certificate::Fault::NotOne) => (
                "this is no certificate",
                "paste what stands between BEGIN CERTIFICATE and END CERTIFICATE, or in `X509Certificate` of its metadata",
            ),
        };
        context.diagnostics.error("certificate", text.span, message).hint(hint);
    }
    certificates
}

fn factor(context: &mut Context<'_>, model: &SamlModel) -> Vec<String> {
    let Some(stated) = &model.mfa else {
        return Vec::new();
    };
    if stated.value.contexts.is_empty() {
        context
            .diagnostics
            .error(
                "provider-factor",
                stated.span,
                "no value says that a second factor was used",
            )
            .hint("write `mfa: {contexts: [<value of AuthnContextClassRef>]}`, or remove it");
    }
    words(context, "a context", &stated.value.contexts)
}
