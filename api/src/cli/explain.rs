//! `freehold explain`: what a request becomes for somebody, and why they may, or may not, do something to a row.

mod layout;
mod outline;
mod request;
mod row;

use crate::bundle::{Bundle, compile};
use crate::cli::audit::open;
use crate::cli::who::RoleArgs;
use crate::cli::{say, tell};
use crate::config::{self, DevArgs, Place};
use crate::error::{Failure, Refusal, chain};
use crate::sources;
use crate::startup::connect;
use clap::{Args, ValueEnum};
use freehold_auth::{Described, PersonName, TenantHint, describe};
use freehold_base::{Caller, CallerTenant, Clock, Person, RowId, SystemClock};
use freehold_policy::RoleSet;
use freehold_schema::catalog::Operation;
use freehold_schema::source::Sources;
use freehold_storage::Database;
use freehold_storage::program::Dialect;
use std::collections::BTreeMap;
use std::path::PathBuf;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  freehold explain examples/helpdesk --role agent '{ tickets { nodes { subject internalNote } } }'\n  \
    freehold explain examples/helpdesk --as finn@acme.test --tenant acme '{ tickets { totalCount } }'\n  \
    freehold explain examples/helpdesk --role agent 'mutation { createTicket(input: {subject: \"No tone\"}) { subject } }' --dialect postgres\n  \
    freehold explain examples/helpdesk --as bo@acme.test --tenant acme --entity ticket --id 0194… --operation update --field body\n\n\
    By role it needs no database. `--as` looks the person up in the one that `freehold dev` keeps under DIR/.freehold, or in the one\n\
    that is stated; nothing is changed there, and nothing is recorded in its audit log."
)]
pub(crate) struct ExplainArgs {
    /// The app's directory
    directory: PathBuf,
    /// A query or a mutation
    #[arg(value_name = "REQUEST", conflicts_with = "entity")]
    request: Option<String>,
    /// Values of its variables, as a JSON object
    #[arg(long, value_name = "JSON", requires = "request")]
    variables: Option<String>,
    /// Somebody, by e-mail address or id
    #[arg(long = "as", value_name = "USER", conflicts_with_all = ["roles", "profile", "anonymous"])]
    person: Option<String>,
    /// Their tenant, by slug or id [default: the only one they are in]
    #[arg(long, value_name = "TENANT", requires = "person")]
    tenant: Option<String>,
    #[command(flatten)]
    who: RoleArgs,
    /// A row's entity
    #[arg(long, value_name = "NAME", requires_all = ["id", "person"])]
    entity: Option<String>,
    /// The row's id
    #[arg(long, value_name = "ID", requires = "entity")]
    id: Option<String>,
    /// What they want to do to it
    #[arg(long, value_name = "OPERATION", default_value = "read", requires = "entity")]
    operation: RowOperation,
    /// To which of its fields
    #[arg(long, value_name = "NAME", requires = "entity")]
    field: Option<String>,
    /// Database: postgres://user:password@host/database or sqlite:/path/to/file.db
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// PostgreSQL schema of the environment
    #[arg(long, value_name = "NAME", default_value = config::SCHEMA)]
    schema: String,
    /// Folder of the SQLite file [default: DIR/.freehold]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Whose SQL is printed [default: the database's, or sqlite]
    #[arg(long, value_name = "NAME")]
    dialect: Option<DialectName>,
    /// Runs the statements, and prints what they took; PostgreSQL alone, and queries alone
    #[arg(long, requires = "request")]
    analyze: bool,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum DialectName {
    Sqlite,
    Postgres,
}

#[derive(Clone, Copy, ValueEnum)]
enum RowOperation {
    Read,
    List,
    Update,
    Delete,
    Transition,
}

/// For whom it is explained.
struct Asker {
    who: Described,
    role_set: RoleSet,
    /// The person, if it is one.
    name: Option<String>,
}

/// What everything here works on.
struct Scene<'a> {
    args: &'a ExplainArgs,
    sources: &'a Sources,
    bundle: &'a Bundle,
    asker: &'a Asker,
    database: Option<&'a Database>,
    dialect: Dialect,
}

