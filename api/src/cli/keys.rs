//! `freehold keys`: the keys under which encrypted fields are sealed, from a terminal.

use crate::cli::{say, tell};
use crate::config::{Config, DevArgs, Place, SCHEMA, ServeArgs};
use crate::error::{Failure, chain};
use crate::keys::{KeySource, chance};
use crate::startup::connect;
use clap::{Args, Subcommand};
use freehold_base::{SystemClock, write_datetime};
use freehold_storage::{Database, Settings};
use freehold_vault::{DataKeyView, KekView, KeyFile, KeyProvider, Rotation, Vault, retire, rotate};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How often the progress of a rotation is told, in data keys.
const TOLD_EVERY: u64 = 100;

#[derive(Subcommand)]
pub(crate) enum KeysCommand {
    /// Makes a key file with one key
    #[command(
        after_help = "Examples:\n  freehold keys new /etc/freehold/keys.json\n  freehold keys new keys.json --json\n\n\
        The file is readable by its owner alone. Without it nothing that is encrypted can be read again: keep a copy, and keep it\n\
        away from the database's backups."
    )]
    New(NewArgs),
    /// Lists keys, never what they are
    #[command(
        after_help = "Examples:\n  freehold keys list examples/helpdesk\n  freehold keys list --config freehold.toml\n  \
        freehold keys list --config freehold.toml --json"
    )]
    List(KeysArgs),
    /// Adds a key to the file and wraps every data key with it, while servers go on
    #[command(
        after_help = "Examples:\n  freehold keys rotate examples/helpdesk\n  freehold keys rotate --config freehold.toml\n  \
        freehold keys rotate --config freehold.toml --retire      # later, when no backup needs the older keys\n\n\
        It can be stopped at any moment: run again, it goes on where it was. An app that shares its key file with others is rotated\n\
        like the others; `--retire` comes when all are."
    )]
    Rotate(RotateArgs),
}

