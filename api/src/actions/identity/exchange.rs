//! What shows who calls with each request, and is no session: a password by HTTP Basic, a certificate, a token of another issuer. It is
//! proved once, and stands for a short session of this server's from then on, so that everything behind the door knows one thing alone.

use crate::actions::audit::Origin;
use crate::actions::identity::limits::{self, Door};
use crate::actions::identity::sign_in::prove_password;
use crate::actions::identity::visitor::Visitor;
use crate::bundle::Bundle;
use crate::environments::Environment;
use crate::error::{Refusal, chain};
use freehold_auth::{
    NewSession, SessionKind, Terms, Token, begin_session, find_person, find_tenant, find_user, find_user_by, forgive,
    list_factors,
};
use freehold_base::{Code, RowId};
use freehold_oidc::{Algorithm, JwtIssuer, KeySource, Object, pick};
use freehold_schema::catalog::{JwtDef, JwtUserKey};
use moka::Expiry;
use moka::sync::Cache;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::time::{Duration, Instant};

/// How long a proof stands at most.
const STANDS: Duration = Duration::from_mins(5);
/// Proofs that are remembered.
const PROOFS_MAX: u64 = 20_000;

/// What a request shows.
#[derive(Clone)]
pub(crate) enum Presented {
    /// HTTP Basic (RFC 7617). Not `Debug`: it holds a password.
    Basic { email: String, password: String },
    /// A token of another issuer (RFC 7519).
    Jwt(String),
    /// A certificate that the server's authority has signed.
    Certificate { fingerprint: [u8; 32], emails: Vec<String> },
}

/// Sessions that stand for what was proved, by its keyed hash. The key is this process's alone, so that nothing of a password can be
/// tried elsewhere.
pub(crate) struct Exchanges {
    key: [u8; 32],
    sessions: Cache<[u8; 32], (Token, Duration)>,
}

struct Until;

impl Expiry<[u8; 32], (Token, Duration)> for Until {
    fn expire_after_create(&self, _: &[u8; 32], (_, lasts): &(Token, Duration), _: Instant) -> Option<Duration> {
        Some(*lasts)
    }
}

impl Exchanges {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self {
            key: rand::random(),
            sessions: Cache::builder().max_capacity(PROOFS_MAX).expire_after(Until).build(),
        }
    }

    /// The session may be of the tenant that the request names.
    fn key_of(&self, presented: &Presented, tenant: Option<&str>) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.key);
        let mut part = |bytes: &[u8]| {
            hash.update(bytes.len().to_le_bytes());
            hash.update(bytes);
        };
        match presented {
            Presented::Basic { email, password } => {
                part(b"basic");
                part(email.as_bytes());
                part(password.as_bytes());
            }
            Presented::Jwt(token) => {
                part(b"jwt");
                part(token.as_bytes());
                part(tenant.unwrap_or_default().as_bytes());
            }
            Presented::Certificate { fingerprint, .. } => {
                part(b"certificate");
                part(fingerprint);
            }
        }
        hash.finalize().into()
    }
}

/// The session that stands for what a request shows, in the tenant that it names.
///
/// # Errors
/// `UNAUTHENTICATED` for what proves nothing, or where the app does not take it; `RATE_LIMITED`; `UNAVAILABLE` when an issuer's keys cannot
/// be had.
pub(crate) async fn session_for(
    environment: &Environment,
    presented: &Presented,
    tenant: Option<&str>,
    origin: Origin<'_>,
) -> Result<Token, Refusal> {
    let bundle = environment.bundle()?;
    // Where it makes no difference, one session stands for all.
    let has_several = |def: &JwtDef| def.tenants.as_ref().is_some_and(|tenants| tenants.len() > 1);
    let tenant = tenant.filter(|_| bundle.catalog.identity.jwt.values().any(has_several));
    let key = environment.exchanges.key_of(presented, tenant);
    if let Some((token, _)) = environment.exchanges.sessions.get(&key) {
        let now = environment.clock.now();
        // It may have been ended meanwhile, with everything else of its owner's.
        if freehold_auth::find_session(&environment.platform, &bundle.directory, &token, now)
            .await
            .is_ok()
        {
            return Ok(token);
        }
        environment.exchanges.sessions.invalidate(&key);
    }
    let proven = match presented {
        Presented::Basic { email, password } => basic(environment, &bundle, email, password, origin).await?,
        Presented::Jwt(token) => jwt(environment, &bundle, token, tenant, origin).await?,
        Presented::Certificate { emails, .. } => certificate(environment, &bundle, emails).await?,
    };
    let token = Token::random(&mut rand::rng());
    let address = origin.address.map(|address| address.to_string());
    let new = NewSession {
        kind: SessionKind::Exchanged,
        terms: Terms {
            lasting: true,
            roles: proven.roles,
            ..Terms::default()
        },
        tenant: proven.tenant,
        label: Some(proven.method),
        lasts: proven.lasts,
        address: address.as_deref(),
        ..NewSession::browser(&bundle.directory, proven.user)
    };
    begin_session(&environment.platform, &token, &new, environment.clock.now()).await?;
    environment
        .exchanges
        .sessions
        .insert(key, (token.clone(), proven.lasts));
    Ok(token)
}

struct Proven {
    user: RowId,
    method: &'static str,
    lasts: Duration,
    roles: Option<Vec<String>>,
    tenant: Option<RowId>,
}

fn refused() -> Refusal {
    Refusal::new(Code::Unauthenticated, "the credentials are not accepted")
}

