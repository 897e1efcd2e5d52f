//! TLS: the certificate, its key, and who signs those of clients. Files that change are taken without a restart; connections go on with
//! what they began with.

use crate::config::{ClientCertificates, TlsConfig, TlsVersion};
use crate::error::{Failure, chain};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoClientAuth, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion, version};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// How often the files are looked at. A change is taken once they are the same twice, so that a new certificate whose key is not
/// written yet is not tried.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Longest file.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// What new connections are answered with.
#[derive(Clone)]
pub(crate) struct Tls(Arc<Live>);

struct Live {
    config: TlsConfig,
    now: RwLock<Arc<ServerConfig>>,
    /// What the files held that were loaded first.
    loaded: Print,
}

/// What the files hold, without holding it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Print([u8; 32]);

/// The files' contents. No `Debug`: a key is among them.
struct Files {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
}

impl Tls {
    /// Loads the files.
    ///
    /// # Errors
    /// When one is missing or no use, or they do not belong together.
    pub(crate) fn load(config: &TlsConfig) -> Result<Self, Failure> {
        let files = Files::read(config)?;
        Ok(Self(Arc::new(Live {
            config: config.clone(),
            now: RwLock::new(Arc::new(build(config, &files)?)),
            loaded: files.print(),
        })))
    }

    /// For a connection that begins.
    pub(super) fn now(&self) -> Arc<ServerConfig> {
        self.0.now.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes files that change, for as long as the process runs; at once on `SIGHUP`.
    ///
    /// # Errors
    /// When the system lets nobody hear the signal.
    pub(crate) fn watch(&self) -> Result<(), Failure> {
        let mut hangups = Hangups::new()?;
        let tls = self.clone();
        tokio::spawn(async move {
            let (mut tried, mut seen) = (Some(tls.0.loaded), Some(tls.0.loaded));
            loop {
                let at_once = tokio::select! {
                    () = tokio::time::sleep(LOOK_EVERY) => false,
                    () = hangups.next() => true,
                };
                let looking = tls.clone();
                let Ok(found) = tokio::task::spawn_blocking(move || Files::read(&looking.0.config)).await else {
                    continue;
                };
                let print = found.as_ref().ok().map(Files::print);
                // Not while they are being written; and what was no use is told once.
                if at_once || (print == seen && print != tried) {
                    tls.take(found);
                    tried = print;
                }
                seen = print;
            }
        });
        Ok(())
    }

    /// Serves with other files from now on, if they are sound.
    fn take(&self, files: Result<Files, Failure>) {
        match files.and_then(|files| build(&self.0.config, &files)) {
            Ok(config) => {
                *self.0.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
                tracing::info!(
                    "new connections get the certificate that is now in {}",
                    self.0.config.certificate.display()
                );
            }
            Err(failure) => tracing::error!("the certificate stays as it was: {}", failure.message),
        }
    }
}

impl Files {
    fn read(config: &TlsConfig) -> Result<Self, Failure> {
        Ok(Self {
            certificate: read(&config.certificate, "certificate")?,
            key: read(&config.key, "key")?,
            client_ca: config
                .client_ca
                .as_deref()
                .map(|path| read(path, "client_ca"))
                .transpose()?,
        })
    }

