//! `freehold serve`

use crate::actions::deploy::{Care, deploy};
use crate::bundle::compile;
use crate::cli::{say, tell, warn_of_no_operations};
use crate::config::{self, Config, ServeArgs, TlsConfig};
use crate::environments::Environment;
use crate::error::{Failure, chain};
use crate::http::host::Hosts;
use crate::http::proxies::Proxies;
use crate::http::{self, Door, Service, Tls};
use crate::sources;
use crate::startup::{Opening, open};
use crate::subscriptions;
use clap::Args;
use freehold_auth::{AuthError, Cost, purge_rates, purge_refreshes, purge_resets, purge_sessions, purge_tickets};
use freehold_schema::catalog::SecurityLevel;
use std::sync::Arc;
use std::time::Duration;

/// How often sessions and links that are over are forgotten.
const PURGE_EVERY: Duration = Duration::from_mins(10);
/// How long the end of the process waits for the audit log.
const RECORDED_WITHIN: Duration = Duration::from_secs(5);
/// How long it waits for letters that are on their way.
const SENT_WITHIN: Duration = Duration::from_secs(3);

#[derive(Args)]
pub(crate) struct ServeCommand {
    #[command(flatten)]
    settings: ServeArgs,
    /// Prints the settings in force, secrets masked, and ends
    #[arg(long)]
    print_config: bool,
}

pub(crate) async fn run(command: &ServeCommand) -> Result<(), Failure> {
    let config = Config::load(&command.settings)?;
    if command.print_config {
        say(config.masked()?.trim_end());
        return Ok(());
    }
    let care = if command.settings.allow_destructive {
        Care::AllowDestructive
    } else {
        Care::KeepData
    };
    let tls = config.tls.as_ref().map(Tls::load).transpose()?;
    let listener = http::listen(config.listen)?;
    let redirect = config.tls.as_ref().and_then(|tls| tls.redirect_listen);
    let redirect = redirect.map(http::listen).transpose()?;
    let operations = http::listen(config.operations_listen)?;
    let environment = Arc::new(start(&config, care).await?);
    purge(&environment);
    environment
        .hub
        .bound(config.subscriptions.all, config.subscriptions.of_one);
    subscriptions::start(&environment);

    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let operations = http::bind(environment.clone(), Service::plain(Door::Operations), operations, 1)?;
    let service = Service {
        door: Door::Public,
        proxies: Proxies {
            trusted: config.trusted_proxies.clone(),
            by: config.forwarded_by,
        },
        hsts: config.tls.as_ref().map(TlsConfig::hsts),
        tls: tls.clone(),
    };
    let public = http::bind(environment.clone(), service, listener, workers)?;
    let port = config
        .tls
        .as_ref()
        .and_then(|tls| tls.redirect_port)
        .unwrap_or(public.address.port());
    let redirect = redirect
        .map(|listener| http::bind(environment.clone(), Service::plain(Door::Redirect(port)), listener, 1))
        .transpose()?;
    if let Some(tls) = &tls {
        tls.watch()?;
    }
    say(format!("operations on http://{}", operations.address));
    if let Some(redirect) = &redirect {
        say(format!("redirects on http://{}", redirect.address));
    }
    let scheme = if tls.is_some() { "https" } else { "http" };
    say(format!("listening on {scheme}://{}", public.address));
    let redirecting = async {
        match redirect {
            Some(redirect) => redirect.run().await,
            None => Ok(()),
        }
    };
    let outcome = tokio::try_join!(public.run(), operations.run(), redirecting);
    // What nobody waited for is recorded before the process ends.
    let _ = tokio::time::timeout(RECORDED_WITHIN, environment.recorder.flush()).await;
    let _ = tokio::time::timeout(SENT_WITHIN, environment.post.flush()).await;
    outcome
        .map(|_| ())
        .map_err(|error| Failure::new(format!("the server stopped: {error}")))
}

/// Opens the environment of a configuration and brings it to its app.
pub(crate) async fn start(config: &Config, care: Care) -> Result<Environment, Failure> {
    let sources = sources::read(&config.app)?;
    let compiled = compile(&sources);
    let report = compiled.report(&sources, config::color());
    let Some((catalog, policy)) = compiled.sound else {
        tell(report);
        return Err(Failure::new("the model does not compile")
            .hint(format!("`freehold check {}` tells the same", config.app.display())));
    };
    if catalog.security != SecurityLevel::Production {
        return Err(
            Failure::new("only an app with `security: production` is served in production")
                .hint("set it in app.yaml, and mend what `freehold check` then finds"),
        );
    }
    if catalog.hosts.is_empty() && config.hosts.is_empty() {
        tell("warning: no host is named, so only loopback names are answered; see `hosts` of freehold.toml");
    }
    config.mail_dir.as_deref().map_or(Ok(()), crate::post::check)?;
    let hosts = Hosts {
        names: config.hosts.iter().map(|name| name.to_lowercase()).collect(),
        loopback: true,
        addresses: false,
        listen: Some(config.listen),
    };
    let environment = open(Opening {
        name: config.environment.clone(),
        app: config.app.clone(),
        place: config.place(),
        console: config.console.enabled,
        without_tls: false,
        cost: Cost::Production,
        hosts,
        alerts: config.alerts.clone(),
        keys: config.keys()?,
        mail_dir: config.mail_dir.clone(),
        secrets_dir: config.secrets_dir.clone(),
        mail: config.mail.clone(),
        trusted_operations: config.trusted_operations,
    });
    let environment = environment.await?;
    let deployed = deploy(&environment, catalog, policy, care).await?;
    environment.serve(deployed.bundle, &compiled.operations, Vec::new(), None);
    warn_of_no_operations(&environment);
    Ok(environment)
}

/// Forgets sessions and links that are over, for as long as the process runs.
pub(crate) fn purge(environment: &Arc<Environment>) {
    let environment = environment.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(PURGE_EVERY).await;
            if let Err(error) = forget(&environment).await {
                tracing::warn!(
                    "sessions and links that are over could not be forgotten: {}",
                    chain(&error)
                );
            }
        }
    });
}

async fn forget(environment: &Environment) -> Result<(), AuthError> {
    let (platform, now) = (&environment.platform, environment.clock.now());
    if let Ok(bundle) = environment.bundle() {
        purge_sessions(platform, &bundle.directory, now).await?;
    }
    purge_resets(platform, now).await?;
    purge_tickets(platform, now).await?;
    purge_refreshes(platform, now).await?;
    purge_rates(platform, now).await?;
    Ok(())
}
