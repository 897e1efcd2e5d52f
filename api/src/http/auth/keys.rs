//! `/auth/keys`: a person's API keys.

use crate::actions::identity::keys::{self, Wanted, names_of};
use crate::error::Refusal;
use crate::http::auth::account;
use crate::http::auth::door::{Door, HOME, done};
use crate::http::auth::input::{Flag, Number, Style, read};
use crate::http::auth::page::{frame, is_for_form, problems};
use crate::http::auth::sessions::moment;
use crate::http::json;
use actix_web::HttpResponse;
use actix_web::web::Payload;
use freehold_auth::SessionInfo;
use freehold_pages::{KeyCreated, Problem};
use serde_json::{Value, json};

/// `GET /auth/keys` → one's keys, without what opens
pub(crate) async fn list(door: &Door<'_>) -> Result<HttpResponse, Refusal> {
    let person = door.reader().await?;
    let keys = keys::list(door.call.environment, &person).await?;
    json(200, &json!({"keys": keys.iter().map(told).collect::<Vec<_>>()}))
}

fn told(key: &SessionInfo) -> Value {
    let (hint, name) = names_of(key);
    json!({
        "id": key.id.to_string(),
        "name": name,
        "hint": hint,
        "roles": key.terms.roles,
        "readOnly": key.terms.read_only,
        "tenant": key.tenant.map(|id| id.to_string()),
        "createdAt": moment(key.created_at),
        "lastUsedAt": moment(key.last_seen_at),
        "expiresAt": moment(key.expires_at),
    })
}

#[derive(serde::Deserialize)]
struct Given {
    name: String,
    #[serde(default, alias = "expiresDays")]
    expires_days: Number,
    #[serde(default)]
    roles: Option<Vec<String>>,
    #[serde(default, alias = "readOnly")]
    read_only: Flag,
    #[serde(default)]
    tenant: Option<String>,
}

/// `POST /auth/keys {name, expiresDays, roles, readOnly, tenant}` → `{id, key}`, the key shown this once
pub(crate) async fn create(door: &Door<'_>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let input = read(door, payload).await?;
    let given: Given =
        input.as_shape("{\"name\": \"…\", \"expiresDays\": 90, \"roles\": [\"…\"], \"readOnly\": false}")?;
    let person = door.person().await?;
    let wanted = Wanted {
        name: given.name,
        expires_days: given.expires_days.0,
        // A form with no role checked means no role.
        roles: given.roles.or_else(|| (input.style == Style::Form).then(Vec::new)),
        read_only: given.read_only.0,
        tenant: given.tenant,
    };
    match (
        keys::create(door.call.environment, &person, &wanted, door.visitor()).await,
        input.style,
    ) {
        (Ok(made), Style::Json) => json(
            201,
            &json!({"id": made.id.to_string(), "key": made.key, "hint": made.hint, "expiresAt": moment(made.expires_at)}),
        ),
        (Ok(made), Style::Form) => {
            let framed = frame(door)?;
            let view = KeyCreated {
                frame: framed.frame.clone(),
                name: wanted.name,
                key: made.key,
            };
            framed.show(door, 200, freehold_pages::key_created(&view))
        }
        (Err(refusal), Style::Form) if is_for_form(&refusal) => {
            let problems = problems(&refusal).into_iter();
            let problems = problems.map(|it| Problem::of("name", it.message)).collect();
            account::show(door, &person, refusal.status(), &wanted.name, problems).await
        }
        (Err(refusal), _) => Err(refusal),
    }
}

#[derive(serde::Deserialize)]
struct Which {
    id: String,
}

/// `POST /auth/keys/revoke {id}` → 204
pub(crate) async fn revoke(door: &Door<'_>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let input = read(door, payload).await?;
    let which: Which = input.as_shape("{\"id\": \"…\"}")?;
    let person = door.person().await?;
    keys::revoke(door.call.environment, &person, &which.id, door.visitor()).await?;
    done(input.style, HOME)
}
