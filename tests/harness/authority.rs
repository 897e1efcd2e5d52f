//! Certificates for a test, and clients that speak TLS.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SanType,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion, version};
use std::fmt;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

/// Whoever signs certificates.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, PEM.
#[derive(Clone)]
pub struct Identity {
    /// The certificate.
    pub certificate: String,
    /// Its private key.
    pub key: String,
}

impl Authority {
    /// A new one, whom nobody knows yet.
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no name is malformed");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        params.distinguished_name.push(DnType::CommonName, "an authority");
        Self(CertifiedIssuer::self_signed(params, key()).expect("a key signs"))
    }

    /// Its own certificate, PEM.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// An identity of a server.
    pub fn server(&self, names: &[&str]) -> Identity {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("the names are sound");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.sign(&params)
    }

    /// One of a client.
    pub fn client(&self, name: &str, email: &str) -> Identity {
        self.client_of(name, &[email])
    }

    /// One of a client with any number of addresses.
    pub fn client_of(&self, name: &str, emails: &[&str]) -> Identity {
        let mut params = CertificateParams::new(Vec::new()).expect("no name is malformed");
        params.distinguished_name.push(DnType::CommonName, name);
        let names = emails
            .iter()
            .map(|email| SanType::Rfc822Name((*email).try_into().expect("an address is ASCII")));
        params.subject_alt_names = names.collect();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(&params)
    }

    fn sign(&self, params: &CertificateParams) -> Identity {
        let key = key();
        let certificate = params.signed_by(&key, &self.0).expect("it signs");
        Identity {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Authority").finish_non_exhaustive()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Identity").finish_non_exhaustive()
    }
}

impl Identity {
    pub(crate) fn chain(&self) -> Vec<CertificateDer<'static>> {
        vec![CertificateDer::from_pem_slice(self.certificate.as_bytes()).expect("a certificate")]
    }

    pub(crate) fn private(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_slice(self.key.as_bytes()).expect("a key")
    }
}

fn key() -> KeyPair {
    KeyPair::generate().expect("a key can be made")
}

/// Versions that a client speaks.
#[derive(Clone, Copy, Debug)]
pub enum Versions {
    /// TLS 1.2 alone.
    Old,
    /// TLS 1.3 alone.
    New,
}

/// A client that trusts one authority.
#[derive(Clone, Debug)]
pub struct TlsClient(Arc<ClientConfig>);

impl TlsClient {
    /// One that shows no certificate, or this one.
    pub fn new(trusts: &Authority, versions: Versions, shows: Option<&Identity>) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(trusts.0.der().clone()).expect("it is a certificate");
        let versions: &[&SupportedProtocolVersion] = match versions {
            Versions::Old => &[&version::TLS12],
            Versions::New => &[&version::TLS13],
        };
        let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(versions)
            .expect("the versions are known")
            .with_root_certificates(roots);
        let mut config = match shows {
            Some(identity) => builder
                .with_client_auth_cert(identity.chain(), identity.private())
                .expect("it is a pair"),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Self(Arc::new(config))
    }

    /// Opens a connection to a server of that name.
    ///
    /// # Errors
    /// Why there is none.
    pub fn connect(&self, address: &str, name: &str) -> Result<TlsConnection, String> {
        let name = ServerName::try_from(name.to_owned()).expect("a name");
        let client = ClientConnection::new(self.0.clone(), name).map_err(|error| error.to_string())?;
        let socket = TcpStream::connect(address).map_err(|error| error.to_string())?;
        let patience = Some(Duration::from_secs(20));
        socket.set_read_timeout(patience).map_err(|error| error.to_string())?;
        let mut stream = StreamOwned::new(client, socket);
        while stream.conn.is_handshaking() {
            stream
                .conn
                .complete_io(&mut stream.sock)
                .map_err(|error| error.to_string())?;
        }
        Ok(TlsConnection(stream))
    }
}

/// A connection by TLS.
#[derive(Debug)]
pub struct TlsConnection(StreamOwned<ClientConnection, TcpStream>);

/// What came back.
#[derive(Debug)]
pub struct TlsAnswer {
    /// The status.
    pub status: u16,
    /// The head, as it came.
    pub head: String,
    /// What has come of the body.
    pub body: String,
}

impl TlsAnswer {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.find_map(|(known, value)| known.eq_ignore_ascii_case(name).then_some(value.trim()))
    }
}

impl TlsConnection {
    /// The certificate that the server shows, DER.
    ///
    /// # Panics
    ///
    /// Never after a handshake.
    pub fn certificate(&self) -> Vec<u8> {
        let shown = self.0.conn.peer_certificates().expect("a server shows one");
        shown[0].to_vec()
    }

    /// What was agreed on to speak.
    pub fn protocol(&self) -> Option<&[u8]> {
        self.0.conn.alpn_protocol()
    }

    /// Sends a request and reads the answer; the connection goes on.
    ///
    /// # Errors
    /// Why none comes.
    pub fn ask(&mut self, request: &str) -> Result<TlsAnswer, String> {
        self.0
            .write_all(request.as_bytes())
            .map_err(|error| error.to_string())?;
        self.read(|text, head| {
            let length = head
                .lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .map_or(0, |(_, value)| value.trim().parse().unwrap_or(0));
            text.len() >= head.len() + 4 + length
        })
    }

    /// Sends a request and reads until the answer has a text; the connection goes on.
    ///
    /// # Errors
    /// Why it does not come.
    pub fn ask_until(&mut self, request: &str, text: &str) -> Result<TlsAnswer, String> {
        self.0
            .write_all(request.as_bytes())
            .map_err(|error| error.to_string())?;
        self.read(|all, _| all.contains(text))
    }

    fn read(&mut self, is_whole: impl Fn(&str, &str) -> bool) -> Result<TlsAnswer, String> {
        let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
        loop {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n")
                && is_whole(&text, head)
            {
                let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
                return Ok(TlsAnswer {
                    status: status.ok_or("no status")?,
                    head: head.to_owned(),
                    body: body.to_owned(),
                });
            }
            match self.0.read(&mut chunk).map_err(|error| error.to_string())? {
                0 => return Err("the server has gone".to_owned()),
                read => bytes.extend_from_slice(&chunk[..read]),
            }
        }
    }

    /// Lets the connection be used for something else.
    pub fn into_stream(self) -> StreamOwned<ClientConnection, TcpStream> {
        self.0
    }
}
