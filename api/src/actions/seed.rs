//! Development data: rows into an empty environment, passwords for the people in them. Never in production.

use crate::bundle::Bundle;
use crate::environments::{DemoTenant, DemoUser, Environment};
use crate::error::Failure;
use crate::keys::uses;
use crate::settings::{find_setting, put_setting};
use freehold_auth::{Address, find_user, has_password, set_password};
use freehold_schema::diagnostic::Diagnostics;
use freehold_schema::seed::{Seed, resolve};
use freehold_schema::source::Sources;
use freehold_storage::seals;
use freehold_vault::KeyUse;

/// The setting that says that this environment was filled by us: only then do its passwords follow the seed.
const SEEDED: &str = "seeded";

/// Fills an empty environment and gives the people who can sign in. In one that was filled before, passwords follow the seed.
///
/// # Errors
/// When rows contradict each other, or the database refuses.
pub(crate) async fn seed(
    environment: &Environment,
    bundle: &Bundle,
    sources: &Sources,
) -> Result<Vec<DemoUser>, Failure> {
    let seed = read(sources, bundle);
    if !seed.rows.is_empty() && !environment.database.has_data(&bundle.catalog).await? {
        insert(environment, bundle, &seed).await?;
        put_setting(&environment.platform, SEEDED, "development").await?;
    }
    if find_setting(&environment.platform, SEEDED).await?.is_none() {
        return Ok(Vec::new());
    }
    demo_users(environment, bundle, &seed).await
}

/// The rows of an app that compiles, with the ids that they have in its environment. Faults were told when it was compiled.
pub(crate) fn read(sources: &Sources, bundle: &Bundle) -> Seed {
    let mut seed = resolve(sources, &bundle.catalog, &mut Diagnostics::default());
    freehold_content::clean_seed(&bundle.catalog, &mut seed);
    seed
}

/// Writes the rows into an empty environment; nobody can sign in yet.
///
/// # Errors
/// When rows contradict each other, or the database refuses.
pub(crate) async fn insert(environment: &Environment, bundle: &Bundle, seed: &Seed) -> Result<(), Failure> {
    let catalog = &bundle.catalog;
    let sealed = seals(catalog, seed);
    let mut uses: Vec<KeyUse<'_>> = sealed
        .iter()
        .flat_map(|(name, tenant)| uses(catalog, [name], *tenant))
        .collect();
    // A key of the environment seals for many tenants, and is one.
    uses.dedup();
    let cipher = environment.vault.sealing_cipher(&uses).await?;
    let (clock, database) = (environment.clock.as_ref(), &environment.database);
    database
        .insert_seed(catalog, seed, Some(&cipher), clock, &mut |_, _| {})
        .await?;
    Ok(())
}

async fn demo_users(environment: &Environment, bundle: &Bundle, seed: &Seed) -> Result<Vec<DemoUser>, Failure> {
    let mut found = Vec::new();
    if bundle.catalog.passwords.is_none() {
        return Ok(found);
    }
    for user in &seed.users {
        let Some(password) = &user.password else { continue };
        let Some((id, person)) = find_user(&environment.platform, &bundle.directory, &user.email).await? else {
            continue;
        };
        if !has_password(&environment.platform, &environment.passwords, id, password).await? {
            let phc = environment.passwords.hash(password, &mut rand::rng())?;
            set_password(&environment.platform, id, phc, Address::Shown, environment.clock.now()).await?;
        }
        found.push(DemoUser {
            email: user.email.clone(),
            name: person.user.name,
            password: password.clone(),
            tenants: person
                .memberships
                .into_iter()
                .map(|held| DemoTenant {
                    tenant: held.tenant,
                    roles: held.roles,
                })
                .collect(),
            roles: person.roles.unwrap_or_default(),
            profile: user.profile.clone(),
        });
    }
    Ok(found)
}
