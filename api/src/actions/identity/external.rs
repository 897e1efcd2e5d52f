//! People whom an identity provider vouches for: who they are here, whether they get an account, and what they are in a tenant.
//!
//! A provider that speaks for some tenants only lets people into those: its sessions count there alone, and change nothing about a
//! person's account. Otherwise whoever runs the provider of one tenant could be anybody in every other.

use crate::actions::audit;
use crate::actions::identity::people::{self, NewPerson};
use crate::actions::identity::sign_in::{Method, Step, admit};
use crate::actions::identity::visitor::Visitor;
use crate::bundle::Bundle;
use crate::environments::Environment;
use crate::error::{Failure, Refusal};
use freehold_auth::{
    Grants, find_identity, find_membership, find_person, find_tenant, find_user, is_taken, is_verified, keep_identity,
};
use freehold_base::{Code, RowId};
use freehold_oidc::pick;
use freehold_schema::catalog::{Link, ProviderDef, Provision, ProvisionTenant};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a provider says of somebody.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Facts {
    /// `oidc` or `saml`.
    pub(crate) method: String,
    /// Its own id of them, with the issuer where it speaks for several.
    pub(crate) subject: String,
    /// Their address.
    pub(crate) email: Option<String>,
    /// It has made sure that the address is theirs.
    pub(crate) email_verified: bool,
    /// Everything it says.
    pub(crate) claims: Value,
    /// They have shown it a second factor.
    pub(crate) strong: bool,
    /// What it calls its own session.
    pub(crate) session: Option<String>,
}

/// Lets somebody in for whom a provider vouches.
///
/// # Errors
/// `UNAUTHENTICATED` for somebody who has no account and gets none; `FORBIDDEN` for one of another tenant.
pub(crate) async fn enter(
    environment: &Environment,
    bundle: &Bundle,
    provider: &ProviderDef,
    facts: &Facts,
    visitor: Visitor<'_>,
) -> Result<Step, Refusal> {
    check_domain(provider, facts)?;
    let platform = &environment.platform;
    let known = find_identity(platform, &provider.name, &facts.subject).await?;
    let before = known.as_ref().map(|it| it.grants.clone()).unwrap_or_default();
    let user = match known {
        Some(known) => known.user,
        None => match linked(environment, bundle, provider, facts).await? {
            Some(user) => user,
            None => create(environment, bundle, provider, facts).await?,
        },
    };
    // Whoever is blocked here is so whatever a provider says.
    if find_person(platform, &bundle.directory, user).await?.is_none() {
        return Err(refused());
    }
    let grants = provision(environment, bundle, provider, facts, user, &before).await?;
    let now = environment.clock.now();
    keep_identity(platform, &provider.name, &facts.subject, user, &grants, now).await?;
    if grants != before {
        audit::own_account(environment, bundle, user, "provision", visitor.origin).await;
    }
    let tenant = place(environment, bundle, provider, user, visitor).await?;
    let method = Method {
        name: facts.method.clone(),
        provider: Some((provider.name.clone(), facts.session.clone())),
        strong: facts.strong,
        tenant: tenant.map(|tenant| tenant.to_string()),
    };
    admit(environment, bundle, user, method, visitor).await
}

/// The domain of an address is compared whole.
fn check_domain(provider: &ProviderDef, facts: &Facts) -> Result<(), Refusal> {
    let Some(domains) = &provider.domains else {
        return Ok(());
    };
    let domain = facts.email.as_deref().and_then(|email| email.rsplit_once('@'));
    let domain = domain.map(|(_, domain)| domain.to_lowercase());
    if domain.is_some_and(|domain| domains.contains(&domain)) {
        Ok(())
    } else {
        Err(refused())
    }
}

/// The account of the same address, if the provider may sign in to it: when both it and we know the address to be theirs.
async fn linked(
    environment: &Environment,
    bundle: &Bundle,
    provider: &ProviderDef,
    facts: &Facts,
) -> Result<Option<RowId>, Refusal> {
    let Some(email) = address(facts) else { return Ok(None) };
    let platform = &environment.platform;
    let mut found = find_user(platform, &bundle.directory, email).await?;
    if found.is_none() {
        found = find_user(platform, &bundle.directory, &email.to_lowercase()).await?;
    }
    let Some((user, _)) = found else { return Ok(None) };
    let may = match provider.link {
        Link::Never => false,
        Link::VerifiedEmail => facts.email_verified && is_verified(platform, user).await?,
    };
    if may {
        return Ok(Some(user));
    }
    Err(if facts.email_verified {
        Refusal::new(
            Code::Unauthenticated,
            "there is an account with this address that this provider may not sign in to",
        )
        .with_hint("sign in as you did before")
    } else {
        refused()
    })
}

fn address(facts: &Facts) -> Option<&str> {
    let email = facts.email.as_deref()?;
    super::addresses::is_address(email).then_some(email)
}

async fn create(
    environment: &Environment,
    bundle: &Bundle,
    provider: &ProviderDef,
    facts: &Facts,
) -> Result<RowId, Refusal> {
    let provision = &provider.provision;
    let email = match address(facts) {
        Some(email) if provision.create && facts.email_verified => email.to_lowercase(),
        _ => return Err(refused()),
    };
    let name = provision
        .name
        .as_deref()
        .and_then(|claim| pick(&facts.claims, claim).into_iter().next());
    let name: Option<String> = name.map(|name| name.chars().filter(|it| !it.is_control()).take(200).collect());
    let person = NewPerson {
        email: &email,
        name: name.as_deref().filter(|name| !name.trim().is_empty()),
        profile: provision.profile.as_deref(),
        roles: &[],
        tenant: None,
    };
    match people::insert(environment, bundle, &person, Vec::new()).await {
        Ok(user) => Ok(user),
        // Of somebody who is blocked, or who has come in at this very moment.
        Err(_) if is_taken(&environment.platform, &email).await? => Err(refused()),
        Err(failure) => Err(failed(failure)),
    }
}

