//! `[tls]`

use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Two years.
const HSTS_SECONDS: u32 = 63_072_000;

/// `[tls]`: the server speaks TLS itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TlsConfig {
    /// The certificate and its chain, PEM; in the file relative to it.
    pub(crate) certificate: PathBuf,
    /// Its private key, PEM.
    pub(crate) key: PathBuf,
    /// The oldest version that is spoken.
    #[serde(default)]
    pub(crate) min_version: TlsVersion,
    /// For how long browsers are told to come by TLS alone (RFC 6797); 0 tells them to forget it.
    #[serde(default = "hsts_seconds")]
    pub(crate) hsts_seconds: u32,
    /// It goes for all names under the host's, too.
    #[serde(default)]
    pub(crate) hsts_subdomains: bool,
    /// Where plain HTTP is answered with the way to TLS.
    #[serde(default)]
    pub(crate) redirect_listen: Option<SocketAddr>,
    /// The port which that way leads to; that of `listen` if absent.
    #[serde(default)]
    pub(crate) redirect_port: Option<u16>,
    /// Who signs certificates of clients, PEM.
    #[serde(default)]
    pub(crate) client_ca: Option<PathBuf>,
    /// Whether a client has to show one.
    #[serde(default)]
    pub(crate) client_certificates: ClientCertificates,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum TlsVersion {
    /// With the cipher suites that rustls has kept: forward secrecy and authenticated encryption alone.
    #[serde(rename = "1.2")]
    Tls12,
    /// RFC 8446.
    #[default]
    #[serde(rename = "1.3")]
    Tls13,
}

/// Whether clients show certificates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ClientCertificates {
    /// None is asked for.
    #[default]
    None,
    /// One that is shown must be sound.
    Optional,
    /// Nobody comes in without.
    Required,
}

fn hsts_seconds() -> u32 {
    HSTS_SECONDS
}

impl TlsConfig {
    /// What browsers are told on each answer.
    pub(crate) fn hsts(&self) -> String {
        let subdomains = if self.hsts_subdomains {
            "; includeSubDomains"
        } else {
            ""
        };
        format!("max-age={}{subdomains}", self.hsts_seconds)
    }

    /// The paths in it.
    pub(super) fn files(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        [&mut self.certificate, &mut self.key]
            .into_iter()
            .chain(self.client_ca.as_mut())
    }
}
