//! app.yaml: name, hosts, limits, connectors.

use super::Context;
use crate::catalog::{Catalog, FieldType, HostDef, PasswordHash, PasswordRules};
use crate::model::{LimitsModel, Name, PasswordModel, Spanned};
use crate::source::Span;
use freehold_base::Limits;
use std::time::Duration;

/// A shorter block hardly slows a guesser down.
const BLOCK_MIN: Duration = Duration::from_mins(10);
/// NIST SP 800-63B, 5.2.2: no more than 100 consecutive failures on one account.
const FAILURES_MAX: u32 = 100;
/// More of a password does not count.
const BCRYPT_BYTES_MAX: u32 = 72;

/// Checks the name and everything that stands beside it and is not in the catalog.
pub(super) fn name(context: &mut Context<'_>) -> String {
    let model = context.model;
    for (name, _) in model.config.iter() {
        context.check_name("a setting", name);
    }
    for (name, secret) in model.secrets.iter() {
        context.check_name("a secret", name);
        for connector in &secret.usable_by {
            if model.connectors.get(&connector.value).is_none() {
                context.unknown("unknown-connector", "connector", connector, model.connectors.names());
            }
        }
    }
    connectors(context);
    let Some(app) = &model.app else {
        if !context.lost.contains("app") {
            context
                .diagnostics
                .error_nowhere("app-name", "the app has no name")
                .hint("write `app: <name>` in app.yaml");
        }
        return String::new();
    };
    // Apps are not named in GraphQL or in a database, so they may have hyphens.
    context.check_name(
        "an app",
        &Spanned {
            value: app.value.replace('-', "_"),
            span: app.span,
        },
    );
    app.value.clone()
}

fn connectors(context: &mut Context<'_>) {
    let model = context.model;
    for (name, connector) in model.connectors.iter() {
        context.check_name("a connector", name);
        if !connector.base_url.value.starts_with("https://") {
            context.diagnostics.error(
                "connector",
                connector.base_url.span,
                "a connector's `base_url` begins with https://",
            );
        }
        let Some(secret) = &connector.secret else { continue };
        match model.secrets.get(&secret.value) {
            None => context.unknown("unknown-secret", "secret", secret, model.secrets.names()),
            Some(known) if !known.usable_by.iter().any(|user| user.value == name.value) => {
                context
                    .diagnostics
                    .error(
                        "connector",
                        secret.span,
                        format!("the secret `{}` is not usable by `{}`", secret.value, name.value),
                    )
                    .hint(format!("list `{}` under the secret's `usable_by`", name.value));
            }
            Some(_) => {}
        }
    }
}

/// How passwords are judged; `None`: nobody signs in with one.
pub(super) fn passwords(context: &mut Context<'_>) -> Option<PasswordRules> {
    let mut rules = PasswordRules::default();
    let identity = context.model.identity.as_ref();
    let stated = identity.and_then(|identity| identity.password.as_ref());
    let settings = match stated.map(|stated| &stated.value) {
        None => return Some(rules),
        Some(PasswordModel::Disabled) => return None,
        Some(PasswordModel::Settings(settings)) => settings,
    };
    let mut limit = |span, holds: bool, message: String| {
        if !holds {
            context.diagnostics.error("limits", span, message);
        }
    };
    if let Some(length) = settings.min_length {
        let holds = (8..=256).contains(&length.value);
        limit(length.span, holds, "`min_length` is between 8 and 256".to_owned());
        rules.chars_min = length.value;
    }
    if let Some(hash) = settings.hash {
        rules.hash = hash.value;
        let greatest = match hash.value {
            PasswordHash::Bcrypt => BCRYPT_BYTES_MAX,
            PasswordHash::Argon2id | PasswordHash::Scrypt => u32::MAX,
        };
        let message = format!("bcrypt reads {BCRYPT_BYTES_MAX} bytes, and `min_length` wants more");
        limit(hash.span, rules.chars_min <= greatest, message);
    }
    if let Some(lockout) = &settings.lockout {
        let failures = lockout.failures;
        let holds = (1..=FAILURES_MAX).contains(&failures.value);
        let message = format!("`failures` is between 1 and {FAILURES_MAX}");
        limit(failures.span, holds, message);
        rules.failures_max = failures.value;
        if let Some(block) = crate::model::parse_duration(&lockout.block.value) {
            limit(
                lockout.block.span,
                block >= BLOCK_MIN,
                "`block` is at least 10m".to_owned(),
            );
            rules.block = block;
        } else {
            check_duration(context, lockout.block.span, &lockout.block.value);
        }
    }
    Some(rules)
}

/// A number with `s`, `m`, `h` or `d`.
pub(super) fn check_duration(context: &mut Context<'_>, span: Span, text: &str) {
    if crate::model::parse_duration(text).is_none() {
        context
            .diagnostics
            .error("duration", span, format!("`{text}` is not a duration"))
            .hint("a number with s, m, h or d: 30s, 10m, 12h, 365d");
    }
}

