//! A compiled app: catalog and policy, the schemas that role sets have of it, built when first asked for, and the programs of
//! requests that were asked before.

mod identities;
mod plans;

pub(crate) use identities::{Identities, IdentityKey, Known};
pub(crate) use plans::{Live, Planned, Plans, Recipe, Watch};

use freehold_auth::{Directory, Lockout, MembershipField, SessionSpans, Tenancy};
use freehold_base::{Limits, ValueType};
use freehold_policy::{Access, Policy, RoleSet};
use freehold_schema::catalog::{Catalog, SystemField, VerifyEmail};
use freehold_schema::diagnostic::{Diagnostics, render};
use freehold_schema::graphql::RoleSchema;
use freehold_schema::operations::{self, AppOperation};
use freehold_schema::source::Sources;
use freehold_storage::Drafts;
use moka::sync::Cache;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Memory that the schemas of one bundle may take.
const VIEWS_BYTES_MAX: u64 = 128 << 20;
/// Schemas that keep what was made to answer questions about them: about two megabytes each for an app of ten entities.
const INTROSPECTED_MAX: usize = 16;

static VIEWS_MADE: AtomicU64 = AtomicU64::new(0);

/// A compiled app. Immutable, but for the schemas made on demand.
pub(crate) struct Bundle {
    /// The model, resolved.
    pub(crate) catalog: Catalog,
    /// Its rules.
    pub(crate) policy: Policy,
    /// Where its people are.
    pub(crate) directory: Directory,
    /// Tells this bundle from the ones before and after it.
    pub(crate) revision: String,
    /// Programs made before.
    pub(crate) plans: Plans,
    /// Those who called before.
    pub(crate) identities: Identities,
    views: Cache<RoleSet, Arc<View>>,
    /// The views whose schemas were asked about last.
    introspected: Mutex<VecDeque<Arc<View>>>,
}

/// What a role set has of a bundle. Shared by all callers who have the set, in all tenants.
pub(crate) struct View {
    /// Tells this view from every other of the process.
    pub(crate) number: u64,
    /// What may be asked.
    pub(crate) schema: RoleSchema,
    /// What may be read.
    pub(crate) access: Access,
    /// Statements that write by it, made before.
    pub(crate) drafts: Drafts,
}

/// What became of an app's files.
pub(crate) struct Compiled {
    /// Catalog and policy, unless there is an error.
    pub(crate) sound: Option<(Catalog, Policy)>,
    /// The operations that stand in the app, those without a fault.
    pub(crate) operations: Vec<AppOperation>,
    /// Every fault found.
    pub(crate) diagnostics: Diagnostics,
}

/// Compiles an app: its model, its rules, its seed and its operations.
pub(crate) fn compile(sources: &Sources) -> Compiled {
    let freehold_schema::Compiled {
        catalog,
        mut diagnostics,
        ..
    } = freehold_schema::compile(sources);
    let policy = catalog
        .as_ref()
        .and_then(|catalog| Policy::check(catalog, &mut diagnostics));
    if let Some(catalog) = &catalog {
        for (span, why) in freehold_content::check_model(catalog) {
            diagnostics.error("content", span, why);
        }
        let mut seed = freehold_schema::seed::resolve(sources, catalog, &mut diagnostics);
        for (span, why) in freehold_content::clean_seed(catalog, &mut seed) {
            diagnostics.error("seed-value", span, why);
        }
    }
    let limits = catalog.as_ref().map_or_else(Limits::default, |catalog| catalog.limits);
    let operations = operations::read(sources, &limits, &mut diagnostics);
    let sound = catalog.zip(policy).filter(|_| !diagnostics.has_errors());
    Compiled {
        sound,
        operations,
        diagnostics,
    }
}

impl Compiled {
    /// The faults for people to read; empty if there are none.
    pub(crate) fn report(&self, sources: &Sources, color: bool) -> String {
        render(&self.diagnostics, sources, color)
    }
}

impl std::fmt::Debug for Bundle {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Bundle")
            .field("revision", &self.revision)
            .finish_non_exhaustive()
    }
}

impl Bundle {
    /// A bundle of a model that compiles. The catalog's entities have their environment's tags.
    pub(crate) fn new(catalog: Catalog, policy: Policy) -> Self {
        let revision = format!("{:016x}", rand::random::<u64>());
        let directory = directory(&catalog, &revision);
        let weigh = |_: &RoleSet, view: &Arc<View>| u32::try_from(view.schema.weight_bytes()).unwrap_or(u32::MAX);
        let views = Cache::builder().max_capacity(VIEWS_BYTES_MAX).weigher(weigh).build();
        Self {
            catalog,
            policy,
            directory,
            revision,
            plans: Plans::new(),
            identities: Identities::new(),
            views,
            introspected: Mutex::default(),
        }
    }

    /// Notes that a schema was asked about; the one that was asked about longest ago forgets its answers.
    pub(crate) fn was_introspected(&self, view: &Arc<View>) {
        let mut introspected = self.introspected.lock().unwrap_or_else(PoisonError::into_inner);
        introspected.retain(|known| known.number != view.number);
        introspected.push_back(view.clone());
        let oldest = (introspected.len() > INTROSPECTED_MAX).then(|| introspected.pop_front());
        drop(introspected);
        if let Some(oldest) = oldest.flatten() {
            oldest.schema.forget_introspection();
        }
    }

