//! An environment while it is served: its database, and its live bundle, which a deploy swaps whole.

use crate::actions::identity::exchange::Exchanges;
use crate::bundle::Bundle;
use crate::error::Refusal;
use crate::http::host::{Host, Hosts};
use crate::http::persisted::Persisted;
use crate::outgoing::Outgoing;
use crate::post::Post;
use crate::pseudonym::Pseudonyms;
use crate::recorder::Recorder;
use crate::secrets::Secrets;
use crate::subscriptions::{Changes, Hub};
use freehold_auth::{Algorithm, Passwords, TenantView};
use freehold_base::{Clock, Code, Limits};
use freehold_planner::cursor::Sealer;
use freehold_schema::catalog::PasswordHash;
use freehold_schema::operations::AppOperation;
use freehold_storage::Database;
use freehold_vault::Vault;
use sea_orm::DatabaseConnection;
use std::sync::{Arc, PoisonError, RwLock};

/// An environment. Nothing in the process is keyed by less.
pub(crate) struct Environment {
    /// `development`, `production` …
    pub(crate) name: String,
    /// Name of the app's directory, while there is no model to tell the app's.
    pub(crate) label: String,
    /// Serves the console.
    pub(crate) console: bool,
    /// Browsers reach it without TLS: `dev`.
    pub(crate) without_tls: bool,
    /// The app's tables.
    pub(crate) database: Database,
    /// The platform's tables, in the same database.
    pub(crate) platform: DatabaseConnection,
    /// Hashes passwords.
    pub(crate) passwords: Passwords,
    /// Seals cursors.
    pub(crate) sealer: Sealer,
    /// Its data keys.
    pub(crate) vault: Vault,
    /// The time.
    pub(crate) clock: Arc<dyn Clock>,
    /// Which hosts are answered.
    pub(crate) hosts: Hosts,
    /// Writes the audit log.
    pub(crate) recorder: Recorder,
    /// Sends letters.
    pub(crate) post: Post,
    /// What addresses are called there.
    pub(crate) pseudonyms: Pseudonyms,
    /// Texts that clients name by a hash or an id: the app's operations, and others unless these alone are trusted.
    pub(crate) persisted: Persisted,
    /// Those who listen.
    pub(crate) hub: Arc<Hub>,
    /// Secrets that the model names.
    pub(crate) secrets: Secrets,
    /// Asks identity providers.
    pub(crate) outgoing: Outgoing,
    /// What they have said of themselves.
    pub(crate) oidc: freehold_oidc::Cache,
    /// Sessions that stand for what requests show.
    pub(crate) exchanges: Exchanges,
    live: RwLock<Live>,
}

/// What a deploy swaps.
#[derive(Clone, Default)]
struct Live {
    bundle: Option<Arc<Bundle>>,
    report: Option<String>,
    demo_users: Arc<Vec<DemoUser>>,
    default_query: Option<String>,
}

/// What an environment is made of, before it has a bundle.
pub(crate) struct Parts {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) console: bool,
    pub(crate) without_tls: bool,
    pub(crate) database: Database,
    pub(crate) platform: DatabaseConnection,
    pub(crate) passwords: Passwords,
    pub(crate) sealer: Sealer,
    pub(crate) vault: Vault,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) hosts: Hosts,
    pub(crate) recorder: Recorder,
    pub(crate) post: Post,
    pub(crate) pseudonyms: Pseudonyms,
    /// Only operations of the app are answered.
    pub(crate) trusted_operations: bool,
    pub(crate) secrets: Secrets,
}

/// Somebody of the seed, whose password is public.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct DemoUser {
    pub(crate) email: String,
    pub(crate) name: Option<String>,
    pub(crate) password: String,
    pub(crate) tenants: Vec<DemoTenant>,
    /// In a single-tenant app.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) roles: Vec<String>,
    pub(crate) profile: Option<String>,
}

/// Where a demo user is a member.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct DemoTenant {
    #[serde(flatten)]
    pub(crate) tenant: TenantView,
    pub(crate) roles: Vec<String>,
}

/// What the console knows before anybody has signed in.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Info {
    app: String,
    environment: String,
    security: &'static str,
    anonymous: bool,
    demo_users: Arc<Vec<DemoUser>>,
    default_query: Option<String>,
    report: Option<String>,
    version: &'static str,
    revision: Option<String>,
}

