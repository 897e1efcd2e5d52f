//! A running server.

use crate::database::{Database, PostgresDatabase};
use crate::folder::Folder;
use crate::keeper::Keeper;
use crate::person::Person;
use crate::program;
use crate::proxy::Proxy;
use crate::reference::document;
use crate::stored::Reader;
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
    keeper: Mutex<Keeper>,
    proxy: Option<Proxy>,
    database: Option<PostgresDatabase>,
}

/// How a server is started.
#[derive(Debug)]
pub struct Start {
    folder: Folder,
    database: Database,
    /// The database that is there already.
    found: Option<PostgresDatabase>,
    proxied: bool,
    arguments: Vec<String>,
    /// Where another server keeps its database, which this one shares.
    place: Option<Vec<String>>,
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
            found: None,
            proxied: false,
            arguments: Vec::new(),
            place: None,
        }
    }

    /// With a proxy before PostgreSQL that counts what passes.
    #[must_use]
    pub fn proxied(mut self) -> Self {
        self.proxied = true;
        self
    }

    /// With more arguments of `freehold dev`.
    #[must_use]
    pub fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments
            .extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    /// A second process on a copy of a server's model and on its database. It has to end first.
    pub fn beside(server: &Server) -> Self {
        let mut start = Self::with_model(&server.folder.model(), Database::Sqlite);
        start.place = Some(server.place());
        start
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
            found,
            proxied,
            arguments,
            place,
        } = self;
        let log = folder.path().join("log");
        let database = found.or_else(|| (database == Database::Postgres).then(PostgresDatabase::create));
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
        command.extend(arguments);
        match (place, &database, &proxy) {
            (Some(place), ..) => command.extend(place),
            (None, Some(_), Some(proxy)) => {
                command.extend(place_of(&folder, None));
                command.extend(["--database".into(), proxy.url().to_owned()]);
            }
            (None, database, _) => command.extend(place_of(&folder, database.as_ref())),
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
            keeper: Mutex::new(keeper),
            proxy,
            database,
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

    /// A door to its database, past the server.
    pub fn reader(&self) -> Reader {
        match &self.database {
            Some(database) => Reader::of_url(database.url()),
            None => Reader::of_file(&self.folder.path().join("data").join("dev.db")),
        }
    }

    /// Where its database is, as arguments of the program.
    pub fn place(&self) -> Vec<String> {
        place_of(&self.folder, self.database.as_ref())
    }

    /// Runs statements on its database, past the server.
    pub fn execute(&self, sql: &str) {
        match &self.database {
            Some(database) => database.execute(sql),
            None => crate::stored::execute(&self.folder.path().join("data").join("dev.db"), sql),
        }
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

    /// Kills it without a word, and waits until it is gone. It can be started [`again`](Self::again).
    ///
    /// # Panics
    ///
    /// If there is no such process.
    pub fn kill(&self) {
        // Whoever waits for the program to end would else remove what it leaves.
        self.keep();
        let file = self.folder.path().join("process");
        let process = std::fs::read_to_string(file).expect("the server's process is known");
        let killed = std::process::Command::new("kill")
            .args(["-s", "KILL", process.trim()])
            .status();
        assert!(
            killed.is_ok_and(|status| status.success()),
            "process {process} cannot be killed"
        );
        let mut keeper = self.keeper.lock().expect("nobody panics with it");
        while !keeper.has_ended() {
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// How to start a killed server on what it has left.
    #[must_use]
    pub fn again(mut self) -> Start {
        let _ = std::fs::remove_file(self.folder.path().join("keep"));
        let found = self.database.take();
        let database = found.as_ref().map_or(Database::Sqlite, |_| Database::Postgres);
        Start {
            folder: self.folder.clone(),
            database,
            found,
            proxied: false,
            arguments: Vec::new(),
            place: None,
        }
    }

    /// Lets the folder stay after the test, for a look.
    pub fn keep(&self) {
        let _ = std::fs::write(self.folder.path().join("keep"), "");
    }

    /// Nobody in particular.
    pub fn anonymous(&self) -> Person<'_> {
        Person::new(self, None)
    }

    /// Whoever has this cookie.
    pub fn holder(&self, cookie: &str) -> Person<'_> {
        Person::new(self, Some(cookie.to_owned()))
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

fn place_of(folder: &Folder, database: Option<&PostgresDatabase>) -> Vec<String> {
    // The keys of what is encrypted lie there, wherever the database is.
    let mut place = vec!["--data".into(), folder.path().join("data").display().to_string()];
    if let Some(database) = database {
        place.extend(["--database".into(), database.url().to_owned()]);
    }
    place
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
