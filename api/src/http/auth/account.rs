//! `GET /auth/account`: who one is, and everything that lets one in.

use crate::actions::identity::keys::{held_roles, names_of};
use crate::actions::identity::visitor::Person;
use crate::actions::identity::{addresses, factors, keys, sessions};
use crate::error::Refusal;
use crate::http::auth::door::Door;
use crate::http::auth::page::frame;
use crate::http::auth::sessions::device;
use crate::http::auth::sign_in::sign_in_first;
use actix_web::HttpResponse;
use freehold_auth::{FactorKind, has_credential};
use freehold_pages::{Account, Factor, KeyRow, Keys, Membership, PasskeyRow, Problem, RoleChoice, SessionRow};

/// How long a new key may last.
const DAYS: [u32; 4] = [90, 30, 7, 365];

/// The page.
pub(crate) async fn page(door: &Door<'_>) -> Result<HttpResponse, Refusal> {
    match door.anybody().await {
        Some(person) => show(door, &person, 200, "", Vec::new()).await,
        None => sign_in_first(door),
    }
}

/// The page of somebody, with what was typed for a new key and what was wrong.
pub(super) async fn show(
    door: &Door<'_>,
    person: &Person,
    status: u16,
    key_name: &str,
    problems: Vec<Problem>,
) -> Result<HttpResponse, Refusal> {
    let environment = door.call.environment;
    let framed = frame(door)?;
    let (known, recovery_codes) = factors::list(environment, person.id).await?;
    let allowed = person.bundle.catalog.identity.factors;
    let totp = known.iter().find(|it| it.kind == FactorKind::Totp);
    let passkeys = known.iter().filter(|it| it.kind == FactorKind::Passkey);
    let user = &person.view.user;
    let view = Account {
        frame: framed.frame.clone(),
        name: user.name.clone().unwrap_or_else(|| user.email.clone()),
        email: user.email.clone(),
        email_change: addresses::may_change(&person.bundle) && environment.post.is_open(),
        password: has_credential(&environment.platform, person.id).await?,
        memberships: person
            .view
            .memberships
            .iter()
            .map(|it| Membership {
                tenant: it.tenant.name.clone(),
                roles: it.roles.clone(),
            })
            .collect(),
        totp: allowed.totp.then(|| {
            totp.map_or(Factor::Off, |it| Factor::On {
                since: seconds(it.created_at),
                recovery_codes,
            })
        }),
        passkeys: allowed.passkeys.then(|| {
            passkeys
                .map(|it| PasskeyRow {
                    id: it.id.to_string(),
                    name: it.label.clone(),
                    created: seconds(it.created_at),
                    last_used: it.last_used_at.map(seconds),
                })
                .collect()
        }),
        sessions: sessions::list(environment, person)
            .await?
            .into_iter()
            .map(|it| SessionRow {
                id: it.id.to_string(),
                device: device(it.user_agent.as_deref()),
                address: it.address.unwrap_or_default(),
                last_seen: seconds(it.last_seen_at),
                current: it.token == person.token.hash(),
            })
            .collect(),
        keys: Some(Keys {
            list: keys::list(environment, person).await?.iter().map(key_row).collect(),
            name: key_name.to_owned(),
            roles: held_roles(person, None)
                .into_iter()
                .map(|role| RoleChoice {
                    name: role.to_owned(),
                    label: role.to_owned(),
                    checked: false,
                })
                .collect(),
            expires_days: DAYS.to_vec(),
            lasting: false,
            read_only: false,
        }),
        notice: None,
        problems,
    };
    framed.show(door, status, freehold_pages::account(&view))
}

fn key_row(key: &freehold_auth::SessionInfo) -> KeyRow {
    let (hint, name) = names_of(key);
    KeyRow {
        id: key.id.to_string(),
        name: name.to_owned(),
        hint: hint.to_owned(),
        roles: key.terms.roles.clone().unwrap_or_default(),
        read_only: key.terms.read_only,
        expires: Some(seconds(key.expires_at)),
        last_used: (key.last_seen_at > key.created_at).then(|| seconds(key.last_seen_at)),
    }
}

fn seconds(micros: i64) -> i64 {
    micros.div_euclid(1_000_000)
}