pub(crate) async fn run(args: &ExplainArgs) -> Result<(), Failure> {
    if args.request.is_none() && args.entity.is_none() {
        return Err(Failure::new("nothing to explain").hint("add a query or a mutation, or --entity and --id of a row"));
    }
    let sources = sources::read(&args.directory)?;
    let compiled = compile(&sources);
    let Some((mut catalog, policy)) = compiled.sound else {
        tell(compiled.report(&sources, config::color()));
        return Err(Failure::new(""));
    };
    let place = args.place();
    let database = match &place {
        Some(place) => {
            let database = open(place).await?;
            database.find_tags(&mut catalog).await.map_err(|error| {
                Failure::new(format!("`{}` cannot be read: {}", place.masked(), chain(&error)))
                    .hint("is it an environment's database, and its schema? `freehold dev` makes one")
            })?;
            Some(database)
        }
        None => None,
    };
    let bundle = Bundle::new(catalog, policy);
    let asker = args.asker(&bundle, place.as_ref().zip(database.as_ref())).await?;
    let stated = args.dialect.map(|name| match name {
        DialectName::Sqlite => Dialect::Sqlite,
        DialectName::Postgres => Dialect::Postgres,
    });
    let found = database.as_ref().map(Database::dialect);
    let scene = Scene {
        args,
        sources: &sources,
        bundle: &bundle,
        asker: &asker,
        database: database.as_ref(),
        dialect: stated.or(found).unwrap_or(Dialect::Sqlite),
    };
    let text = match &args.request {
        Some(text) => request::explain(&scene, text).await?,
        None => row::explain(&scene).await?,
    };
    say(text.trim_end());
    Ok(())
}

impl ExplainArgs {
    /// The database that is looked into, if one is needed.
    fn place(&self) -> Option<Place> {
        if let Some(url) = &self.database {
            return Some(Place {
                url: url.clone(),
                schema: self.schema.clone(),
                connections: 2,
            });
        }
        let is_needed = self.person.is_some() || self.data.is_some() || self.analyze;
        is_needed.then(|| DevArgs::file(&self.directory, self.data.as_deref()))
    }

    async fn asker(&self, bundle: &Bundle, place: Option<(&Place, &Database)>) -> Result<Asker, Failure> {
        let catalog = &bundle.catalog;
        let now = SystemClock.now();
        let (Some(person), Some((place, database))) = (&self.person, place) else {
            if !self.who.are_given() {
                return Err(Failure::new("for whom?")
                    .hint("add `--as USER`, or `--role NAME` (or several), `--profile NAME` or `--anonymous`"));
            }
            let role_set = self.who.role_set(catalog)?;
            // Values of the session are named, not valued: anything stands in for them.
            let nobody = RowId::from_bytes([0; 16]);
            let in_tenant = role_set.member && catalog.tenancy.is_some();
            let caller = Caller {
                person: role_set.signed_in.then_some(Person { id: nobody }),
                tenant: in_tenant.then(|| CallerTenant {
                    id: nobody,
                    membership: Some(BTreeMap::new()),
                }),
                profile: role_set.profile.clone(),
                roles: role_set.roles.clone(),
                claims: BTreeMap::new(),
                reads_only: role_set.reads_only,
                now,
            };
            return Ok(Asker {
                who: Described {
                    caller,
                    may_sign_in: true,
                    belongs: true,
                },
                role_set,
                name: None,
            });
        };
        let platform = connect(place, database.sqlite_path()).await?;
        let hint = self.tenant.as_deref().map_or(TenantHint::None, TenantHint::Named);
        let name = RowId::parse(person).map_or(PersonName::Email(person), PersonName::Id);
        let found = describe(&platform, &bundle.directory, &name, &hint, now).await?;
        let who = found.ok_or_else(|| Failure::new(format!("there is nobody `{person}` in that database")))?;
        if let (Some(tenant), None) = (&self.tenant, &who.caller.tenant) {
            return Err(Failure::new(format!("there is no tenant `{tenant}` in that database")));
        }
        Ok(Asker {
            role_set: RoleSet::of(catalog, &who.caller),
            who,
            name: Some(person.clone()),
        })
    }
}

impl Asker {
    /// `finn@acme.test: role agent, profile member`
    fn title(&self) -> String {
        let mut held: Vec<String> = self.role_set.roles.iter().map(|role| format!("role {role}")).collect();
        held.extend(self.role_set.profile.iter().map(|profile| format!("profile {profile}")));
        if !self.role_set.signed_in {
            held.insert(0, "not signed in".to_owned());
        } else if !self.role_set.member {
            held.push("no member of the request's tenant".to_owned());
        }
        let held = if held.is_empty() {
            "nothing".to_owned()
        } else {
            held.join(", ")
        };
        match &self.name {
            Some(name) => format!("{name}: {held}"),
            None => held,
        }
    }
}

impl RowOperation {
    fn operation(self) -> Operation {
        match self {
            Self::Read => Operation::Read,
            Self::List => Operation::List,
            Self::Update => Operation::Update,
            Self::Delete => Operation::Delete,
            Self::Transition => Operation::Transition,
        }
    }
}

/// A refusal, told at a terminal.
fn failure(refusal: &Refusal) -> Failure {
    let told = refusal.told();
    let text = |key: &str| told[key].as_str().unwrap_or_default().to_owned();
    let cause = told["cause"]
        .as_str()
        .map(|cause| format!(": {cause}"))
        .unwrap_or_default();
    let failure = Failure::new(format!("{}: {}{cause}", text("code"), text("message")));
    match told["hint"].as_str() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
