//! `freehold audit`: the audit log from a terminal.

use crate::bundle::{Bundle, compile};
use crate::cli::{say, tell};
use crate::config::{Config, DevArgs, Place, ServeArgs};
use crate::error::{Failure, chain};
use crate::sources;
use crate::startup::connect;
use clap::{Args, Subcommand};
use freehold_auth::{TenantHint, identify};
use freehold_base::{Clock, RowId, SystemClock, Timestamp, parse_datetime, write_datetime};
use freehold_storage::audit::{AuditChain, AuditFilter, AuditHead, AuditKind, AuditRecord, Digest, Finding};
use freehold_storage::{Database, Settings};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// How often the progress of a long chain is told, in records.
const TOLD_EVERY: i64 = 100_000;
/// Records read at once by `list`.
const PAGE: u32 = 500;

#[derive(Subcommand)]
pub(crate) enum AuditCommand {
    /// Checks that no record was changed, left out or put in
    #[command(
        after_help = "Examples:\n  freehold audit verify examples/helpdesk\n  freehold audit verify --config freehold.toml\n  \
        freehold audit verify --config freehold.toml --json > heads.json      # keep it somewhere else\n  \
        freehold audit verify --config freehold.toml --against heads.json\n\nThe exit code is 1 when a record is not as it was written."
    )]
    Verify(VerifyArgs),
    /// Prints records, the newest first
    #[command(after_help = "Examples:\n  freehold audit list examples/helpdesk\n  \
        freehold audit list --config freehold.toml --tenant acme --kind denied --kind alert --first 100\n  \
        freehold audit list --config freehold.toml --since 2026-11-01T00:00:00Z --json")]
    List(ListArgs),
}

/// Which log.
#[derive(Args)]
struct LogArgs {
    /// The app's directory; without more, the database that `freehold dev` keeps there
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
    /// The configuration file of a server
    #[arg(long, env = "FREEHOLD_CONFIG", value_name = "FILE", conflicts_with = "directory")]
    config: Option<PathBuf>,
    /// Database: postgres://user:password@host/database or sqlite:/path/to/file.db
    #[arg(long, env = "FREEHOLD_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database: Option<String>,
    /// PostgreSQL schema of the environment
    #[arg(long, env = "FREEHOLD_DATABASE_SCHEMA", value_name = "NAME")]
    schema: Option<String>,
    /// Folder of the SQLite file [default: DIR/.freehold]
    #[arg(long, env = "FREEHOLD_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// A tenant, by slug or id
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    log: LogArgs,
    /// What `--json` printed before: the log must still hold it
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    log: LogArgs,
    /// A kind, for example denied; may be given several times
    #[arg(long = "kind", value_name = "KIND", value_parser = parse_kind)]
    kinds: Vec<AuditKind>,
    /// Id of the user who did it, or was refused
    #[arg(long, value_name = "ID", value_parser = parse_id)]
    user: Option<RowId>,
    /// Records of that moment or later (RFC 3339)
    #[arg(long, value_name = "MOMENT", value_parser = parse_moment)]
    since: Option<Timestamp>,
    /// Records from before that moment (RFC 3339)
    #[arg(long, value_name = "MOMENT", value_parser = parse_moment)]
    until: Option<Timestamp>,
    /// So many at most
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    first: u32,
}

pub(crate) async fn run(command: &AuditCommand) -> Result<(), Failure> {
    match command {
        AuditCommand::Verify(args) => verify(args).await,
        AuditCommand::List(args) => list(args).await,
    }
}

async fn verify(args: &VerifyArgs) -> Result<(), Failure> {
    let (place, app) = args.log.place()?;
    let database = open(&place).await?;
    let noted = args.against.as_deref().map(read_heads).transpose()?.unwrap_or_default();
    let chains = match &args.log.tenant {
        Some(name) => vec![AuditChain::Tenant(
            tenant(name, &place, &database, app.as_deref()).await?,
        )],
        None => {
            let mut chains = database.audit_chains().await.map_err(|error| unreadable(&error))?;
            chains.extend(noted.iter().map(|head| head.chain));
            chains.sort_unstable();
            chains.dedup();
            chains
        }
    };
    let mut findings = Vec::with_capacity(chains.len());
    for chain in chains {
        let noted: Vec<AuditHead> = noted.iter().filter(|head| head.chain == chain).copied().collect();
        let mut told = 0;
        let mut progress = |done: i64, of: i64| {
            if done - told >= TOLD_EVERY && done < of {
                told = done;
                tell(format!("{}: {done} of {of} records", name_of(chain)));
            }
        };
        let finding = database.verify_audit(chain, &noted, &mut progress).await;
        findings.push(finding.map_err(|error| unreadable(&error))?);
    }
    let broken = findings.iter().filter(|finding| finding.fault.is_some()).count();
    if args.log.json {
        let chains: Vec<Value> = findings.iter().map(finding_json).collect();
        say(format!("{:#}", json!({ "ok": broken == 0, "chains": chains })));
    } else {
        for finding in &findings {
            say(finding_text(finding));
        }
    }
    match (broken, findings.len()) {
        (0, 0) if !args.log.json => {
            say("the audit log is empty");
            Ok(())
        }
        (0, _) => Ok(()),
        (_, _) if args.log.json => Err(Failure::new("")),
        (_, of) => Err(
            Failure::new(format!("{broken} of {of} chains are not as they were written"))
                .hint("restore a backup beside it and compare; `freehold audit list` shows what is there"),
        ),
    }
}

