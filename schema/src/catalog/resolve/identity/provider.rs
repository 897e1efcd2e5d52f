//! What OpenID Connect and SAML providers have in common.

use super::{Context, address, label, names_tenants, once, roles, tenants, word};
use crate::catalog::{Catalog, Link, ProviderDef, Provision, ProvisionTenant};
use crate::model::{LinkModel, Name, ProvisionModel, Spanned};

/// The common keys of a provider.
pub(super) struct Common<'a> {
    pub(super) name: &'a Name,
    pub(super) label: Option<&'a Spanned<String>>,
    pub(super) tenants: Option<&'a Spanned<Vec<Name>>>,
    pub(super) domains: Option<&'a Spanned<Vec<Name>>>,
    pub(super) link: Option<Spanned<LinkModel>>,
    pub(super) provision: Option<&'a ProvisionModel>,
    /// Claim with the name, where none is stated.
    pub(super) name_claim: Option<&'a str>,
}

/// `None`: it cannot have that name.
pub(super) fn resolve(context: &mut Context<'_>, catalog: &Catalog, common: &Common<'_>) -> Option<ProviderDef> {
    let sound = context.check_name("a provider", common.name);
    let label = label(context, common.name, common.label);
    let tenants = tenants(context, catalog, common.tenants);
    let domains = domains(context, common.domains);
    let link = link(context, common);
    let provision = provision(context, catalog, common, tenants.as_deref());
    sound.then(|| ProviderDef {
        name: common.name.value.clone(),
        span: common.name.span,
        label,
        tenants,
        domains,
        link,
        provision,
    })
}

fn domains(context: &mut Context<'_>, stated: Option<&Spanned<Vec<Name>>>) -> Option<Vec<String>> {
    let stated = stated?;
    if stated.value.is_empty() {
        context
            .diagnostics
            .error(
                "empty-list",
                stated.span,
                "`domains` lists none, so nobody could sign in",
            )
            .hint("leave it out for addresses of any domain");
    }
    let mut domains = Vec::with_capacity(stated.value.len());
    for name in &stated.value {
        let better = name.value.trim_start_matches(['@', '*', '.']).to_ascii_lowercase();
        if address::is_domain(&name.value) {
            once(context, &mut domains, name.value.clone(), name.span);
            continue;
        }
        let told = context.diagnostics.error(
            "domain",
            name.span,
            format!("`{}` is no domain of addresses", name.value),
        );
        told.hint(if address::is_domain(&better) {
            format!("write `{better}`; each is compared whole")
        } else {
            "write what stands behind the @: `example.com`".to_owned()
        });
    }
    Some(domains)
}

fn link(context: &mut Context<'_>, common: &Common<'_>) -> Link {
    let Some(link) = common.link else {
        return Link::Never;
    };
    match link.value {
        LinkModel::Never => return Link::Never,
        LinkModel::VerifiedEmail => {}
    }
    let severity = context.security_severity();
    let identity = context.model.identity.as_ref();
    if let Some(Spanned { value: false, span }) = identity.and_then(|identity| identity.verify_email) {
        // Somebody registers another's address and waits for the other to come in by the provider.
        context
            .diagnostics
            .tell(
                severity,
                "link-to-unverified",
                link.span,
                "an account whose address nobody proved could be somebody else's trap",
            )
            .also(span, "addresses are not proved here")
            .hint("leave `verify_email` out, or write `link: never`");
    }
    // A customer's provider says of its own people who they are, and of nobody else.
    if let (Some(tenants), None) = (common.tenants, common.domains) {
        context
            .diagnostics
            .tell(
                severity,
                "link-without-domains",
                link.span,
                format!(
                    "`{}` could say that it is anybody, of any tenant: whoever runs it signs in to each account",
                    common.name.value
                ),
            )
            .also(tenants.span, "it is for people of these tenants")
            .hint("state the `domains` whose addresses it speaks for");
    }
    Link::VerifiedEmail
}

fn provision(
    context: &mut Context<'_>,
    catalog: &Catalog,
    common: &Common<'_>,
    tenants: Option<&[String]>,
) -> Provision {
    let name_claim = common.name_claim.map(str::to_owned);
    let only = match tenants {
        Some([slug]) => ProvisionTenant::Slug(slug.clone()),
        Some(_) | None => ProvisionTenant::None,
    };
    let Some(model) = common.provision else {
        return Provision {
            name: name_claim,
            profile: catalog.default_profile.clone(),
            ..Provision::default()
        };
    };
    let create = model.create.is_some_and(|create| create.value);
    let profile = match &model.profile {
        None => catalog.default_profile.clone(),
        Some(stated) => {
            if !create {
                context
                    .diagnostics
                    .warning(
                        "provision",
                        stated.span,
                        "`profile` has no effect: no accounts are made",
                    )
                    .hint("add `create: true`, or remove it");
            }
            super::super::access::stated_profile(context, "provision", Some(stated))
        }
    };
    let tenant = match &model.tenant {
        None => only,
        Some(claim) => {
            names_tenants(context, catalog, claim.span);
            ProvisionTenant::Claim(word(context, "a claim", claim))
        }
    };
    let roles = model.roles.as_ref().map(|model| roles::resolve(context, model));
    if let Some(stated) = &model.roles
        && context.model.tenant.is_some()
        && tenant == ProvisionTenant::None
    {
        context
            .diagnostics
            .error(
                "provision-roles",
                stated.claim.span,
                "roles are held in a tenant, and nothing says in which",
            )
            .hint("add `tenant: <claim with its slug>`, or `tenants` with one slug to the provider");
    }
    Provision {
        create,
        profile,
        tenant,
        roles,
        name: model
            .name
            .as_ref()
            .map(|claim| word(context, "a claim", claim))
            .or(name_claim),
    }
}
