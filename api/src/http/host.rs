//! The host a request is for: which names are answered, and which tenant a name means.
//!
//! A page of another site can make its own name resolve to this server (DNS rebinding) and would then be same-origin with it. It
//! cannot make the browser send another `Host`, so names that are not ours are not answered.

use crate::bundle::Bundle;
use freehold_auth::TenantHint;
use freehold_schema::catalog::Catalog;
use std::net::{IpAddr, SocketAddr};

/// The `Host` of a request, well-formed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Host {
    /// Lower case; an IPv6 address in brackets.
    pub(crate) name: String,
    /// The port, unless it is the scheme's own.
    pub(crate) port: Option<u16>,
}

/// Which hosts are answered, besides those that the app itself declares.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hosts {
    /// Names, or `*.suffix`.
    pub(crate) names: Vec<String>,
    /// `localhost`, `*.localhost` and loopback addresses.
    pub(crate) loopback: bool,
    /// Any address: one cannot be rebound.
    pub(crate) addresses: bool,
    /// The address listened on.
    pub(crate) listen: Option<SocketAddr>,
}

impl Host {
    /// Reads a `Host` header, or the authority of a URL; `None` if it is malformed.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (name, port) = if let Some(rest) = text.strip_prefix('[') {
            let (address, rest) = rest.split_once(']')?;
            address.parse::<std::net::Ipv6Addr>().ok()?;
            (
                format!("[{}]", address.to_ascii_lowercase()),
                rest.strip_prefix(':').or(rest.is_empty().then_some(""))?,
            )
        } else {
            let (name, port) = text.split_once(':').unwrap_or((text, ""));
            let name = name.strip_suffix('.').unwrap_or(name);
            if name.len() > 253 || !name.split('.').all(is_label) {
                return None;
            }
            (name.to_ascii_lowercase(), port)
        };
        let port = match port {
            "" => None,
            digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => Some(digits.parse().ok()?),
            _ => return None,
        };
        Some(Self { name, port })
    }

    /// The address of a page here: `https://help.example.com`.
    pub(crate) fn site(&self, without_tls: bool) -> String {
        let scheme = if without_tls { "http" } else { "https" };
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("{scheme}://{}{port}", self.name)
    }

    /// Whether the name can only mean this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        self.name == "localhost"
            || self.name.ends_with(".localhost")
            || self.address().is_some_and(|it| it.is_loopback())
    }

    /// Whether `origin` is the `Origin` of a page of this host. Schemes are not compared: TLS may end before us.
    pub(crate) fn is_origin(&self, origin: &str) -> bool {
        let Some((scheme, authority)) = origin.split_once("://") else {
            return false;
        };
        let default = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return false,
        };
        let Some(theirs) = Self::parse(authority) else {
            return false;
        };
        let is_default = |port: Option<u16>| port.is_none_or(|port| port == default);
        theirs.name == self.name && (theirs.port == self.port || (is_default(theirs.port) && is_default(self.port)))
    }

    fn address(&self) -> Option<IpAddr> {
        self.name.trim_start_matches('[').trim_end_matches(']').parse().ok()
    }
}

impl Hosts {
    /// Whether requests for that host are answered.
    pub(crate) fn answer(&self, host: &Host, catalog: Option<&Catalog>) -> bool {
        let named = self.names.iter().any(|name| match name.strip_prefix('*') {
            Some(suffix) => host.name.len() > suffix.len() && host.name.ends_with(suffix),
            None => host.name == *name,
        });
        named
            || (self.loopback && host.is_loopback())
            || (self.addresses && host.address().is_some())
            || self.listen.is_some_and(|listen| host.address() == Some(listen.ip()))
            || catalog.is_some_and(|catalog| declared(catalog, &host.name).is_some())
    }
}

/// Where people find the app, for letters. Never what a request says alone: whoever asks for a letter to somebody else would choose
/// where its link leads. In development it is the address listened on; in production a host that the app or the operator names, at
/// the scheme's own port.
pub(crate) fn site_for_letters(catalog: &Catalog, hosts: &Hosts, host: &Host, without_tls: bool) -> String {
    if without_tls {
        return match hosts.listen {
            Some(listen) if listen.port() != 0 && !listen.ip().is_unspecified() => format!("http://{listen}"),
            Some(listen) if listen.port() != 0 => format!("http://localhost:{}", listen.port()),
            // Any free port, which tests ask for.
            _ => host.site(without_tls),
        };
    }
    let is_named = !host.is_loopback() && host.address().is_none();
    let declared = catalog.hosts.iter().find(|declared| declared.field.is_none());
    let stated = || hosts.names.iter().find(|name| !name.starts_with('*'));
    let name = match declared.map(|declared| &declared.prefix).or_else(stated) {
        Some(name) if !is_named => name,
        _ => &host.name,
    };
    format!("https://{name}")
}

/// The tenant that a host means in this app.
pub(crate) fn tenant<'a>(catalog: &'a Catalog, host: &'a Host) -> TenantHint<'a> {
    match declared(catalog, &host.name) {
        Some(Declared::Tenant { column, value }) => TenantHint::Host { column, value },
        Some(Declared::Environment) | None => TenantHint::None,
    }
}