async fn list(args: &ListArgs) -> Result<(), Failure> {
    let (place, app) = args.log.place()?;
    let database = open(&place).await?;
    let chain = match &args.log.tenant {
        Some(name) => AuditChain::Tenant(tenant(name, &place, &database, app.as_deref()).await?),
        None => AuditChain::Environment,
    };
    let filter = AuditFilter {
        kinds: args.kinds.clone(),
        user: args.user,
        since: args.since,
        until: args.until,
    };
    let (mut left, mut before) = (args.first, None);
    while left > 0 {
        let asked = left.min(PAGE);
        let page = database.audit_page(chain, &filter, before, asked).await;
        let page = page.map_err(|error| unreadable(&error))?;
        for record in &page {
            say(if args.log.json {
                record_json(record).to_string()
            } else {
                record_text(record)
            });
        }
        before = page.last().map(|record| record.seq);
        left -= asked;
        if page.len() < asked as usize {
            break;
        }
    }
    Ok(())
}

impl LogArgs {
    /// Where the database is, and the app's directory if it is stated.
    fn place(&self) -> Result<(Place, Option<PathBuf>), Failure> {
        let place = match (&self.directory, &self.config, &self.database) {
            (_, None, Some(url)) => {
                let schema = self.schema.clone();
                Place {
                    url: url.clone(),
                    schema: schema.unwrap_or_else(|| crate::config::SCHEMA.to_owned()),
                    connections: 2,
                }
            }
            (Some(directory), None, None) => DevArgs::file(directory, self.data.as_deref()),
            _ => {
                let config = Config::load(&ServeArgs {
                    config: self.config.clone(),
                    database: self.database.clone(),
                    schema: self.schema.clone(),
                    ..ServeArgs::default()
                })?;
                return Ok((config.place(), Some(config.app)));
            }
        };
        Ok((place, self.directory.clone()))
    }
}

/// Opens what is there: nothing is created.
pub(super) async fn open(place: &Place) -> Result<Database, Failure> {
    if let Some(path) = place.url.strip_prefix("sqlite:") {
        let path = Path::new(path.strip_prefix("//").unwrap_or(path));
        if !path.is_file() {
            return Err(Failure::new(format!("there is no database at `{}`", path.display()))
                .hint("name the app's directory, or --config FILE, or --database URL"));
        }
    }
    let settings = Settings {
        connections: place.connections.clamp(1, 2),
        ..Settings::new(place.url.clone(), place.schema.clone())
    };
    Database::open(&settings).await.map_err(|error| {
        Failure::new(format!(
            "cannot open the database `{}`: {}",
            place.masked(),
            chain(&error)
        ))
    })
}

/// A tenant's id. A slug is looked up as requests do it, which takes the app's model.
async fn tenant(name: &str, place: &Place, database: &Database, app: Option<&Path>) -> Result<RowId, Failure> {
    if let Some(id) = RowId::parse(name) {
        return Ok(id);
    }
    let app = app.ok_or_else(|| {
        Failure::new(format!(
            "`{name}` is no id, and without the app's directory no slug is known"
        ))
        .hint("name the directory, or the tenant by its id")
    })?;
    let compiled = compile(&sources::read(app)?);
    let (catalog, policy) = compiled.sound.ok_or_else(|| {
        Failure::new("the model does not compile, so no slug is known").hint("name the tenant by its id")
    })?;
    let directory = Bundle::new(catalog, policy).directory;
    let platform = connect(place, database.sqlite_path()).await?;
    let hint = TenantHint::Named(name);
    let caller = identify(&platform, &directory, None, &hint, SystemClock.now()).await?;
    caller
        .tenant
        .map(|tenant| tenant.id)
        .ok_or_else(|| Failure::new(format!("there is no tenant `{name}`")))
}

/// The heads that `verify --json` printed.
fn read_heads(file: &Path) -> Result<Vec<AuditHead>, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::new(format!("cannot read `{}`: {error}", file.display())))?;
    heads(&text).ok_or_else(|| {
        Failure::new(format!("`{}` holds no heads", file.display())).hint("`freehold audit verify --json` prints them")
    })
}

