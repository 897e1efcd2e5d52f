//! Who a request is from, where proxies stand in between. Anybody can write `X-Forwarded-For`: it counts from the proxies that the
//! operator names, and from nobody else.

use crate::error::Refusal;
use crate::http::host::Host;
use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName};
use freehold_base::Code;
use ipnet::IpNet;
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// An address, or a network such as `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Network(IpNet);

/// The headers by which the proxies tell. One kind alone: what a proxy does not write itself it passes on, and then anybody may have
/// written it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ForwardedBy {
    /// `X-Forwarded-For`, `-Proto` and `-Host`.
    #[default]
    XForwarded,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// The proxies that are believed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proxies {
    /// Where they are.
    pub(crate) trusted: Vec<Network>,
    /// How they tell.
    pub(crate) by: ForwardedBy,
}

/// Who a request is from, and how it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Client {
    /// The address of the client, as far as it is known.
    pub(crate) address: Option<IpAddr>,
    /// The client speaks TLS: with us, or as a trusted proxy says.
    pub(crate) by_tls: bool,
    /// The client is on this machine, and nobody is in between who says otherwise.
    is_local: bool,
    /// The `Host` that the client asked for, as a trusted proxy says.
    host: Option<String>,
}

impl Network {
    /// Reads an address or a network.
    ///
    /// # Errors
    /// In words.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let address = |text| IpAddr::from_str(text).map(IpNet::from);
        let network = IpNet::from_str(text).or_else(|_| address(text));
        network
            .map(|network| Self(network.trunc()))
            .map_err(|_| format!("`{text}` is neither an address nor a network such as `10.0.0.0/8`"))
    }

    fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, out)
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Proxies {
    /// Finds who a request is from. `by_tls` says how it came to us.
    pub(crate) fn client(&self, headers: &HeaderMap, peer: Option<SocketAddr>, by_tls: bool) -> Client {
        // A socket of both families tells IPv4 as `::ffff:10.0.0.1`.
        let peer = peer.map(|peer| peer.ip().to_canonical());
        let Some(proxy) = peer.filter(|peer| self.trusts(*peer)) else {
            return Client {
                address: peer,
                by_tls,
                is_local: peer.is_some_and(|peer| peer.is_loopback()),
                host: None,
            };
        };
        let hops = match self.by {
            ForwardedBy::XForwarded => x_forwarded(headers),
            ForwardedBy::Forwarded => forwarded(headers),
        };
        let mut client = Client {
            address: Some(proxy),
            by_tls,
            is_local: proxy.is_loopback() && hops.is_empty(),
            host: None,
        };
        // From the nearest hop on: what stands before the first that is not trusted may be made up.
        for hop in hops.into_iter().rev() {
            client.by_tls = hop
                .proto
                .map_or(client.by_tls, |proto| proto.eq_ignore_ascii_case("https"));
            client.host = hop.host.or(client.host);
            // A hop that hides itself hides those before it.
            let Some(address) = hop.address else { break };
            client.address = Some(address);
            if !self.trusts(address) {
                break;
            }
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(address))
    }
}

impl Client {
    /// Whether nobody on the way reads along: by TLS, or within this machine. `without_tls` is development.
    pub(crate) fn is_secure(&self, without_tls: bool) -> bool {
        self.by_tls || self.is_local || without_tls
    }

    /// The host that was asked for, if a trusted proxy tells.
    ///
    /// # Errors
    /// `BAD_REQUEST` for a malformed one.
    pub(crate) fn host(&self) -> Result<Option<Host>, Refusal> {
        let malformed = || Refusal::new(Code::BadRequest, "the forwarded host is malformed");
        let parse = |text: &String| Host::parse(text).ok_or_else(malformed);
        self.host.as_ref().map(parse).transpose()
    }
}

/// What one proxy says of who asked it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Hop {
    address: Option<IpAddr>,
    proto: Option<String>,
    host: Option<String>,
}

/// The values of a header that is a list, in however many lines.
fn list(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let lines = headers.get_all(name).map(|value| value.to_str().unwrap_or_default());
    lines
        .flat_map(|line| line.split(','))
        .map(|value| value.trim().to_owned())
        .collect()
}

