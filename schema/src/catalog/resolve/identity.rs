//! `identity:` of app.yaml, but for hosts and passwords.

mod address;
mod certificate;
mod client;
mod jwt;
mod lint;
mod oidc;
mod provider;
mod roles;
mod saml;

pub(super) use lint::check as lint;

use super::{Context, app};
use crate::catalog::{Catalog, Identity, SecondFactors, SessionRules, SignUp, VerifyEmail};
use crate::model::{
    FactorsModel, IdentityModel, Name, PasswordModel, ProvisionModel, Scope, SessionsModel, SignUpModel, Spanned,
    parse_duration,
};
use crate::source::Span;
use indexmap::IndexMap;
use std::time::Duration;

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// Longest text of a button.
const LABEL_CHARS_MAX: usize = 80;

/// Needs the catalog's tenancy, profiles and roles.
pub(super) fn resolve(context: &mut Context<'_>, catalog: &Catalog) -> Identity {
    let Some(model) = &context.model.identity else {
        return Identity::default();
    };
    one_name_each(context, model);
    let verify_email = match model.verify_email {
        Some(Spanned { value: false, .. }) => VerifyEmail::Ignored,
        Some(Spanned { value: true, .. }) | None => VerifyEmail::Required,
    };
    let sign_up = sign_up(context, catalog, model);
    let mut identity = Identity {
        sign_up,
        sessions: model
            .sessions
            .as_ref()
            .map_or_else(SessionRules::default, |model| sessions(context, model)),
        verify_email,
        factors: model.mfa.as_ref().map_or_else(SecondFactors::default, factors),
        basic: model.basic.is_some_and(|basic| basic.value),
        oidc: IndexMap::new(),
        saml: IndexMap::new(),
        jwt: IndexMap::new(),
        clients: IndexMap::new(),
    };
    for (name, model) in model.oidc.iter() {
        if let Some(def) = oidc::resolve(context, catalog, name, model) {
            identity.oidc.insert(name.value.clone(), def);
        }
    }
    for (name, model) in model.saml.iter() {
        if let Some(def) = saml::resolve(context, catalog, name, model) {
            identity.saml.insert(name.value.clone(), def);
        }
    }
    for (name, model) in model.jwt.iter() {
        if let Some(def) = jwt::resolve(context, catalog, name, model) {
            identity.jwt.insert(name.value.clone(), def);
        }
    }
    jwt::one_meaning_each(context, model);
    for (name, model) in model.clients.iter() {
        if let Some(def) = client::resolve(context, name, model) {
            identity.clients.insert(name.value.clone(), def);
        }
    }
    identity
}

/// The sign-in page lists both kinds, and accounts remember the name.
fn one_name_each(context: &mut Context<'_>, model: &IdentityModel) {
    for (name, _) in model.saml.iter() {
        if let Some((first, _)) = model.oidc.iter().find(|(first, _)| first.value == name.value) {
            context
                .diagnostics
                .error(
                    "duplicate-provider",
                    name.span,
                    format!("`{}` is the name of two providers", name.value),
                )
                .also(first.span, "first declared here")
                .hint("providers of both kinds stand on one page: rename one");
        }
    }
}

fn sign_up(context: &mut Context<'_>, catalog: &Catalog, model: &IdentityModel) -> SignUp {
    let Some(stated) = &model.sign_up else {
        return SignUp::Closed;
    };
    let profile = match &stated.value {
        SignUpModel::Closed => return SignUp::Closed,
        SignUpModel::Open => catalog.default_profile.clone(),
        SignUpModel::Settings(settings) => super::access::stated_profile(context, "sign_up", Some(&settings.profile)),
    };
    let creates = |provision: Option<&ProvisionModel>| {
        let create = provision.and_then(|provision| provision.create);
        create.is_some_and(|create| create.value)
    };
    let by_provider = model.oidc.iter().any(|(_, model)| creates(model.provision.as_ref()))
        || model.saml.iter().any(|(_, model)| creates(model.provision.as_ref()));
    if let (
        Some(Spanned {
            value: PasswordModel::Disabled,
            span,
        }),
        false,
    ) = (&model.password, by_provider)
    {
        context
            .diagnostics
            .error(
                "sign-up",
                stated.span,
                "nobody can register: passwords are disabled, and no provider makes accounts",
            )
            .also(*span, "disabled here")
            .hint("leave `sign_up` out, or add `provision: {create: true}` to a provider");
    }
    if let Some(Spanned { value: false, span }) = model.verify_email {
        let severity = context.security_severity();
        context
            .diagnostics
            .tell(
                severity,
                "unverified-sign-up",
                span,
                "whoever registers could take the address of somebody else",
            )
            .also(stated.span, "people may register here")
            .hint("leave `verify_email` out");
    }
    SignUp::Open { profile }
}

fn sessions(context: &mut Context<'_>, model: &SessionsModel) -> SessionRules {
    let mut rules = SessionRules::default();
    let absolute = model.absolute.as_ref();
    let idle = model.idle.as_ref();
    if let Some(stated) =
        absolute.and_then(|text| duration(context, "absolute", text, (5 * MINUTE, "5m"), (30 * DAY, "30d")))
    {
        rules.absolute = stated;
        rules.idle = rules.idle.min(stated);
    }
    let Some((idle, text)) = idle.and_then(|text| {
        let stated = duration(context, "idle", text, (MINUTE, "1m"), (DAY, "24h"))?;
        Some((stated, text))
    }) else {
        return rules;
    };
    if idle > rules.absolute {
        let told = context
            .diagnostics
            .error("sessions", text.span, "`idle` is longer than a session lasts");
        match absolute {
            Some(absolute) => told.also(absolute.span, "every session ends after this"),
            None => told.hint("it ends after 12h unless you state `absolute`"),
        };
    }
    rules.idle = idle;
    rules
}