/// Gives and takes the roles that the provider decides about.
async fn provision(
    environment: &Environment,
    bundle: &Bundle,
    provider: &ProviderDef,
    facts: &Facts,
    user: RowId,
    before: &Grants,
) -> Result<Grants, Refusal> {
    let provision = &provider.provision;
    let mut grants = Grants::new();
    let has_tenants = bundle.directory.tenancy.is_some();
    let tenant = tenant_of(environment, bundle, provider, facts).await?;
    if (has_tenants && tenant.is_some()) || (!has_tenants && provision.roles.is_some()) {
        let (granted, managed) = roles_of(provision, facts);
        let place = tenant.map(|tenant| tenant.to_string()).unwrap_or_default();
        let past = before.get(&place).cloned().unwrap_or_default();
        let found = find_membership(&environment.platform, &bundle.directory, user, tenant).await?;
        match (found, tenant) {
            // Somebody was put out by those who run the tenant: no provider lets them in again.
            (Some(found), _) if !found.active => return Ok(grants),
            (Some(found), _) => {
                let mut roles: Vec<String> = found.roles.clone();
                roles.retain(|role| !managed.contains(role) && !past.contains(role));
                roles.extend(granted.iter().cloned());
                roles.sort();
                roles.dedup();
                let mut held = found.roles;
                held.sort();
                if roles != held {
                    people::set_roles(environment, bundle, user, tenant, &roles)
                        .await
                        .map_err(failed)?;
                }
            }
            (None, Some(tenant)) => {
                people::join(environment, bundle, user, tenant, &granted)
                    .await
                    .map_err(failed)?;
            }
            (None, None) => {}
        }
        grants.insert(place, granted);
    }
    // What it gave elsewhere, and does not say any more.
    for (place, roles) in before.iter().filter(|(place, _)| !grants.contains_key(*place)) {
        let tenant = RowId::parse(place);
        let found = find_membership(&environment.platform, &bundle.directory, user, tenant).await?;
        if let Some(found) = found {
            let left: Vec<String> = found
                .roles
                .iter()
                .filter(|role| !roles.contains(role))
                .cloned()
                .collect();
            people::set_roles(environment, bundle, user, tenant, &left)
                .await
                .map_err(failed)?;
        }
    }
    Ok(grants)
}

fn roles_of(provision: &Provision, facts: &Facts) -> (Vec<String>, Vec<String>) {
    let Some(map) = &provision.roles else {
        return (Vec::new(), Vec::new());
    };
    let values = pick(&facts.claims, &map.claim);
    let owned = |roles: Vec<&str>| roles.into_iter().map(str::to_owned).collect();
    (
        owned(map.granted(values.iter().map(String::as_str))),
        owned(map.managed()),
    )
}

/// The tenant that the person is made a member of.
async fn tenant_of(
    environment: &Environment,
    bundle: &Bundle,
    provider: &ProviderDef,
    facts: &Facts,
) -> Result<Option<RowId>, Refusal> {
    let slug = match &provider.provision.tenant {
        ProvisionTenant::None => return Ok(None),
        ProvisionTenant::Slug(slug) => slug.clone(),
        ProvisionTenant::Claim(claim) => match pick(&facts.claims, claim).into_iter().next() {
            Some(slug) => slug,
            None => return Ok(None),
        },
    };
    if provider
        .tenants
        .as_ref()
        .is_some_and(|tenants| !tenants.contains(&slug))
    {
        return Err(refused());
    }
    let now = environment.clock.now();
    Ok(find_tenant(&environment.platform, &bundle.directory, &slug, now).await?)
}

/// The only tenant in which the session counts, if the provider speaks for some alone.
async fn place(
    environment: &Environment,
    bundle: &Bundle,
    provider: &ProviderDef,
    user: RowId,
    visitor: Visitor<'_>,
) -> Result<Option<RowId>, Refusal> {
    let Some(tenants) = &provider.tenants else {
        return Ok(None);
    };
    let (platform, directory, now) = (&environment.platform, &bundle.directory, environment.clock.now());
    let mut mine = Vec::new();
    for slug in tenants {
        let Some(tenant) = find_tenant(platform, directory, slug, now).await? else {
            continue;
        };
        let found = find_membership(platform, directory, user, Some(tenant)).await?;
        if found.is_some_and(|found| found.active) {
            mine.push((slug, tenant));
        }
    }
    let named = visitor.tenant.and_then(|named| {
        let mut mine = mine.iter();
        mine.find(|(slug, id)| *slug == named || id.to_string() == named)
    });
    match (named, mine.as_slice(), visitor.tenant) {
        (Some((_, tenant)), ..) | (None, [(_, tenant)], None) => Ok(Some(*tenant)),
        (None, [], _) | (None, _, Some(_)) => Err(refused()),
        (None, [..], None) => Err(Refusal::new(Code::Forbidden, "say which tenant you sign in to")
            .with_hint("begin at the tenant's own address")),
    }
}

/// One answer for whatever is wrong with somebody.
fn refused() -> Refusal {
    Refusal::new(Code::Unauthenticated, "this account may not sign in here")
}

fn failed(failure: Failure) -> Refusal {
    Refusal::internal(failure.message)
}
