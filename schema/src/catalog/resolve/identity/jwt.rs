//! Issuers whose tokens are taken as they come.

use super::{Context, address, roles, tenants, url, word, words};
use crate::catalog::{Catalog, FieldType, JwtDef, JwtUser, JwtUserKey};
use crate::model::{IdentityModel, JwtModel, JwtUserModel, Name};

/// `None`: its users cannot be found, or it cannot have that name.
pub(super) fn resolve(context: &mut Context<'_>, catalog: &Catalog, name: &Name, model: &JwtModel) -> Option<JwtDef> {
    let sound = context.check_name("an issuer", name);
    let issuer = url(context, "issuer", &model.issuer, address::issuer);
    if model.audience.0.is_empty() {
        context
            .diagnostics
            .error(
                "empty-list",
                name.span,
                format!("`{}` would take tokens that are meant for others", name.value),
            )
            .hint("write the app's name at the issuer under `audience`");
    }
    let audiences = words(context, "an audience", &model.audience.0);
    let jwks_uri = model
        .jwks_uri
        .as_ref()
        .map(|stated| url(context, "address of its keys", stated, address::web));
    let tenants = tenants(context, catalog, model.tenants.as_ref());
    let roles = model.roles.as_ref().map(|model| roles::resolve(context, model));
    let user = user(context, catalog, &model.user)?;
    sound.then(|| JwtDef {
        name: name.value.clone(),
        span: name.span,
        issuer,
        audiences,
        jwks_uri,
        user,
        tenants,
        roles,
    })
}

fn user(context: &mut Context<'_>, catalog: &Catalog, model: &JwtUserModel) -> Option<JwtUser> {
    let claim = word(context, "a claim", &model.claim);
    let by = match model.by.value.as_str() {
        "email" => JwtUserKey::Email,
        "id" => JwtUserKey::Id,
        name => {
            let user = catalog.entity(catalog.user);
            let Some(field) = user.find_field(name) else {
                if !context.lost.contains(name) {
                    let known = user.fields.iter().map(|field| field.name.as_str());
                    context
                        .diagnostics
                        .error(
                            "unknown-field",
                            model.by.span,
                            format!("unknown field of `user`: `{name}`"),
                        )
                        .hint("it is `email`, `id`, or a unique text field of `user`")
                        .nearest(name, known);
                }
                return None;
            };
            let text = matches!(field.field_type, FieldType::Text(_));
            let unique = user.unique.iter().any(|key| key.fields == [field.id]);
            if !text || !unique || field.encrypted.is_some() {
                context
                    .diagnostics
                    .error(
                        "token-user",
                        model.by.span,
                        format!("`user.{name}` does not tell one user from all others"),
                    )
                    .hint("it takes a text field with `unique: true` that is not encrypted");
                return None;
            }
            JwtUserKey::Field(field.id)
        }
    };
    Some(JwtUser { claim, by })
}

/// A token names its issuer and its audience, and must not mean two things.
pub(super) fn one_meaning_each(context: &mut Context<'_>, model: &IdentityModel) {
    let all: Vec<(&Name, &JwtModel)> = model.jwt.iter().collect();
    for (index, (name, model)) in all.iter().enumerate() {
        let shares = |other: &JwtModel| {
            let mut audiences = other.audience.0.iter();
            audiences.any(|one| model.audience.0.iter().any(|another| one.value == another.value))
        };
        let first = all[..index]
            .iter()
            .find(|(_, other)| other.issuer.value == model.issuer.value && shares(other));
        if let Some((first, other)) = first {
            context
                .diagnostics
                .error(
                    "same-tokens",
                    model.issuer.span,
                    format!("a token could be for `{}` and for `{}`", first.value, name.value),
                )
                .also(other.issuer.span, "the same issuer, with an audience of the same name")
                .hint("give each an `audience` of its own");
        }
    }
}