fn heads(text: &str) -> Option<Vec<AuditHead>> {
    let report: Value = serde_json::from_str(text).ok()?;
    let head = |json: &Value| {
        let chain = match &json["tenant"] {
            Value::Null => AuditChain::Environment,
            id => AuditChain::Tenant(RowId::parse(id.as_str()?)?),
        };
        Some(AuditHead {
            chain,
            length: json["length"].as_i64()?,
            hash: Digest::parse(json["hash"].as_str()?)?,
        })
    };
    report["chains"].as_array()?.iter().map(head).collect()
}

fn name_of(chain: AuditChain) -> String {
    match chain {
        AuditChain::Environment => "environment".to_owned(),
        AuditChain::Tenant(id) => format!("tenant {id}"),
    }
}

fn finding_text(finding: &Finding) -> String {
    let name = name_of(finding.chain);
    match &finding.fault {
        None => format!(
            "{name}: {} {}, sound",
            finding.sound,
            if finding.sound == 1 { "record" } else { "records" }
        ),
        Some((seq, fault)) => format!("{name}: record {seq} {fault}"),
    }
}

fn finding_json(finding: &Finding) -> Value {
    let tenant = match finding.chain {
        AuditChain::Environment => None,
        AuditChain::Tenant(id) => Some(id.to_string()),
    };
    let fault = finding
        .fault
        .as_ref()
        .map(|(seq, fault)| json!({ "seq": seq, "problem": fault.to_string() }));
    json!({
        "tenant": tenant,
        "length": finding.head.map_or(0, |head| head.length),
        "hash": finding.head.map(|head| head.hash.to_string()),
        "ok": fault.is_none(),
        "fault": fault,
    })
}

fn record_json(record: &AuditRecord) -> Value {
    json!({
        "seq": record.seq,
        "at": moment(record.at),
        "kind": record.kind_text(),
        "user": record.user().map(|user| user.to_string()),
        "entity": record.entity(),
        "rowId": record.row().map(|row| row.to_string()),
        "detail": record.detail(),
        "requestId": record.request(),
        "hash": record.hash.map(|hash| hash.to_string()),
    })
}

fn record_text(record: &AuditRecord) -> String {
    let user = record.user().map_or_else(|| "-".to_owned(), |user| user.to_string());
    let place = match (record.entity(), record.row()) {
        (Some(entity), Some(row)) => format!("  {entity} {row}"),
        (Some(entity), None) => format!("  {entity}"),
        (None, Some(row)) => format!("  {row}"),
        (None, None) => String::new(),
    };
    format!(
        "{:>6}  {:<27}  {:<14}  {user:<36}{place}  {}",
        record.seq,
        moment(record.at),
        record.kind_text(),
        record.detail(),
    )
}

fn moment(at: Timestamp) -> String {
    let mut out = Vec::new();
    write_datetime(&mut out, at.0);
    String::from_utf8_lossy(&out).into_owned()
}

fn unreadable(error: &freehold_storage::Error) -> Failure {
    Failure::new(format!("the audit log cannot be read: {}", chain(error)))
        .hint("is it an environment's database, and its schema? a server that starts there makes the log")
}

fn parse_kind(text: &str) -> Result<AuditKind, String> {
    AuditKind::parse(text).ok_or_else(|| {
        let known: Vec<&str> = AuditKind::ALL.iter().map(|kind| kind.name()).collect();
        format!("the kinds are {}", known.join(", "))
    })
}

fn parse_id(text: &str) -> Result<RowId, String> {
    RowId::parse(text).ok_or_else(|| "an id (UUID) expected".to_owned())
}

fn parse_moment(text: &str) -> Result<Timestamp, String> {
    parse_datetime(text)
        .map(Timestamp)
        .ok_or_else(|| "an instant expected, for example 2026-11-22T10:00:00Z".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read_again() {
        let id = RowId::parse("01930000-0000-8001-8000-000000000001").unwrap();
        let head = |chain, length| AuditHead {
            chain,
            length,
            hash: Digest([length as u8; 32]),
        };
        let noted = [head(AuditChain::Environment, 3), head(AuditChain::Tenant(id), 7)];
        let finding = |head: AuditHead| Finding {
            chain: head.chain,
            sound: head.length,
            head: Some(head),
            fault: None,
        };
        let chains: Vec<Value> = noted.iter().map(|head| finding_json(&finding(*head))).collect();
        let report = json!({ "ok": true, "chains": chains }).to_string();
        assert_eq!(heads(&report), Some(noted.to_vec()));
        for bad in [
            "",
            "{}",
            r#"{"chains": [{}]}"#,
            r#"{"chains": [{"tenant": "acme", "length": 1, "hash": ""}]}"#,
        ] {
            assert_eq!(heads(bad), None, "{bad}");
        }
    }
}
