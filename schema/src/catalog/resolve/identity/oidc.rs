//! OpenID Connect providers, and GitHub.

use super::provider::{self, Common};
use super::{Context, address, once, secret, url, word, words};
use crate::catalog::{Catalog, OidcDef, OidcFactor, OidcSource};
use crate::model::{Name, OidcModel, OidcPreset, Spanned};

/// Words of Microsoft for more than one directory.
pub(super) const SHARED_DIRECTORIES: [&str; 3] = ["common", "organizations", "consumers"];

/// `None`: nothing says who it is, or it cannot have that name.
pub(super) fn resolve(context: &mut Context<'_>, catalog: &Catalog, name: &Name, model: &OidcModel) -> Option<OidcDef> {
    let source = source(context, name, model);
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
            name_claim: Some("name"),
        },
    );
    let client_id = word(context, "a client's id", &model.client_id);
    let client_secret = model.client_secret.as_ref().map(|name| secret(context, name));
    if let (Some(preset), None) = (model.preset, &client_secret) {
        context
            .diagnostics
            .error(
                "client-secret",
                preset.span,
                format!("`{}` wants a secret of servers that ask it", preset.value.word()),
            )
            .hint("add `client_secret: <name of a secret>`");
    }
    let github = source == Some(OidcSource::Github);
    let scopes = scopes(context, model.scopes.as_deref(), github);
    let factor = factor(context, model, github);
    Some(OidcDef {
        provider: provider?,
        source: source?,
        client_id,
        client_secret,
        scopes,
        factor,
    })
}

fn source(context: &mut Context<'_>, name: &Name, model: &OidcModel) -> Option<OidcSource> {
    let preset = model.preset.map(|preset| preset.value);
    if let (Some(directory), false) = (&model.directory, preset == Some(OidcPreset::Microsoft)) {
        context
            .diagnostics
            .error(
                "provider-source",
                directory.span,
                "`directory` is for `preset: microsoft`",
            )
            .hint("remove it");
    }
    match (preset, &model.issuer) {
        // It was stated, and left out for a fault that is told.
        (None, None) if context.lost.contains("preset") || context.lost.contains("issuer") => None,
        (None, None) => {
            context
                .diagnostics
                .error(
                    "provider-source",
                    name.span,
                    format!("nothing says who `{}` is", name.value),
                )
                .hint("add `issuer: https://…`, or `preset: google`, `microsoft` or `github`");
            None
        }
        (Some(preset), Some(issuer)) => {
            let hint = match preset {
                OidcPreset::Microsoft => "remove it, and state `directory`",
                OidcPreset::Google | OidcPreset::Github => "remove one of the two",
            };
            context
                .diagnostics
                .error(
                    "provider-source",
                    issuer.span,
                    format!("the preset `{}` knows its issuer", preset.word()),
                )
                .hint(hint);
            None
        }
        (None, Some(issuer)) => Some(OidcSource::Issuer(url(context, "issuer", issuer, address::issuer))),
        (Some(OidcPreset::Google), None) => Some(OidcSource::Google),
        (Some(OidcPreset::Github), None) => Some(OidcSource::Github),
        (Some(OidcPreset::Microsoft), None) => {
            let directory = directory(context, name, model.directory.as_ref())?;
            Some(OidcSource::Microsoft { directory })
        }
    }
}

/// A part of an address, so its letters are few.
fn directory(context: &mut Context<'_>, name: &Name, stated: Option<&Spanned<String>>) -> Option<String> {
    let Some(stated) = stated else {
        if context.lost.contains("directory") {
            return None;
        }
        context
            .diagnostics
            .error(
                "provider-source",
                name.span,
                format!("`{}` does not say whose accounts of Microsoft it takes", name.value),
            )
            .hint("add `directory:` with the id of your directory, or `organizations` for all");
        return None;
    };
    let text = stated.value.as_str();
    let letters = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    let sound = SHARED_DIRECTORIES.contains(&text)
        || address::is_domain(text)
        || (text.len() == 36 && text.matches('-').count() == 4 && text.chars().all(letters));
    if !sound {
        context
            .diagnostics
            .error("provider-source", stated.span, format!("`{text}` is no directory"))
            .hint("write its id (as 8b4c…-…), a domain of it, `organizations`, `consumers` or `common`, in lower case")
            .nearest(text, SHARED_DIRECTORIES);
    }
    Some(text.to_owned())
}

/// RFC 6749, 3.3.
fn scopes(context: &mut Context<'_>, stated: Option<&[Spanned<String>]>, github: bool) -> Vec<String> {
    let implied: &[&str] = match (github, stated) {
        // GitHub tells addresses only to those who ask.
        (true, _) => &["read:user", "user:email"],
        (false, Some(_)) => &["openid"],
        (false, None) => &["openid", "email", "profile"],
    };
    let implied: Vec<String> = implied.iter().map(|scope| (*scope).to_owned()).collect();
    let mut more = Vec::new();
    for scope in stated.unwrap_or_default() {
        let letters = |letter: char| letter.is_ascii_graphic() && !matches!(letter, '"' | '\\');
        if scope.value.is_empty() || !scope.value.chars().all(letters) {
            context
                .diagnostics
                .error("scope", scope.span, format!("`{}` is no scope", scope.value))
                .hint("list each by itself: [email, profile]");
        } else if !implied.contains(&scope.value) {
            once(context, &mut more, scope.value.clone(), scope.span);
        }
    }
    [implied, more].concat()
}

fn factor(context: &mut Context<'_>, model: &OidcModel, github: bool) -> Option<OidcFactor> {
    let stated = model.mfa.as_ref()?;
    let factor = OidcFactor {
        acr: words(context, "a value of `acr`", &stated.value.acr),
        amr: words(context, "a value of `amr`", &stated.value.amr),
    };
    if github {
        context
            .diagnostics
            .error(
                "provider-factor",
                stated.span,
                "GitHub does not say how somebody signed in there",
            )
            .hint("remove it; people may register a second factor here");
        return None;
    }
    if factor.acr.is_empty() && factor.amr.is_empty() {
        context
            .diagnostics
            .error(
                "provider-factor",
                stated.span,
                "no value says that a second factor was used",
            )
            .hint("write `mfa: {amr: [mfa]}`, or remove it");
        return None;
    }
    Some(factor)
}