fn factors(model: &FactorsModel) -> SecondFactors {
    let allowed = |stated: Option<Spanned<bool>>| stated.is_none_or(|stated| stated.value);
    SecondFactors {
        totp: allowed(model.totp),
        passkeys: allowed(model.passkeys),
    }
}

/// A duration within bounds, which are told as they are written.
fn duration(
    context: &mut Context<'_>,
    key: &str,
    text: &Spanned<String>,
    (least, least_text): (Duration, &str),
    (greatest, greatest_text): (Duration, &str),
) -> Option<Duration> {
    let Some(stated) = parse_duration(&text.value) else {
        app::check_duration(context, text.span, &text.value);
        return None;
    };
    if (least..=greatest).contains(&stated) {
        return Some(stated);
    }
    context.diagnostics.error(
        "limits",
        text.span,
        format!("`{key}` is between {least_text} and {greatest_text}"),
    );
    None
}

/// The text of a button; the name where none is stated.
fn label(context: &mut Context<'_>, name: &Name, stated: Option<&Spanned<String>>) -> String {
    let Some(label) = stated else {
        return name.value.clone();
    };
    let text = label.value.trim();
    if text.is_empty() || text.chars().count() > LABEL_CHARS_MAX || text.chars().any(char::is_control) {
        context.diagnostics.error(
            "label",
            label.span,
            format!("a label is one line of 1 to {LABEL_CHARS_MAX} characters"),
        );
    }
    text.to_owned()
}

/// A text that is compared with what others send: a claim, a client's id, an audience.
fn word(context: &mut Context<'_>, noun: &str, stated: &Spanned<String>) -> String {
    let text = stated.value.as_str();
    if text.is_empty() || text.trim() != text || text.chars().any(char::is_control) {
        context.diagnostics.error(
            "empty-word",
            stated.span,
            format!("{noun} is a text without spaces around it"),
        );
    }
    text.to_owned()
}

/// Such texts, each once.
fn words(context: &mut Context<'_>, noun: &str, stated: &[Spanned<String>]) -> Vec<String> {
    let mut words = Vec::with_capacity(stated.len());
    for text in stated {
        let text = (word(context, noun, text), text.span);
        once(context, &mut words, text.0, text.1);
    }
    words
}

/// Adds what is not there yet, and tells what is.
fn once(context: &mut Context<'_>, list: &mut Vec<String>, item: String, span: Span) {
    if list.contains(&item) {
        context
            .diagnostics
            .warning("listed-twice", span, format!("`{item}` is listed twice"));
    } else {
        list.push(item);
    }
}

/// An address that passes its judge.
fn url(
    context: &mut Context<'_>,
    noun: &str,
    stated: &Spanned<String>,
    judge: fn(&str) -> Result<(), address::Fault>,
) -> String {
    if let Err(fault) = judge(&stated.value) {
        let told = context
            .diagnostics
            .error("address", stated.span, format!("the {noun} {}", fault.what));
        if let Some(hint) = fault.hint {
            told.hint(hint);
        }
    }
    stated.value.clone()
}

/// A secret of the environment, by its name. The message does not repeat what may be the secret itself.
fn secret(context: &mut Context<'_>, stated: &Name) -> String {
    let model = context.model;
    match model.secrets.get(&stated.value) {
        None if context.lost.contains(&stated.value) => {}
        None => {
            let hint = if super::names::is_name(&stated.value) {
                format!(
                    "declare it in app.yaml: `secrets: {{{}: {{scope: environment}}}}`",
                    stated.value
                )
            } else {
                "the name of a secret stands here; its value is given to each environment, never to the model"
                    .to_owned()
            };
            context
                .diagnostics
                .error(
                    "unknown-secret",
                    stated.span,
                    "no secret of that name is declared under `secrets`",
                )
                .hint(hint)
                .nearest(&stated.value, model.secrets.names());
        }
        Some(secret) => match secret.scope.value {
            Scope::Environment => {}
            Scope::Tenant => {
                context
                    .diagnostics
                    .error(
                        "secret-scope",
                        stated.span,
                        format!(
                            "`{}` is a secret of each tenant, and people sign in to the environment",
                            stated.value
                        ),
                    )
                    .also(secret.scope.span, "write `environment`");
            }
        },
    }
    stated.value.clone()
}

/// Slugs of tenants.
fn tenants(context: &mut Context<'_>, catalog: &Catalog, stated: Option<&Spanned<Vec<Name>>>) -> Option<Vec<String>> {
    let stated = stated?;
    if !names_tenants(context, catalog, stated.span) {
        return None;
    }
    if stated.value.is_empty() {
        context
            .diagnostics
            .error(
                "empty-list",
                stated.span,
                "`tenants` lists none, so nobody could sign in",
            )
            .hint("leave it out for all tenants");
    }
    Some(words(context, "a slug", &stated.value))
}

/// Whether a tenant can be named by a slug; told where it cannot.
fn names_tenants(context: &mut Context<'_>, catalog: &Catalog, span: Span) -> bool {
    let Some(tenancy) = catalog.tenancy else {
        if context.model.tenant.is_none() {
            context
                .diagnostics
                .error("provider-tenants", span, "the app has no tenants")
                .hint("remove this key");
        }
        return false;
    };
    if tenancy.slug.is_none() {
        let tenant = &catalog.entity(tenancy.entity).name;
        context
            .diagnostics
            .error(
                "provider-tenants",
                span,
                format!("`{tenant}` has no `slug`, so no tenant can be named here"),
            )
            .hint(format!(
                "add the field `slug: {{type: text, unique: true}}` to `{tenant}`"
            ));
    }
    tenancy.slug.is_some()
}