/// The tenant that a request names, by its slug or its id, before anybody has looked it up: the host comes before the header. `None` also
/// for a host that means a tenant by something else than its slug.
pub(crate) fn named<'a>(bundle: &'a Bundle, host: &'a Host, header: Option<&'a str>) -> Option<&'a str> {
    let slug = bundle
        .directory
        .tenancy
        .as_ref()
        .and_then(|tenancy| tenancy.slug.as_deref());
    match tenant(&bundle.catalog, host) {
        TenantHint::Host { column, value } => (slug == Some(column)).then_some(value),
        TenantHint::Named(name) => Some(name),
        TenantHint::None => header,
    }
}

/// What a host that the app declares stands for.
enum Declared<'a> {
    /// The environment alone.
    Environment,
    /// The tenant whose column has that value.
    Tenant { column: &'a str, value: &'a str },
}

/// Finds a host among the app's. Whole names come before patterns.
fn declared<'a>(catalog: &'a Catalog, name: &'a str) -> Option<Declared<'a>> {
    if catalog
        .hosts
        .iter()
        .any(|host| host.field.is_none() && host.prefix.eq_ignore_ascii_case(name))
    {
        return Some(Declared::Environment);
    }
    let tenancy = catalog.tenancy?;
    catalog.hosts.iter().find_map(|host| {
        let field = host.field?;
        let start = host.prefix.len();
        let end = name.len().checked_sub(host.suffix.len())?;
        let value = name
            .get(start..end)
            .filter(|value| !value.is_empty() && !value.contains('.'))?;
        let around = name[..start].eq_ignore_ascii_case(&host.prefix) && name[end..].eq_ignore_ascii_case(&host.suffix);
        // The model's name of a plain field is its column's.
        around.then(|| Declared::Tenant {
            column: &catalog.field(tenancy.entity, field).name,
            value,
        })
    })
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_strictly() {
        for (text, name, port) in [
            ("localhost:8080", "localhost", Some(8080)),
            ("Help.Example.COM", "help.example.com", None),
            ("help.example.com.", "help.example.com", None),
            ("127.0.0.1:80", "127.0.0.1", Some(80)),
            ("[::1]:8080", "[::1]", Some(8080)),
            ("[::1]", "[::1]", None),
        ] {
            assert_eq!(
                Host::parse(text),
                Some(Host {
                    name: name.into(),
                    port
                }),
                "{text}"
            );
        }
        for bad in [
            "",
            ":80",
            "a b",
            "a..b",
            "host:port",
            "host:99999",
            "[::1",
            "[x]",
            "[::1]x",
            "ä.de",
            "a/b",
            "a@b",
            &"a".repeat(64),
        ] {
            assert_eq!(Host::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn origins_are_the_same_host_and_port() {
        let host = |text| Host::parse(text).unwrap();
        for (this, origin, expected) in [
            ("localhost:8080", "http://localhost:8080", true),
            ("localhost:8080", "http://localhost:8081", false),
            ("localhost:8080", "http://localhost", false),
            ("help.example.com", "https://help.example.com", true),
            ("help.example.com:443", "https://help.example.com", true),
            ("help.example.com", "https://example.com", false),
            ("help.example.com", "https://evil-help.example.com", false),
            ("help.example.com", "null", false),
            ("help.example.com", "file://help.example.com", false),
        ] {
            assert_eq!(host(this).is_origin(origin), expected, "{this} {origin}");
        }
    }

    #[test]
    fn unknown_names_are_not_answered() {
        let hosts = Hosts {
            names: vec!["*.intern.test".into(), "help.test".into()],
            loopback: true,
            ..Hosts::default()
        };
        for (name, expected) in [
            ("localhost", true),
            ("acme.localhost", true),
            ("127.0.0.9", true),
            ("[::1]", true),
            ("help.test", true),
            ("a.intern.test", true),
            ("intern.test", false),
            ("evil.test", false),
            ("192.168.0.7", false),
            ("localhost.evil.test", false),
        ] {
            assert_eq!(hosts.answer(&Host::parse(name).unwrap(), None), expected, "{name}");
        }
    }

    #[test]
    fn letters_lead_to_where_their_readers_can_go() {
        use crate::bundle::compile;
        use freehold_schema::source::{SourceFile, Sources};
        let catalog = |identity: &str| {
            let sources = Sources::new(vec![SourceFile {
                name: "app.yaml".into(),
                text: format!("app: shelf\nsecurity: prototype\n{identity}\nentities: {{book: {{access: open}}}}\n"),
            }]);
            let compiled = compile(&sources);
            compiled.sound.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics)).0
        };
        let (plain, declared) = (catalog(""), catalog("identity: {hosts: {\"help.test\": null}}"));
        let none = Hosts::default();
        let stated = Hosts {
            names: vec!["*.intern.test".into(), "desk.test".into()],
            ..Hosts::default()
        };
        for (catalog, hosts, host, without_tls, expected) in [
            (&declared, &none, "help.test", false, "https://help.test"),
            (&declared, &none, "a.help.test:8443", false, "https://a.help.test"),
            (&declared, &stated, "localhost", false, "https://help.test"),
            (&plain, &stated, "127.0.0.1:8080", false, "https://desk.test"),
            (&plain, &none, "127.0.0.1:8080", false, "https://127.0.0.1"),
            (&declared, &none, "127.0.0.1:8080", true, "http://127.0.0.1:8080"),
        ] {
            let host = Host::parse(host).unwrap();
            assert_eq!(site_for_letters(catalog, hosts, &host, without_tls), expected);
        }
    }
}
