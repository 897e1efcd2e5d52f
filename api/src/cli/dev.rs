//! `freehold dev`

use crate::actions::deploy::Care;
use crate::cli::watch::{Outcome, load, watch};
use crate::cli::{say, serve, tell};
use crate::config::{AlertsConfig, DevArgs, MailConfig};
use crate::environments::DemoUser;
use crate::error::Failure;
use crate::http::host::Hosts;
use crate::http::{self, Door, Service};
use crate::sources::fingerprint;
use crate::startup::{Opening, open};
use crate::subscriptions;
use freehold_auth::Cost;
use std::fmt::Write;
use std::sync::Arc;

/// More demo users than this are not all printed.
const PRINTED_MAX: usize = 30;

pub(crate) async fn run(args: &DevArgs) -> Result<(), Failure> {
    let remote = !args.listen.ip().is_loopback();
    if remote && !args.allow_remote {
        return Err(
            Failure::new(format!("`{}` can be reached from other machines", args.listen.ip()))
                .hint("demo passwords are public; add --allow-remote if that is meant"),
        );
    }
    // Before the database: a directory that is not there should not leave a folder behind.
    crate::sources::read(&args.directory)?;
    let listener = http::listen(args.listen)?;
    let seen = fingerprint(&args.directory);
    let place = args.place()?;
    let hosts = Hosts {
        names: Vec::new(),
        loopback: true,
        addresses: remote,
        listen: Some(args.listen),
    };
    let environment = open(Opening {
        name: "development".to_owned(),
        app: args.directory.clone(),
        place: place.clone(),
        console: true,
        without_tls: true,
        cost: Cost::Demo,
        hosts,
        alerts: AlertsConfig {
            webhook: args.alert_webhook.clone(),
            ..AlertsConfig::default()
        },
        keys: args.keys(),
        mail_dir: Some(args.mail_dir()),
        secrets_dir: Some(args.secrets_dir()),
        mail: MailConfig::default(),
        trusted_operations: args.trusted_operations,
    });
    let environment = Arc::new(environment.await?);
    let care = if args.allow_destructive {
        Care::AllowDestructive
    } else {
        Care::KeepData
    };
    let outcome = load(&environment, &args.directory, care).await?;
    if outcome == Outcome::Refused {
        tell("nothing is served until the model compiles; its files are watched");
    }
    let users = environment.demo_users();
    if !users.is_empty() {
        say(table(&users));
    }
    if !freehold_console::is_complete() {
        tracing::info!("this program was built without the console's page");
    }
    if remote {
        tell("warning: other machines can reach this server, and its demo passwords are public");
    }
    serve::purge(&environment);
    subscriptions::start(&environment);
    tokio::spawn(watch(environment.clone(), args.directory.clone(), seen));
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let bound = http::bind(environment, Service::plain(Door::Both), listener, workers)?;
    say(format!("database     {}", place.masked()));
    say(format!("listening on http://{}", bound.address));
    bound
        .run()
        .await
        .map_err(|error| Failure::new(format!("the server stopped: {error}")))
}

/// The demo users, aligned.
fn table(users: &[DemoUser]) -> String {
    let width = |of: fn(&DemoUser) -> usize| users.iter().map(of).max().unwrap_or(0);
    let email = width(|user| user.email.chars().count());
    let password = width(|user| user.password.chars().count());
    let mut text = String::from("sign in as");
    for user in users.iter().take(PRINTED_MAX) {
        let mut held: Vec<String> = user
            .tenants
            .iter()
            .map(|it| format!("{}: {}", it.tenant.slug, it.roles.join(", ")))
            .collect();
        if !user.roles.is_empty() {
            held.push(user.roles.join(", "));
        }
        if held.is_empty() {
            held.extend(user.profile.clone());
        }
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "\n  {:email$}  {:password$}  {}",
            user.email,
            user.password,
            held.join(" · ")
        );
    }
    if users.len() > PRINTED_MAX {
        let _ = write!(
            text,
            "\n  … and {} more, listed in the console",
            users.len() - PRINTED_MAX
        );
    }
    text
}