    /// What that role set has of it.
    pub(crate) fn view(&self, role_set: &RoleSet) -> Arc<View> {
        self.views.get_with_by_ref(role_set, || {
            let access = Access::reduce(&self.catalog, &self.policy, role_set);
            let schema = RoleSchema::build(&self.catalog, &access.visible(&self.catalog));
            Arc::new(View {
                number: VIEWS_MADE.fetch_add(1, Ordering::Relaxed),
                schema,
                access,
                drafts: Drafts::default(),
            })
        })
    }
}

/// Where the app keeps its users, tenants and memberships.
fn directory(catalog: &Catalog, revision: &str) -> Directory {
    let tenancy = catalog.tenancy.and_then(|tenancy| {
        let tenants = catalog.entity(tenancy.entity);
        let memberships = catalog.entity(tenancy.membership);
        let column = |field| memberships.field(field).column().map(|column| column.name);
        let fields = memberships
            .fields
            .iter()
            .filter(|field| field.encrypted.is_none())
            .filter_map(|field| {
                let column = field.column()?;
                let value_type = if field.system == Some(SystemField::Version) {
                    ValueType::BigInt
                } else {
                    column.value_type
                };
                Some(MembershipField {
                    name: field.name.clone(),
                    column: column.name,
                    value_type,
                })
            });
        Some(Tenancy {
            tenants: tenants.name.clone(),
            slug: tenancy
                .slug
                .and_then(|slug| tenants.field(slug).column())
                .map(|column| column.name),
            name: tenants
                .find_field("name")
                .filter(|name| name.encrypted.is_none())
                .and_then(|name| name.column())
                .map(|column| column.name),
            memberships: memberships.name.clone(),
            user: column(tenancy.membership_user)?,
            roles: column(tenancy.membership_roles)?,
            status: column(tenancy.membership_status)?,
            fields: fields.collect(),
        })
    });
    Directory {
        version: revision.to_owned(),
        anonymous_profile: catalog.anonymous_profile.clone(),
        default_profile: catalog.default_profile.clone(),
        user_roles: catalog
            .entity(catalog.user)
            .find_field("roles")
            .and_then(|roles| roles.column())
            .map(|column| column.name),
        lockout: catalog.passwords.map(|rules| Lockout {
            failures_max: rules.failures_max,
            block: rules.block,
        }),
        strong_roles: catalog
            .roles
            .values()
            .filter(|role| role.mfa_required)
            .map(|role| role.name.clone())
            .collect(),
        sessions: SessionSpans {
            idle: catalog.identity.sessions.idle,
            absolute: catalog.identity.sessions.absolute,
        },
        verify_email: catalog.identity.verify_email == VerifyEmail::Required,
        tenancy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use freehold_schema::source::SourceFile;

    fn check(fields: &str, seed: &str, expected: &[(&str, &str)]) {
        let app = format!("app: a\nsecurity: open\nentities:\n  thing: {{access: open, fields: {{{fields}}}}}\n");
        let file = |name: &str, text: &str| SourceFile {
            name: name.to_owned(),
            text: text.to_owned(),
        };
        let sources = Sources::new(vec![file("app.yaml", &app), file("seed.yaml", seed)]);
        let compiled = compile(&sources);
        let found: Vec<(&str, String)> = compiled
            .diagnostics
            .iter()
            .filter(|fault| fault.severity == freehold_schema::diagnostic::Severity::Error)
            .map(|fault| (fault.check, fault.place(&sources).unwrap_or_default()))
            .collect();
        let found: Vec<(&str, &str)> = found.iter().map(|(check, place)| (*check, place.as_str())).collect();
        assert_eq!(found, expected, "{fields} {seed}");
    }

    #[test]
    fn content_is_judged_with_the_model() {
        let link = "link: {type: url}";
        check(link, "thing:\n  a: {link: \"https://x.test/\"}\n", &[]);
        check(
            link,
            "thing:\n  a: {link: \"https://x.test/\"}\n  b: {link: \"https://ann@x.test/\"}\n",
            &[("seed-value", "seed.yaml:3:3")],
        );
        check("a: {type: html, default: '<b>x'}", "", &[("content", "app.yaml:4:59")]);
    }

    #[test]
    fn operations_are_read_with_the_model() {
        let file = |name: &str, text: &str| SourceFile {
            name: name.to_owned(),
            text: text.to_owned(),
        };
        let app = "app: a\nsecurity: open\nlimits: {nesting: 4}\nentities:\n  thing: {access: open, fields: {a: {type: int}}}\n";
        let compiled = |text: &str| {
            let sources = Sources::new(vec![file("app.yaml", app), file("operations/a.graphql", text)]);
            let compiled = compile(&sources);
            (
                compiled.sound.is_some(),
                compiled.operations.len(),
                compiled.report(&sources, false),
            )
        };
        // It need not fit anybody's schema.
        let (is_sound, read, report) = compiled("{ nothing }");
        assert!(is_sound && read == 1, "{report}");
        for (text, told) in [
            ("\n{ nothing", "--> operations/a.graphql:2:10"),
            ("{a{a{a{a{a}}}}}", "the nesting is 5, more than 4"),
        ] {
            let (is_sound, read, report) = compiled(text);
            assert!(!is_sound && read == 0, "{report}");
            assert!(report.contains("error[operation]") && report.contains(told), "{report}");
        }
    }
}
