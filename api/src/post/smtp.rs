//! How a letter is handed to a mail server.

use super::smtp_url::{Security, SmtpUrl};
use crate::error::Failure;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Message, SmtpTransport, Transport};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::error::Error;
use std::io;
use std::path::Path;
use std::time::Duration;

/// How long the server may take for each step.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The way to a server.
///
/// # Errors
/// When the file of its authority is no use.
pub(super) fn transport(url: &SmtpUrl, ca: Option<&Path>) -> Result<SmtpTransport, Failure> {
    let parameters = || {
        let mut builder = TlsParameters::builder(url.host.clone());
        if let Some(path) = ca {
            let unusable = |what: String| {
                Failure::new(format!("`{}` cannot be used: {what}", path.display()))
                    .hint("`ca` under [mail] is a PEM file with the certificate that signs the mail server's")
            };
            let text = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
            let none = || unusable("no certificate is in it".to_owned());
            if CertificateDer::pem_slice_iter(&text).next().is_none() {
                return Err(none());
            }
            let authority = Certificate::from_pem(&text).map_err(|_| none())?;
            builder = builder.add_root_certificate(authority);
        }
        builder
            .build_rustls()
            .map_err(|error| Failure::new(format!("TLS to the mail server cannot be spoken: {error}")))
    };
    let tls = match url.security {
        Security::Tls => Tls::Wrapper(parameters()?),
        // Not the opportunistic kind: whoever is in between would only have to leave the offer out.
        Security::StartTls => Tls::Required(parameters()?),
        Security::Clear => Tls::None,
    };
    let builder = SmtpTransport::builder_dangerous(url.host.clone())
        .port(url.port)
        .tls(tls)
        .timeout(Some(TIMEOUT));
    let builder = match &url.credentials {
        Some((name, password)) => builder.credentials(Credentials::new(name.clone(), password.clone())),
        None => builder,
    };
    Ok(builder.build())
}

/// Why a letter did not arrive.
pub(super) struct Problem {
    /// In our own words: what a server says may quote the address.
    pub(super) what: String,
    /// It may do so later.
    pub(super) may_pass: bool,
}

/// Hands a letter over.
pub(super) fn attempt(transport: &SmtpTransport, message: &Message) -> Result<(), Problem> {
    transport.send(message).map(|_| ()).map_err(|error| {
        let code = error.status().map(|code| format!(" ({code})")).unwrap_or_default();
        let (what, may_pass) = if error.is_permanent() {
            ("the mail server refuses it", false)
        } else if error.is_transient() {
            ("the mail server does not take it for now", true)
        } else if error.is_tls() || is_untrusted(&error) {
            ("the mail server has no certificate that can be trusted", false)
        } else if error.is_client() {
            (
                "the mail server does not offer what is needed: STARTTLS, or a way to say the password",
                false,
            )
        } else if error.is_timeout() {
            ("the mail server takes too long", true)
        } else {
            ("the mail server cannot be reached", true)
        };
        Problem {
            what: format!("{what}{code}"),
            may_pass,
        }
    })
}

/// Whether a handshake failed: it takes place with the first words, and so looks like a fault of the network.
fn is_untrusted(error: &dyn Error) -> bool {
    let mut cause = error.source();
    while let Some(inner) = cause {
        let wrapped = inner.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if inner.is::<rustls::Error>() || wrapped.is_some_and(|wrapped| wrapped.is::<rustls::Error>()) {
            return true;
        }
        cause = inner.source();
    }
    false
}