impl Environment {
    /// An environment without a bundle.
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts {
            name,
            label,
            console,
            without_tls,
            database,
            platform,
            passwords,
            sealer,
            vault,
            clock,
            hosts,
            recorder,
            post,
            pseudonyms,
            trusted_operations,
            secrets,
        } = parts;
        Self {
            name,
            label,
            console,
            without_tls,
            database,
            platform,
            passwords,
            sealer,
            vault,
            clock,
            hosts,
            recorder,
            post,
            pseudonyms,
            persisted: Persisted::new(trusted_operations),
            hub: Arc::default(),
            secrets,
            outgoing: Outgoing::new(),
            oidc: freehold_oidc::Cache::new(),
            exchanges: Exchanges::new(),
            live: RwLock::default(),
        }
    }

    /// The live bundle. A request keeps the one it began with.
    ///
    /// # Errors
    /// `MODEL_INVALID` as 503, while there is none.
    pub(crate) fn bundle(&self) -> Result<Arc<Bundle>, Refusal> {
        self.live().bundle.ok_or_else(|| {
            Refusal::new(Code::ModelInvalid, "the model does not compile yet")
                .with_status(503)
                .with_hint("the report is on the terminal, and in the console")
        })
    }

    /// Bounds on a request's text and body, before its bundle matters.
    pub(crate) fn limits(&self) -> Limits {
        self.live()
            .bundle
            .map_or_else(Limits::default, |bundle| bundle.catalog.limits)
    }

    /// Whether requests for that host are answered.
    pub(crate) fn answers(&self, host: &Host) -> bool {
        self.hosts
            .answer(host, self.live().bundle.as_ref().map(|bundle| &bundle.catalog))
    }

    /// Serves another bundle from now on, and knows its app's operations.
    pub(crate) fn serve(
        &self,
        bundle: Arc<Bundle>,
        operations: &[AppOperation],
        demo_users: Vec<DemoUser>,
        default_query: Option<String>,
    ) {
        self.persisted.serve(operations);
        self.hash_as(&bundle);
        let next = Live {
            bundle: Some(bundle),
            report: None,
            demo_users: Arc::new(demo_users),
            default_query,
        };
        *self.live.write().unwrap_or_else(PoisonError::into_inner) = next;
        self.hub.tell(Changes::everything());
    }

    /// Hashes new passwords as the app wants it.
    fn hash_as(&self, bundle: &Bundle) {
        let Some(rules) = bundle.catalog.passwords else { return };
        let algorithm = match rules.hash {
            PasswordHash::Argon2id => Algorithm::Argon2id,
            PasswordHash::Scrypt => Algorithm::Scrypt,
            PasswordHash::Bcrypt => Algorithm::Bcrypt,
        };
        if let Err(error) = self.passwords.use_algorithm(algorithm, &mut rand::rng()) {
            tracing::error!("passwords are hashed as before: {error}");
        }
    }

    /// Keeps serving the last good bundle, and tells why the newest is not served.
    pub(crate) fn tell(&self, report: String) {
        self.live.write().unwrap_or_else(PoisonError::into_inner).report = Some(report);
    }

    /// The people of the seed, in development.
    pub(crate) fn demo_users(&self) -> Arc<Vec<DemoUser>> {
        self.live().demo_users
    }

    /// For the console.
    pub(crate) fn info(&self) -> Info {
        use freehold_schema::catalog::SecurityLevel;
        let Live {
            bundle,
            report,
            demo_users,
            default_query,
        } = self.live();
        let catalog = bundle.as_ref().map(|bundle| &bundle.catalog);
        Info {
            app: catalog.map_or_else(|| self.label.clone(), |catalog| catalog.app.clone()),
            environment: self.name.clone(),
            security: match catalog.map(|catalog| catalog.security) {
                Some(SecurityLevel::Open) => "open",
                Some(SecurityLevel::Prototype) => "prototype",
                Some(SecurityLevel::Production) => "production",
                None => "unknown",
            },
            anonymous: catalog.is_some_and(|catalog| catalog.anonymous_profile.is_some()),
            demo_users,
            default_query,
            report,
            version: env!("CARGO_PKG_VERSION"),
            revision: bundle.as_ref().map(|bundle| bundle.revision.clone()),
        }
    }

    fn live(&self) -> Live {
        self.live.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
