//! `identity:` in short: what differs from saying nothing.

use freehold_schema::catalog::{Identity, ProviderDef, RoleMap};
use std::fmt::Write as _;

pub(super) fn summary(out: &mut String, identity: &Identity) {
    let nothing = Identity::default();
    if identity.sign_up != nothing.sign_up {
        writeln!(out, "sign-up {:?}", identity.sign_up).unwrap();
    }
    if identity.sessions != nothing.sessions {
        writeln!(out, "sessions {:?}", identity.sessions).unwrap();
    }
    if identity.verify_email != nothing.verify_email {
        writeln!(out, "verify-email {:?}", identity.verify_email).unwrap();
    }
    if identity.factors != nothing.factors {
        writeln!(out, "factors {:?}", identity.factors).unwrap();
    }
    if identity.basic {
        writeln!(out, "basic").unwrap();
    }
    for def in identity.oidc.values() {
        provider(out, "oidc", &def.provider);
        writeln!(
            out,
            "  {:?} client={} secret={:?} scopes={:?} factor={:?}",
            def.source, def.client_id, def.client_secret, def.scopes, def.factor
        )
        .unwrap();
    }
    for def in identity.saml.values() {
        provider(out, "saml", &def.provider);
        let certificates: Vec<usize> = def.certificates.iter().map(Vec::len).collect();
        writeln!(
            out,
            "  {} at {} certificates={certificates:?} signed={} email={:?} factor={:?}",
            def.entity_id, def.sso_url, def.sign_requests, def.email, def.factor_contexts
        )
        .unwrap();
    }
    for def in identity.jwt.values() {
        writeln!(
            out,
            "jwt {} {} for={:?} keys={:?} user={:?} tenants={:?}",
            def.name, def.issuer, def.audiences, def.jwks_uri, def.user, def.tenants
        )
        .unwrap();
        roles(out, def.roles.as_ref());
    }
    for def in identity.clients.values() {
        writeln!(
            out,
            "client {} {:?} to={:?} secret={:?} refresh={:?}",
            def.name, def.label, def.redirect_uris, def.secret, def.refresh
        )
        .unwrap();
    }
}

fn provider(out: &mut String, kind: &str, def: &ProviderDef) {
    let provision = &def.provision;
    writeln!(
        out,
        "{kind} {} {:?} tenants={:?} domains={:?} link={:?}\n  create={} profile={:?} tenant={:?} name={:?}",
        def.name,
        def.label,
        def.tenants,
        def.domains,
        def.link,
        provision.create,
        provision.profile,
        provision.tenant,
        provision.name
    )
    .unwrap();
    roles(out, provision.roles.as_ref());
}

fn roles(out: &mut String, map: Option<&RoleMap>) {
    if let Some(map) = map {
        writeln!(out, "  roles by {}: {:?}", map.claim, map.by_value).unwrap();
    }
}
