//! The certificate by which a client has shown who it is.

use der::Decode;
use rustls::pki_types::CertificateDer;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use x509_cert::Certificate;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

/// A client's certificate, verified against `client_ca` in the handshake. Kept with the connection:
/// `request.conn_data::<ClientCertificate>()`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClientCertificate {
    /// SHA-256 of the whole of it, as DER.
    pub(crate) fingerprint: [u8; 32],
    /// The e-mail addresses among its alternative names.
    pub(crate) emails: Vec<String>,
    /// The URIs among them.
    pub(crate) uris: Vec<String>,
    /// Its subject, as RFC 4514 writes it: `CN=Ann,O=Acme`.
    pub(crate) subject: String,
}

impl ClientCertificate {
    /// Reads a certificate; `None` if it is none.
    pub(super) fn read(bytes: &CertificateDer<'_>) -> Option<Self> {
        let certificate = Certificate::from_der(bytes).ok()?.tbs_certificate;
        let names = match certificate.get::<SubjectAltName>() {
            Ok(names) => names.map(|(_, names)| names.0).unwrap_or_default(),
            Err(_) => return None,
        };
        let (mut emails, mut uris) = (Vec::new(), Vec::new());
        for name in &names {
            match name {
                GeneralName::Rfc822Name(email) => emails.push(email.as_str().to_owned()),
                GeneralName::UniformResourceIdentifier(uri) => uris.push(uri.as_str().to_owned()),
                // Of others nobody asks.
                _ => {}
            }
        }
        Some(Self {
            fingerprint: Sha256::digest(bytes).into(),
            emails,
            uris,
            subject: certificate.subject.to_string(),
        })
    }

    /// The fingerprint, in hexadecimal digits.
    pub(super) fn hex(&self) -> String {
        self.fingerprint
            .iter()
            .fold(String::with_capacity(64), |mut text, byte| {
                // Writing to a string does not fail.
                let _ = write!(text, "{byte:02x}");
                text
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DnType, KeyPair, SanType};

    #[test]
    fn names_are_read() {
        let mut params = CertificateParams::new(vec!["host.test".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "Ann");
        params.distinguished_name.push(DnType::OrganizationName, "Acme");
        for email in ["ann@acme.test", "a@b.test"] {
            params
                .subject_alt_names
                .push(SanType::Rfc822Name(email.try_into().unwrap()));
        }
        let uri = "spiffe://acme.test/desk";
        params.subject_alt_names.push(SanType::URI(uri.try_into().unwrap()));
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let read = ClientCertificate::read(certificate.der()).unwrap();
        assert_eq!(read.emails, ["ann@acme.test", "a@b.test"]);
        assert_eq!(read.uris, [uri]);
        assert!(
            read.subject.contains("CN=Ann") && read.subject.contains("O=Acme"),
            "{}",
            read.subject
        );
        let expected: [u8; 32] = Sha256::digest(certificate.der()).into();
        assert_eq!(read.fingerprint, expected);
        assert_eq!(read.hex().len(), 64);
        assert_eq!(ClientCertificate::read(&CertificateDer::from(vec![1, 2, 3])), None);
    }

    #[test]
    fn who_has_no_names_has_none() {
        let params = CertificateParams::new(Vec::new()).unwrap();
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let read = ClientCertificate::read(certificate.der()).unwrap();
        assert!(read.emails.is_empty() && read.uris.is_empty());
    }
}
