//! A person who can sign in, made from the terminal: the first one of a new environment has nobody to invite them.

use crate::actions::audit;
use crate::actions::identity::people::{self, NewPerson, Row, text};
use crate::environments::Environment;
use crate::error::Failure;
use freehold_auth::{Address, TenantHint, find_user, identify, set_password};
use freehold_base::{RowId, nearest};
use freehold_schema::catalog::Catalog;
use std::collections::HashMap;

/// Who is to be added. Not `Debug`: the password is to be in no log.
#[derive(Clone, Copy)]
pub(crate) struct NewUser<'a> {
    pub(crate) email: &'a str,
    pub(crate) name: Option<&'a str>,
    pub(crate) profile: Option<&'a str>,
    /// Slug of a tenant; created if there is none.
    pub(crate) tenant: Option<&'a str>,
    /// In the tenant, or in a single-tenant app.
    pub(crate) roles: &'a [String],
    pub(crate) password: &'a str,
}

/// Adds a person with a password, a membership and, if need be, its tenant: all or nothing.
///
/// # Errors
/// When nobody signs in with a password, there is such a person, a name is unknown, or a required field has no default.
pub(crate) async fn add_user(environment: &Environment, user: &NewUser<'_>) -> Result<RowId, Failure> {
    let bundle = environment
        .bundle()
        .map_err(|_| Failure::new("the environment has no model"))?;
    let catalog = &bundle.catalog;
    check(catalog, user)?;
    if find_user(&environment.platform, &bundle.directory, user.email)
        .await?
        .is_some()
    {
        return Err(Failure::new(format!("there is a user `{}` already", user.email)));
    }
    let phc = environment.passwords.hash(user.password, &mut rand::rng())?;
    let mut before = Vec::new();
    let mut place = None;
    if let (Some(tenancy), Some(slug)) = (catalog.tenancy, user.tenant) {
        let now = environment.clock.now();
        let known = identify(
            &environment.platform,
            &bundle.directory,
            None,
            &TenantHint::Named(slug),
            now,
        )
        .await?
        .tenant;
        let tenant = if let Some(tenant) = known {
            tenant.id
        } else {
            let entity = catalog.entity(tenancy.entity);
            let field = tenancy
                .slug
                .ok_or_else(|| Failure::new(format!("there is no `{}` with the id `{slug}`", entity.name)))?;
            let tenant = people::new_id(environment, catalog, tenancy.entity);
            let mut given = HashMap::from([("name", text(slug))]);
            given.insert(entity.field(field).name.as_str(), text(slug));
            given.retain(|name, _| entity.find_field(name).is_some());
            before.push(Row {
                entity: entity.id,
                id: tenant,
                tenant: None,
                given,
            });
            tenant
        };
        place = Some(tenant);
    }
    let person = NewPerson {
        email: user.email,
        name: user.name,
        profile: user.profile,
        roles: user.roles,
        tenant: place,
    };
    let id = people::insert(environment, &bundle, &person, before).await?;
    set_password(&environment.platform, id, phc, Address::Shown, environment.clock.now()).await?;
    audit::added(environment, id, place, user.roles).await?;
    Ok(id)
}

fn check(catalog: &Catalog, user: &NewUser<'_>) -> Result<(), Failure> {
    let unknown = |what: &str, name: &str, known: Vec<&str>| {
        let failure = Failure::new(format!("the app has no {what} `{name}`"));
        match nearest(name, known.iter().copied()) {
            Some(near) => failure.hint(format!("did you mean `{near}`?")),
            None => failure.hint(format!("it has {}", known.join(", "))),
        }
    };
    let Some(rules) = catalog.passwords else {
        return Err(Failure::new("sign-in by password is off for this app")
            .hint("it is turned off by `identity: {password: disabled}` in app.yaml"));
    };
    if !user.email.contains('@') {
        return Err(Failure::new(format!("`{}` is no e-mail address", user.email)));
    }
    if user.password.chars().count() < rules.chars_min as usize {
        return Err(Failure::new(format!(
            "the password has fewer than {} characters",
            rules.chars_min
        )));
    }
    if let Some(profile) = user.profile.filter(|profile| !catalog.profiles.contains_key(*profile)) {
        return Err(unknown(
            "profile",
            profile,
            catalog.profiles.keys().map(String::as_str).collect(),
        ));
    }
    if let Some(role) = user.roles.iter().find(|role| !catalog.roles.contains_key(*role)) {
        return Err(unknown(
            "role",
            role,
            catalog.roles.keys().map(String::as_str).collect(),
        ));
    }
    match (catalog.tenancy.is_some(), user.tenant.is_some(), user.roles.is_empty()) {
        (true, false, false) => Err(Failure::new("roles are held in a tenant").hint("say which with --tenant SLUG")),
        (false, true, _) => Err(Failure::new("this app has no tenants")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::compile;
    use freehold_schema::source::{SourceFile, Sources};

    fn refused(identity: &str, password: &str) -> Option<String> {
        let sources = Sources::new(vec![SourceFile {
            name: "app.yaml".into(),
            text: format!("app: shelf\nsecurity: prototype\n{identity}\nentities: {{book: {{access: open}}}}\n"),
        }]);
        let compiled = compile(&sources);
        let (catalog, _) = compiled.sound.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
        let user = NewUser {
            email: "ann@x.test",
            name: None,
            profile: None,
            tenant: None,
            roles: &[],
            password,
        };
        check(&catalog, &user).err().map(|failure| failure.message)
    }

    #[test]
    fn passwords_are_as_the_app_wants_them() {
        let short = |least: u32| Some(format!("the password has fewer than {least} characters"));
        for (identity, password, expected) in [
            ("", "eleven-long", short(12)),
            ("", "twelve-chars", None),
            ("identity: {password: {min_length: 8}}", "eleven-long", None),
            ("identity: {password: {min_length: 20}}", "twelve-chars", short(20)),
            (
                "identity: {password: disabled}",
                "twelve-chars",
                Some("sign-in by password is off for this app".to_owned()),
            ),
        ] {
            assert_eq!(refused(identity, password), expected, "{identity} {password}");
        }
    }
}