/// The hops of `X-Forwarded-…`. Scheme and host are lists where every proxy adds its own, and single where the first one's stay; the
/// last is the nearest proxy's word either way, so it goes for the hop that is asked first.
fn x_forwarded(headers: &HeaderMap) -> Vec<Hop> {
    let last = |name: &'static str| list(headers, &HeaderName::from_static(name)).pop();
    let mut hops: Vec<Hop> = list(headers, &HeaderName::from_static("x-forwarded-for"))
        .iter()
        .map(|text| Hop {
            address: node(text),
            ..Hop::default()
        })
        .collect();
    let (proto, host) = (last("x-forwarded-proto"), last("x-forwarded-host"));
    if hops.is_empty() && (proto.is_some() || host.is_some()) {
        hops.push(Hop::default());
    }
    if let Some(nearest) = hops.last_mut() {
        (nearest.proto, nearest.host) = (proto, host);
    }
    hops
}

/// The hops of `Forwarded: for=192.0.2.60;proto=https, for="[2001:db8::1]:4711"`.
fn forwarded(headers: &HeaderMap) -> Vec<Hop> {
    let parse = |element: &String| {
        let mut hop = Hop::default();
        for (name, value) in element.split(';').filter_map(|pair| pair.split_once('=')) {
            let value = value.trim().trim_matches('"').to_owned();
            match name.trim().to_ascii_lowercase().as_str() {
                "for" => hop.address = node(&value),
                "proto" => hop.proto = Some(value),
                "host" => hop.host = Some(value),
                _ => {}
            }
        }
        hop
    };
    list(headers, &FORWARDED).iter().map(parse).collect()
}