pub(super) fn limits(context: &mut Context<'_>) -> Limits {
    let mut limits = Limits::default();
    let Some(model) = &context.model.limits else {
        return limits;
    };
    let LimitsModel {
        depth,
        cost,
        page,
        page_default,
        aliases,
        directives,
        body_bytes,
        nesting,
        tokens,
    } = model;
    let mut read = |name: &str, stated: Option<Spanned<u32>>, greatest: u32| {
        let stated = stated?;
        if stated.value == 0 || stated.value > greatest {
            context
                .diagnostics
                .error("limits", stated.span, format!("`{name}` is between 1 and {greatest}"));
            return None;
        }
        Some(stated.value)
    };
    let mut set = |name: &str, stated: Option<Spanned<u32>>, greatest: u32, slot: &mut usize| {
        if let Some(value) = read(name, stated, greatest) {
            *slot = value as usize;
        }
    };
    set("depth", *depth, 64, &mut limits.depth_max);
    set("aliases", *aliases, 10_000, &mut limits.aliases_max);
    set("directives", *directives, 1_000, &mut limits.directives_max);
    set("body_bytes", *body_bytes, 64 << 20, &mut limits.body_bytes_max);
    set("nesting", *nesting, 256, &mut limits.nesting_max);
    set("tokens", *tokens, 1_000_000, &mut limits.tokens_max);
    if let Some(value) = read("cost", *cost, 100_000_000) {
        limits.cost_max = u64::from(value);
    }
    if let Some(value) = read("page", *page, 10_000) {
        limits.page_max = value;
        limits.page_default = limits.page_default.min(value);
    }
    if let Some(value) = read("page_default", *page_default, limits.page_max) {
        limits.page_default = value;
    }
    limits
}

/// How host names choose a tenant.
pub(super) fn hosts(context: &mut Context<'_>, catalog: &Catalog) -> Vec<HostDef> {
    let Some(identity) = &context.model.identity else {
        return Vec::new();
    };
    let mut hosts = Vec::new();
    for (pattern, entity) in identity.hosts.iter() {
        if let Some(host) = host(context, catalog, pattern, entity.as_ref()) {
            hosts.push(host);
        }
    }
    hosts
}

fn host(context: &mut Context<'_>, catalog: &Catalog, pattern: &Name, entity: Option<&Name>) -> Option<HostDef> {
    let text = pattern.as_str();
    let fault = |context: &mut Context<'_>, span: Span, message: String, hint: String| {
        context.diagnostics.error("hosts", span, message).hint(hint);
        None
    };
    let example = || match catalog.tenancy {
        Some(tenancy) => format!("write \"{{{}.slug}}.example.com\"", catalog.entity(tenancy.entity).name),
        None => "write a plain host name".to_owned(),
    };
    let (prefix, field, suffix) = match text.split_once('{') {
        None => (text, None, ""),
        Some((prefix, rest)) => match rest.split_once('}') {
            Some((path, suffix)) if !suffix.contains(['{', '}']) => (prefix, Some(path), suffix),
            Some(_) => {
                return fault(
                    context,
                    pattern.span,
                    "a host has at most one placeholder".to_owned(),
                    example(),
                );
            }
            None => {
                return fault(
                    context,
                    pattern.span,
                    "the placeholder is not closed".to_owned(),
                    example(),
                );
            }
        },
    };
    let allowed = |part: &str| {
        part.chars()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || matches!(letter, '.' | '-' | ':'))
    };
    if !allowed(prefix) || !allowed(suffix) || text.is_empty() {
        let hint = "host names are lower case, without scheme and path".to_owned();
        return fault(context, pattern.span, format!("`{text}` is no host name"), hint);
    }
    let Some(path) = field else {
        if let Some(entity) = entity {
            let message = format!("the host has no placeholder, so it names no `{}`", entity.value);
            return fault(
                context,
                entity.span,
                message,
                "write null: every tenant is reached under it".to_owned(),
            );
        }
        return Some(HostDef {
            prefix: prefix.to_owned(),
            field: None,
            suffix: String::new(),
        });
    };
    let Some(tenancy) = catalog.tenancy else {
        if context.model.tenant.is_some() {
            return None;
        }
        return fault(
            context,
            pattern.span,
            "the app has no tenants that a host could name".to_owned(),
            example(),
        );
    };
    let tenant = catalog.entity(tenancy.entity);
    let Some((entity_name, field_name)) = path.split_once('.').filter(|(name, _)| *name == tenant.name) else {
        return fault(
            context,
            pattern.span,
            format!("`{{{path}}}` is not a field of the tenant entity `{}`", tenant.name),
            example(),
        );
    };
    if entity.is_none_or(|entity| entity.value != entity_name) {
        let span = entity.map_or(pattern.span, |entity| entity.span);
        return fault(
            context,
            span,
            "the host names a tenant, and its value does not say so".to_owned(),
            format!("write `{entity_name}` as its value"),
        );
    }
    let Some(field) = tenant.find_field(field_name) else {
        let known = tenant.fields.iter().map(|field| field.name.as_str());
        context
            .diagnostics
            .error(
                "hosts",
                pattern.span,
                format!("unknown field of `{}`: `{field_name}`", tenant.name),
            )
            .nearest(field_name, known);
        return None;
    };
    if !matches!(field.field_type, FieldType::Text(_)) || field.encrypted.is_some() {
        return fault(
            context,
            pattern.span,
            format!("`{path}` is not a text that a host could hold"),
            example(),
        );
    }
    if !tenant.unique.iter().any(|key| key.fields == [field.id]) {
        let hint = format!("add `unique: [[{field_name}]]` to `{}`", tenant.name);
        return fault(
            context,
            pattern.span,
            format!("`{path}` is not unique, so a host could name two tenants"),
            hint,
        );
    }
    Some(HostDef {
        prefix: prefix.to_owned(),
        field: Some(field.id),
        suffix: suffix.to_owned(),
    })
}