/// A password with each request: for machines, where the app says so. Whoever has a second factor does not get past it by this.
async fn basic(
    environment: &Environment,
    bundle: &Bundle,
    email: &str,
    password: &str,
    origin: Origin<'_>,
) -> Result<Proven, Refusal> {
    if !bundle.catalog.identity.basic {
        return Err(refused().with_hint("`Authorization: Bearer <token>` is understood"));
    }
    let visitor = Visitor {
        origin,
        user_agent: None,
        previous: None,
        tenant: None,
        site: "",
    };
    let (_, proven) = prove_password(environment, email, password, visitor).await?;
    if (bundle.directory.verify_email && !proven.verified)
        || !list_factors(&environment.platform, proven.user).await?.is_empty()
    {
        return Err(refused());
    }
    forgive(&environment.platform, proven.user).await?;
    Ok(Proven {
        user: proven.user,
        method: "basic",
        lasts: STANDS,
        roles: None,
        tenant: None,
    })
}

async fn certificate(environment: &Environment, bundle: &Bundle, emails: &[String]) -> Result<Proven, Refusal> {
    // Of two addresses it would be chance who it is.
    let [email] = emails else { return Err(refused()) };
    let found = find_user(&environment.platform, &bundle.directory, email).await?;
    let (user, _) = found.ok_or_else(refused)?;
    Ok(Proven {
        user,
        method: "certificate",
        lasts: STANDS,
        roles: None,
        tenant: None,
    })
}

async fn jwt(
    environment: &Environment,
    bundle: &Bundle,
    token: &str,
    tenant: Option<&str>,
    origin: Origin<'_>,
) -> Result<Proven, Refusal> {
    let stated = freehold_oidc::issuer_of(token).ok_or_else(refused)?;
    let candidates: Vec<&JwtDef> = bundle
        .catalog
        .identity
        .jwt
        .values()
        .filter(|def| def.issuer == stated)
        .collect();
    if candidates.is_empty() {
        return Err(refused());
    }
    limits::from_place(environment, Door::Proof, origin).await?;
    let now = environment.clock.now();
    for def in candidates {
        for audience in &def.audiences {
            let issuer = JwtIssuer {
                issuer: def.issuer.clone(),
                audience: audience.clone(),
                keys: match &def.jwks_uri {
                    Some(url) => KeySource::Jwks(url.clone()),
                    None => KeySource::Discovery,
                },
                algorithms: Algorithm::ALL.to_vec(),
            };
            match issuer
                .verify(&environment.outgoing, &environment.oidc, token, now)
                .await
            {
                Ok(claims) => return of_claims(environment, bundle, def, claims, tenant).await,
                Err(error) if error.code() == Code::Unavailable => {
                    tracing::warn!("the keys of the issuer `{}` cannot be had: {}", def.name, chain(&error));
                    return Err(Refusal::new(
                        Code::Unavailable,
                        "the issuer of the token does not answer",
                    ));
                }
                Err(error) => tracing::debug!("a token of the issuer `{}` is refused: {}", def.name, chain(&error)),
            }
        }
    }
    Err(refused())
}

async fn of_claims(
    environment: &Environment,
    bundle: &Bundle,
    def: &JwtDef,
    claims: Object,
    named: Option<&str>,
) -> Result<Proven, Refusal> {
    let now = environment.clock.now();
    let ends = claims.get("exp").and_then(Value::as_i64).ok_or_else(refused)?;
    let left = u64::try_from(ends.saturating_sub(now.0 / 1_000_000)).unwrap_or(0);
    let unverified = claims.get("email_verified") == Some(&Value::Bool(false));
    let claims = Value::Object(claims);
    let names = pick(&claims, &def.user.claim);
    let [name] = names.as_slice() else {
        return Err(refused());
    };
    let (platform, directory) = (&environment.platform, &bundle.directory);
    let user = match def.user.by {
        JwtUserKey::Email if unverified => None,
        JwtUserKey::Email => find_user(platform, directory, name).await?.map(|(user, _)| user),
        JwtUserKey::Id => RowId::parse(name),
        JwtUserKey::Field(field) => {
            let field = bundle.catalog.field(bundle.catalog.user, field);
            match field.column() {
                Some(column) => find_user_by(platform, &column.name, name).await?,
                None => None,
            }
        }
    };
    let user = user.ok_or_else(refused)?;
    if find_person(platform, directory, user).await?.is_none() {
        return Err(refused());
    }
    let tenant = match &def.tenants {
        None => None,
        Some(tenants) => Some(place(environment, bundle, tenants, named).await?),
    };
    let roles = def.roles.as_ref().map(|map| {
        let values = pick(&claims, &map.claim);
        let granted = map.granted(values.iter().map(String::as_str));
        granted.into_iter().map(str::to_owned).collect()
    });
    Ok(Proven {
        user,
        method: "jwt",
        lasts: STANDS.min(Duration::from_secs(left.max(1))),
        roles,
        tenant,
    })
}

/// The one tenant in which a session counts whose token holds in some: the only one, or else the one that the request names.
async fn place(
    environment: &Environment,
    bundle: &Bundle,
    tenants: &[String],
    named: Option<&str>,
) -> Result<RowId, Refusal> {
    let (platform, now) = (&environment.platform, environment.clock.now());
    let mut found = Vec::new();
    for slug in tenants {
        let tenant = find_tenant(platform, &bundle.directory, slug, now).await?;
        found.extend(
            tenant.filter(|tenant| tenants.len() == 1 || named == Some(slug) || named == Some(&tenant.to_string())),
        );
    }
    found.first().copied().ok_or_else(refused)
}