#[derive(Args)]
pub(crate) struct NewArgs {
    /// The file; it must not exist yet
    file: PathBuf,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// Which environment, and its key file.
#[derive(Args)]
pub(crate) struct KeysArgs {
    /// The app's directory; without more, the database and the keys that `freehold dev` keeps there
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
    /// Folder of the SQLite file and the keys of `freehold dev` [default: DIR/.freehold]
    #[arg(long, env = "FREEHOLD_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// File with the key-encryption keys
    #[arg(long, env = "FREEHOLD_KEY_FILE", value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(crate) struct RotateArgs {
    #[command(flatten)]
    keys: KeysArgs,
    /// Adds no key: finishes a rotation, then drops every key from the file but the newest
    #[arg(long)]
    retire: bool,
}

pub(crate) async fn run(command: &KeysCommand) -> Result<(), Failure> {
    match command {
        KeysCommand::New(args) => new(args).await,
        KeysCommand::List(args) => list(args).await,
        KeysCommand::Rotate(args) => turn(args).await,
    }
}

async fn new(args: &NewArgs) -> Result<(), Failure> {
    let file = KeyFile::create(&args.file, &SystemClock, chance)?;
    let path = args.file.display().to_string();
    for kek in file.list().await? {
        if args.json {
            say(json!({ "file": path, "key": kek_json(&kek) }).to_string());
        } else {
            say(format!(
                "wrote `{path}` with the key {}\nkeep a copy of it, away from the database's backups: without it nothing that is encrypted can be read",
                kek.id
            ));
        }
    }
    Ok(())
}

async fn list(args: &KeysArgs) -> Result<(), Failure> {
    let (vault, file) = open(args).await?;
    let (keks, current, data) = (file.list().await?, vault.current().await?, vault.list().await?);
    if args.json {
        let wraps = |kek: &KekView| data.iter().filter(|key| key.kek == kek.id).count();
        let keks: Vec<Value> = keks
            .iter()
            .map(|kek| {
                let mut json = kek_json(kek);
                json["inUse"] = json!(kek.id == current);
                json["dataKeys"] = json!(wraps(kek));
                json
            })
            .collect();
        let data: Vec<Value> = data.iter().map(data_json).collect();
        say(format!("{:#}", json!({ "keys": keks, "dataKeys": data })));
        return Ok(());
    }
    say(format!("{} has", file.describe()));
    for kek in &keks {
        let count = data.iter().filter(|key| key.kek == kek.id).count();
        let used = if kek.id == current { "in use" } else { "older" };
        say(format!(
            "  {}  made {}  {used:<6}  wraps {count} data keys",
            kek.id,
            moment(kek.created_at)
        ));
    }
    let mut names: BTreeMap<&str, Vec<&DataKeyView>> = BTreeMap::new();
    for key in &data {
        names.entry(&key.name).or_default().push(key);
    }
    if names.is_empty() {
        say("no data keys yet: they are made when something is encrypted for the first time");
    }
    for (name, keys) in names {
        let tenants: BTreeSet<_> = keys.iter().filter_map(|key| key.tenant).collect();
        let whose = match tenants.len() {
            0 => "of the environment".to_owned(),
            1 => "of 1 tenant".to_owned(),
            count => format!("of {count} tenants"),
        };
        say(format!("`{name}`: {} data keys {whose}", keys.len()));
    }
    Ok(())
}

async fn turn(args: &RotateArgs) -> Result<(), Failure> {
    let (vault, file) = open(&args.keys).await?;
    let json = args.keys.json;
    let mut progress = |done: u64, all: u64| {
        if !json && (done == 1 || done == all || done.is_multiple_of(TOLD_EVERY)) {
            tell(format!("{done} of {all} data keys are wrapped anew"));
        }
    };
    let (rotation, dropped) = if args.retire {
        let retired = retire(&vault, &file, &mut progress).await?;
        (retired.rotation, retired.dropped)
    } else {
        (rotate(&vault, &file, &SystemClock, &mut progress).await?, Vec::new())
    };
    let older = file.list().await?.len() - 1;
    if json {
        let dropped: Vec<&str> = dropped.iter().map(|kek| kek.as_str()).collect();
        let Rotation { kek, added, rewrapped } = &rotation;
        say(
            json!({ "key": kek.as_str(), "added": added, "rewrapped": rewrapped, "dropped": dropped, "older": older })
                .to_string(),
        );
        return Ok(());
    }
    let Rotation { kek, added, rewrapped } = rotation;
    say(match (args.retire, added) {
        (true, _) => format!(
            "dropped {} {}; {kek} is the only one in {}",
            dropped.len(),
            if dropped.len() == 1 { "key" } else { "keys" },
            file.describe()
        ),
        (false, true) => format!("added the key {kek}; {rewrapped} data keys are wrapped with it"),
        (false, false) => format!("finished a rotation; {rewrapped} more data keys are wrapped with {kek}"),
    });
    if older > 0 {
        let (noun, are) = if older == 1 { ("key", "is") } else { ("keys", "are") };
        say(format!(
            "{older} older {noun} {are} still in the file, for backups: `freehold keys rotate --retire` comes when none needs them"
        ));
    }
    Ok(())
}

/// Opens what is there: nothing is created.
async fn open(args: &KeysArgs) -> Result<(Vault, Arc<KeyFile>), Failure> {
    let (place, path) = args.place()?;
    if let Some(database) = place.url.strip_prefix("sqlite:") {
        let database = Path::new(database.strip_prefix("//").unwrap_or(database));
        if !database.is_file() {
            return Err(
                Failure::new(format!("there is no database at `{}`", database.display()))
                    .hint("name the app's directory, or --config FILE, or --database URL"),
            );
        }
    }
    let file = Arc::new(KeyFile::open(&path, chance)?);
    let unreachable = |error: String| {
        Failure::new(format!("cannot open the database `{}`: {error}", place.masked()))
            .hint("is it an environment's database, and its schema? a server that starts there makes its tables")
    };
    let settings = Settings {
        connections: 2,
        ..Settings::new(place.url.clone(), place.schema.clone())
    };
    let database = Database::open(&settings)
        .await
        .map_err(|error| unreachable(chain(&error)))?;
    let platform = connect(&place, database.sqlite_path())
        .await
        .map_err(|error| unreachable(chain(&error)))?;
    let bound = Vault::is_bound(&platform)
        .await
        .map_err(|error| unreachable(chain(&error)))?;
    if !bound {
        return Err(
            Failure::new("this environment has no keys yet").hint("its first start takes those of the key file")
        );
    }
    let vault = Vault::open(platform, file.clone(), Arc::new(SystemClock), chance).await?;
    Ok((vault, file))
}

impl KeysArgs {
    /// Where the database is, and the key file.
    fn place(&self) -> Result<(Place, PathBuf), Failure> {
        // Beside the app, as `dev` has them; either can be stated otherwise.
        let beside = match (&self.directory, &self.data) {
            (None, None) => None,
            (directory, data) => {
                let app = directory.as_deref().unwrap_or(Path::new("."));
                Some((
                    DevArgs::file(app, data.as_deref()),
                    DevArgs::key_file(app, data.as_deref()),
                ))
            }
        };
        if self.config.is_none() && (beside.is_some() || self.database.is_some()) {
            let (file, keys) = beside.unzip();
            let stated = self.database.as_ref().map(|url| Place {
                url: url.clone(),
                schema: self.schema.clone().unwrap_or_else(|| SCHEMA.to_owned()),
                connections: 2,
            });
            let keys = self.key_file.clone().or(keys).ok_or_else(Config::no_key_file)?;
            if let Some(place) = stated.or(file) {
                return Ok((place, keys));
            }
        }
        let config = Config::load(&ServeArgs {
            config: self.config.clone(),
            database: self.database.clone(),
            schema: self.schema.clone(),
            key_file: self.key_file.clone(),
            ..ServeArgs::default()
        })?;
        let (KeySource::File(path) | KeySource::FileOrNew(path)) = config.keys()?;
        Ok((config.place(), path))
    }
}

fn kek_json(kek: &KekView) -> Value {
    json!({ "id": kek.id.as_str(), "createdAt": moment(kek.created_at) })
}

fn data_json(key: &DataKeyView) -> Value {
    json!({
        "name": key.name,
        "tenant": key.tenant.map(|tenant| tenant.to_string()),
        "number": key.number,
        "key": key.kek.as_str(),
        "createdAt": moment(key.created_at),
    })
}

fn moment(micros: i64) -> String {
    let mut out = Vec::new();
    write_datetime(&mut out, micros);
    String::from_utf8_lossy(&out).into_owned()
}