/// An address, with a port or without.
fn node(text: &str) -> Option<IpAddr> {
    let address = match text.strip_prefix('[') {
        Some(rest) => rest.split(']').next()?.parse(),
        // Four numbers and a port have one colon, an IPv6 address at least two.
        None if text.matches(':').count() == 1 => text.split(':').next()?.parse(),
        None => text.parse(),
    };
    address.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(
                HeaderName::try_from(*name).unwrap(),
                HeaderValue::try_from(*value).unwrap(),
            );
        }
        headers
    }

    fn proxies(by: ForwardedBy) -> Proxies {
        let trusted = ["10.0.0.0/8", "127.0.0.1", "fd00::/8"];
        Proxies {
            trusted: trusted.map(|text| Network::parse(text).unwrap()).into(),
            by,
        }
    }

    fn address(by: ForwardedBy, peer: &str, pairs: &[(&str, &str)]) -> String {
        let peer = SocketAddr::new(peer.parse().unwrap(), 4711);
        let client = proxies(by).client(&headers(pairs), Some(peer), false);
        client.address.unwrap().to_string()
    }

    #[test]
    fn the_rightmost_address_that_is_not_trusted_is_the_clients() {
        for (peer, forwarded_for, expected) in [
            ("192.0.2.1", vec!["1.2.3.4"], "192.0.2.1"),
            ("10.0.0.1", vec!["1.2.3.4"], "1.2.3.4"),
            ("::ffff:10.0.0.1", vec!["1.2.3.4"], "1.2.3.4"),
            ("10.0.0.1", vec!["6.6.6.6, 1.2.3.4"], "1.2.3.4"),
            ("10.0.0.1", vec!["6.6.6.6", "1.2.3.4"], "1.2.3.4"),
            ("10.0.0.1", vec!["6.6.6.6, 1.2.3.4, 10.9.9.9, 127.0.0.1"], "1.2.3.4"),
            ("10.0.0.1", vec!["10.0.0.7, 10.0.0.8"], "10.0.0.7"),
            ("10.0.0.1", vec!["1.2.3.4:5678"], "1.2.3.4"),
            ("fd00::1", vec!["[2001:db8::1]:443"], "2001:db8::1"),
            ("fd00::1", vec!["2001:db8::1"], "2001:db8::1"),
            ("10.0.0.1", vec!["6.6.6.6, unknown, 10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", vec!["6.6.6.6, nonsense"], "10.0.0.1"),
            ("10.0.0.1", vec![""], "10.0.0.1"),
            ("10.0.0.1", vec![], "10.0.0.1"),
            ("11.0.0.1", vec!["10.0.0.1"], "11.0.0.1"),
        ] {
            let pairs: Vec<_> = forwarded_for.iter().map(|text| ("x-forwarded-for", *text)).collect();
            assert_eq!(
                address(ForwardedBy::XForwarded, peer, &pairs),
                expected,
                "{peer} {pairs:?}"
            );
        }
    }

    #[test]
    fn one_kind_of_headers_counts() {
        let pairs = [
            ("x-forwarded-for", "1.1.1.1"),
            (
                "forwarded",
                "for=6.6.6.6, for=\"[2001:db8::1]:4711\";proto=https, For=10.0.0.2",
            ),
        ];
        assert_eq!(address(ForwardedBy::XForwarded, "10.0.0.1", &pairs), "1.1.1.1");
        assert_eq!(address(ForwardedBy::Forwarded, "10.0.0.1", &pairs), "2001:db8::1");
        assert_eq!(address(ForwardedBy::Forwarded, "192.0.2.1", &pairs), "192.0.2.1");
        for hidden in [
            "for=6.6.6.6, for=_secret",
            "for=6.6.6.6, for=unknown",
            "nonsense",
            "for=6.6.6.6, ;;",
        ] {
            assert_eq!(
                address(ForwardedBy::Forwarded, "10.0.0.1", &[("forwarded", hidden)]),
                "10.0.0.1"
            );
        }
    }

    #[test]
    fn scheme_and_host_are_taken_from_those_who_are_trusted() {
        let ask = |by, peer: &str, pairs: &[(&str, &str)], by_tls| {
            let peer = SocketAddr::new(peer.parse().unwrap(), 4711);
            let client = proxies(by).client(&headers(pairs), Some(peer), by_tls);
            let host = client.host().unwrap().map(|host| host.name);
            (client.by_tls, client.is_secure(false), host)
        };
        let said = [
            ("x-forwarded-for", "1.2.3.4"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "help.test"),
        ];
        let x = ForwardedBy::XForwarded;
        let help = Some("help.test".to_owned());
        assert_eq!(ask(x, "10.0.0.1", &said, false), (true, true, help.clone()));
        assert_eq!(ask(x, "10.0.0.1", &said[1..], false), (true, true, help.clone()));
        assert_eq!(ask(x, "192.0.2.1", &said, false), (false, false, None));
        assert_eq!(ask(x, "192.0.2.1", &said, true), (true, true, None));
        // The client's own link is in the clear, whatever the proxy speaks with us.
        let clear = [("x-forwarded-for", "1.2.3.4"), ("x-forwarded-proto", "http")];
        assert_eq!(ask(x, "10.0.0.1", &clear, true), (false, false, None));
        assert_eq!(ask(x, "127.0.0.1", &clear, false), (false, false, None));
        assert_eq!(ask(x, "127.0.0.1", &[], false), (false, true, None), "on this machine");
        let made_up = [("x-forwarded-for", "1.2.3.4"), ("x-forwarded-proto", "https, http")];
        assert_eq!(ask(x, "10.0.0.1", &made_up, false), (false, false, None));
        let said = [(
            "forwarded",
            "for=6.6.6.6;proto=https;host=evil.test, for=1.2.3.4;host=help.test;proto=http",
        )];
        assert_eq!(
            ask(ForwardedBy::Forwarded, "10.0.0.1", &said, false),
            (false, false, help)
        );
        let bad = proxies(x).client(
            &headers(&[("x-forwarded-host", "a b")]),
            Some(SocketAddr::from(([10, 0, 0, 1], 1))),
            false,
        );
        assert!(bad.host().is_err());
    }

    #[test]
    fn networks_are_read_strictly() {
        for (text, shown) in [
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("127.0.0.1", "127.0.0.1/32"),
            ("::1", "::1/128"),
        ] {
            assert_eq!(Network::parse(text).unwrap().to_string(), shown);
        }
        for bad in ["", "10.0.0.0/33", "proxy", "10.0.0", "10.0.0.1:80", "*"] {
            assert!(Network::parse(bad).is_err(), "{bad}");
        }
    }
}