    fn print(&self) -> Print {
        let mut hash = Sha256::new();
        for file in [Some(&self.certificate), Some(&self.key), self.client_ca.as_ref()]
            .into_iter()
            .flatten()
        {
            hash.update(Sha256::digest(file));
        }
        Print(hash.finalize().into())
    }
}

fn read(path: &Path, setting: &str) -> Result<Vec<u8>, Failure> {
    use std::io::Read as _;
    let unreadable = |error: std::io::Error| {
        Failure::new(format!("cannot read `{}`: {error}", path.display())).hint(format!(
            "`{setting}` under [tls] is a PEM file that the server may read"
        ))
    };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

/// What the files make together.
fn build(config: &TlsConfig, files: &Files) -> Result<ServerConfig, Failure> {
    let provider = Arc::new(ring::default_provider());
    let key = certified(config, files, &provider)?;
    let versions: &[&SupportedProtocolVersion] = match config.min_version {
        TlsVersion::Tls12 => &[&version::TLS12, &version::TLS13],
        TlsVersion::Tls13 => &[&version::TLS13],
    };
    let resolver: Arc<dyn ResolvesServerCert> = Arc::new(SingleCertAndKey::from(key));
    let mut server = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(versions)
        .map_err(|error| Failure::new(format!("TLS cannot be spoken: {error}")))?
        .with_client_cert_verifier(verifier(config, files, provider)?)
        .with_cert_resolver(resolver);
    // HTTP/2 would need bounds of its own, for one connection then carries any number of requests.
    server.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(server)
}

fn certified(config: &TlsConfig, files: &Files, provider: &CryptoProvider) -> Result<CertifiedKey, Failure> {
    let chain = certificates(&files.certificate, &config.certificate)?;
    // The reader's own words could quote the file.
    let key = PrivateKeyDer::from_pem_slice(&files.key).map_err(|_| {
        Failure::new(format!("there is no private key in `{}`", config.key.display()))
            .hint("a PEM file with `BEGIN PRIVATE KEY`, not encrypted; RSA, ECDSA P-256 or P-384, or Ed25519")
    })?;
    CertifiedKey::from_der(chain, key, provider).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => Failure::new(format!(
            "the key in `{}` is not that of the certificate in `{}`",
            config.key.display(),
            config.certificate.display()
        ))
        .hint("the server's own certificate comes first in its file, those that signed it after it"),
        rustls::Error::General(_) => Failure::new(format!("the key in `{}` cannot be used", config.key.display()))
            .hint("RSA, ECDSA P-256 or P-384, or Ed25519"),
        other => Failure::new(format!(
            "the certificate in `{}` cannot be used: {other}",
            config.certificate.display()
        )),
    })
}

fn verifier(
    config: &TlsConfig,
    files: &Files,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, Failure> {
    let may_be_absent = match config.client_certificates {
        ClientCertificates::None => return Ok(Arc::new(NoClientAuth)),
        ClientCertificates::Optional => true,
        ClientCertificates::Required => false,
    };
    let nobody = || {
        Failure::new("certificates of clients are asked for, and nobody is stated who signs them")
            .hint("`client_ca = \"ca.pem\"` under [tls]")
    };
    let (path, bytes) = config
        .client_ca
        .as_ref()
        .zip(files.client_ca.as_ref())
        .ok_or_else(nobody)?;
    let unusable = |error: String| Failure::new(format!("`{}` cannot be used: {error}", path.display()));
    let mut roots = RootCertStore::empty();
    for certificate in certificates(bytes, path)? {
        roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let builder = if may_be_absent {
        builder.allow_unauthenticated()
    } else {
        builder
    };
    let built = builder.build().map_err(|error| unusable(chain(&error)))?;
    Ok(built)
}

/// The certificates in a file, one at least.
fn certificates(bytes: &[u8], path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let none = || {
        Failure::new(format!("there is no certificate in `{}`", path.display()))
            .hint("a PEM file with `BEGIN CERTIFICATE`")
    };
    let found: Vec<_> = CertificateDer::pem_slice_iter(bytes)
        .collect::<Result<_, _>>()
        .map_err(|_| none())?;
    if found.is_empty() { Err(none()) } else { Ok(found) }
}

/// The operator's `SIGHUP`s.
struct Hangups {
    #[cfg(unix)]
    signal: tokio::signal::unix::Signal,
}

impl Hangups {
    fn new() -> Result<Self, Failure> {
        #[cfg(unix)]
        {
            let kind = tokio::signal::unix::SignalKind::hangup();
            let signal = tokio::signal::unix::signal(kind);
            let signal = signal.map_err(|error| Failure::new(format!("SIGHUP cannot be heard: {error}")))?;
            Ok(Self { signal })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        if self.signal.recv().await.is_some() {
            return;
        }
        std::future::pending::<()>().await;
    }
}
