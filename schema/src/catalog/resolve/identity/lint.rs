//! What holds together and is not what was meant.

use super::super::Context;
use super::oidc::SHARED_DIRECTORIES;
use crate::catalog::{Catalog, Link, OidcDef, OidcSource, ProvisionTenant, SignUp};
use crate::model::{MfaModel, OidcModel, PasswordModel, Spanned};

/// Looks at the whole.
pub(in super::super) fn check(context: &mut Context<'_>, catalog: &Catalog) {
    no_way_in(context, catalog);
    second_factors(context, catalog);
    let Some(model) = &context.model.identity else { return };
    for (name, model) in model.oidc.iter() {
        let Some(def) = catalog.identity.oidc.get(&name.value) else {
            continue;
        };
        match &def.source {
            OidcSource::Google => open_to_the_world(context, catalog, model, def, "Google"),
            OidcSource::Github => open_to_the_world(context, catalog, model, def, "GitHub"),
            OidcSource::Microsoft { directory } if SHARED_DIRECTORIES.contains(&directory.as_str()) => {
                open_to_the_world(context, catalog, model, def, "Microsoft");
                shared_directory(context, model, def);
            }
            OidcSource::Microsoft { .. } | OidcSource::Issuer(_) => {}
        }
    }
}

fn no_way_in(context: &mut Context<'_>, catalog: &Catalog) {
    let identity = context.model.identity.as_ref();
    if let Some(Spanned {
        value: PasswordModel::Disabled,
        span,
    }) = identity.and_then(|identity| identity.password.as_ref())
        && catalog.identity.providers().next().is_none()
        && catalog.identity.jwt.is_empty()
        && !context.diagnostics.has_errors()
    {
        context
            .diagnostics
            .warning(
                "no-way-in",
                *span,
                "passwords are disabled and there is no provider, so nobody can sign in",
            )
            .hint("declare a provider under `oidc` or `saml`");
    }
}

fn second_factors(context: &mut Context<'_>, catalog: &Catalog) {
    if catalog.identity.has_second_factor() {
        return;
    }
    for (name, role) in context.model.roles.iter() {
        let Some(mfa) = role.mfa else { continue };
        match mfa.value {
            MfaModel::Required => context
                .diagnostics
                .warning(
                    "mfa-impossible",
                    mfa.span,
                    format!(
                        "the role `{}` grants nothing: no session can have a second factor",
                        name.value
                    ),
                )
                .hint("allow `totp` or `passkeys` under `identity.mfa`, or state `mfa` of a provider"),
        };
    }
}

/// Where everybody in the world may have an account, to make accounts is to let everybody register.
fn open_to_the_world(context: &mut Context<'_>, catalog: &Catalog, model: &OidcModel, def: &OidcDef, who: &str) {
    let severity = context.security_severity();
    let provision = &def.provider.provision;
    let Some(create) = model.provision.as_ref().and_then(|provision| provision.create) else {
        return;
    };
    if !provision.create || def.provider.domains.is_some() {
        return;
    }
    if let ProvisionTenant::Slug(slug) = &provision.tenant {
        context
            .diagnostics
            .tell(
                severity,
                "open-provider",
                create.span,
                format!("everybody with an account at {who} becomes a member of `{slug}`"),
            )
            .hint("state the `domains` whose addresses it speaks for");
    } else if catalog.identity.sign_up == SignUp::Closed {
        context
            .diagnostics
            .warning(
                "open-provider",
                create.span,
                format!("everybody with an account at {who} gets one here, although `sign_up` is closed"),
            )
            .hint("state the `domains` whose addresses it speaks for, or `sign_up: open`");
    }
}

/// Each directory's administrators write what it says of its people.
fn shared_directory(context: &mut Context<'_>, model: &OidcModel, def: &OidcDef) {
    let severity = context.security_severity();
    let provision = model.provision.as_ref();
    let roles = provision
        .and_then(|provision| provision.roles.as_ref())
        .map(|roles| roles.claim.span);
    let tenant = provision
        .and_then(|provision| provision.tenant.as_ref())
        .map(|claim| claim.span);
    if let Some(span) = tenant.or(roles) {
        context
            .diagnostics
            .tell(
                severity,
                "shared-directory",
                span,
                "whoever has a directory of their own at Microsoft chooses what its claims say",
            )
            .hint("state one `directory`, or take neither tenant nor roles from claims");
    }
    if let (Some(link), Link::VerifiedEmail) = (model.link, def.provider.link) {
        context
            .diagnostics
            .tell(
                severity,
                "shared-directory",
                link.span,
                "whoever has a directory of their own at Microsoft writes any address into it",
            )
            .hint("state one `directory`, or write `link: never`");
    }
}
