//! A running server.

use crate::database::{Database, PostgresDatabase};
use crate::folder::Folder;
use crate::keeper::Keeper;
use crate::person::Person;
use crate::program;
use crate::proxy::Proxy;
use crate::reference::document;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

/// `freehold dev` on a model, with a database of its own.
#[derive(Debug)]
pub struct Server {
    base: String,
    folder: Folder,
    passwords: HashMap<String, String>,
    // Dropped in this order: the server first.
    _keeper: Mutex<Keeper>,
    proxy: Option<Proxy>,
    _database: Option<PostgresDatabase>,
}

/// How a server is started.
#[derive(Debug)]
pub struct Start {
    folder: Folder,
    database: Database,
    proxied: bool,
}

impl Start {
    /// On a copy of that model.
    pub fn with_model(model: &Path, database: Database) -> Self {
        Self::with_folder(Folder::with_model(model), database)
    }

    /// On the model in that folder.
    pub fn with_folder(folder: Folder, database: Database) -> Self {
        Self {
            folder,
            database,
            proxied: false,
        }
    }

    /// With a proxy before PostgreSQL that counts what passes.
    #[must_use]
    pub fn proxied(mut self) -> Self {
        self.proxied = true;
        self
    }

    /// Starts it, and waits until it listens.
    ///
    /// # Panics
    ///
    /// With all that the server printed, if it does not.
    pub fn start(self) -> Server {
        self.try_start()
            .unwrap_or_else(|log| panic!("the server did not start:\n{log}"))
    }

    /// Starts it; an error is what it printed.
    pub fn try_start(self) -> Result<Server, String> {
        let Self {
            folder,
            database,
            proxied,
        } = self;
        let log = folder.path().join("log");
        let database = (database == Database::Postgres).then(PostgresDatabase::create);
        let proxy = database
            .as_ref()
            .filter(|_| proxied)
            .map(|database| Proxy::start(database.url()));
        let mut command = vec![
            program::path().display().to_string(),
            "dev".into(),
            folder.model().display().to_string(),
        ];
        command.extend(["--listen".into(), "127.0.0.1:0".into()]);
        command.extend(["--data".into(), folder.path().join("data").display().to_string()]);
        if let Some(database) = &database {
            let url = proxy
                .as_ref()
                .map_or_else(|| database.url().to_owned(), |proxy| proxy.url().to_owned());
            command.extend(["--database".into(), url]);
        }
        let mut keeper = Keeper::start(&command, folder.path(), &log);
        let started = Instant::now();
        let base = loop {
            let text = std::fs::read_to_string(&log).unwrap_or_default();
            if let Some(address) = listening(&text) {
                if text.contains("nothing is served until the model compiles") {
                    return Err(text);
                }
                break address;
            }
            if keeper.has_ended() || started.elapsed() > Duration::from_mins(1) {
                return Err(text);
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        let passwords = passwords(&folder.model());
        Ok(Server {
            base,
            folder,
            passwords,
            _keeper: Mutex::new(keeper),
            proxy,
            _database: database,
        })
    }
}

impl Server {
    /// The server of that model that all tests of the process share. For tests that only read.
    pub fn shared(model: &Path, database: Database) -> &'static Self {
        type Servers = HashMap<(PathBuf, Database), Arc<OnceLock<&'static Server>>>;
        static SERVERS: OnceLock<Mutex<Servers>> = OnceLock::new();
        let key = (model.to_path_buf(), database);
        let slot = {
            let mut servers = SERVERS
                .get_or_init(Mutex::default)
                .lock()
                .expect("no test panics while it holds this");
            Arc::clone(servers.entry(key).or_default())
        };
        slot.get_or_init(|| Box::leak(Box::new(Start::with_model(model, database).start())))
    }

    /// A server of its own, on a copy of that model.
    pub fn fresh(model: &Path, database: Database) -> Self {
        Start::with_model(model, database).start()
    }

    /// `http://127.0.0.1:PORT`
    pub fn base(&self) -> &str {
        &self.base
    }

    /// `127.0.0.1:PORT`
    pub fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    /// Its folder, with the model in it.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// The proxy before its database, if it was started with one.
    ///
    /// # Panics
    ///
    /// If it was not.
    pub fn proxy(&self) -> &Proxy {
        self.proxy.as_ref().expect("the server was started with a proxy")
    }

    /// All that the server has printed.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// What the server has printed since it listens.
    pub fn complaints(&self) -> String {
        let log = self.log();
        log.split_once("listening on ").map_or(log.clone(), |(_, rest)| {
            rest.lines().skip(1).collect::<Vec<_>>().join("\n")
        })
    }

    /// Lets the folder stay after the test, for a look.
    pub fn keep(&self) {
        let _ = std::fs::write(self.folder.path().join("keep"), "");
    }

    /// Nobody in particular.
    pub fn anonymous(&self) -> Person<'_> {
        Person::new(self, None)
    }

    /// A person of the seed, with the password that stands there.
    ///
    /// # Panics
    ///
    /// If they may not sign in.
    pub fn sign_in(&self, email: &str) -> Person<'_> {
        let password = self
            .passwords
            .get(email)
            .unwrap_or_else(|| panic!("{email} is not in the seed"));
        match Person::sign_in(self, email, password) {
            Ok(person) => person,
            Err(answer) => panic!("{email} cannot sign in: {answer:?}\n{}", self.complaints()),
        }
    }

    /// The password of a person of the seed.
    pub fn password(&self, email: &str) -> &str {
        &self.passwords[email]
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.keep();
        }
    }
}

fn listening(log: &str) -> Option<String> {
    let line = log
        .split_inclusive('\n')
        .find(|line| line.ends_with('\n') && line.contains("listening on http://"))?;
    let address = line.split("listening on ").nth(1)?.split_whitespace().next()?;
    Some(address.trim_end_matches('/').to_owned())
}

/// The passwords of the seed.
fn passwords(model: &Path) -> HashMap<String, String> {
    let users = document::read(model).remove("users").unwrap_or_default();
    let users = users.as_array().cloned().unwrap_or_default();
    let text = |user: &serde_json::Value, key: &str| user[key].as_str().unwrap_or_default().to_owned();
    users
        .iter()
        .map(|user| (text(user, "email"), text(user, "password")))
        .collect()
}
