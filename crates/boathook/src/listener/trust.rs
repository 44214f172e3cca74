//! Proxies in front of this server whose word counts for how a visitor came and from where. Knows
//! two headers and no door.

use edge::Visit;
use http::{HeaderMap, HeaderName, HeaderValue};
use model::Cidr;
use std::net::{IpAddr, SocketAddr};

const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Addresses of a chain of proxies that are looked at, from the nearest on.
const CHAIN_MAX: usize = 16;

/// The proxies that are trusted; none by default.
pub(crate) struct Trusted(pub(crate) Vec<Cidr>);

impl Trusted {
    fn covers(&self, address: IpAddr) -> bool {
        self.0.iter().any(|block| block.contains(address))
    }

    /// How a request came, from the connection (`secure` when that was TLS) or, when a trusted proxy
    /// sent it, from what that says.
    pub(crate) fn visit(&self, headers: &HeaderMap, peer: SocketAddr, secure: bool) -> Visit {
        let straight = Visit { peer, secure, proxied: false };
        if self.0.is_empty() || !self.covers(peer.ip()) {
            return straight;
        }
        let peer = self.visitor(headers).map_or(peer, |address| SocketAddr::new(address, 0));
        match proto(headers) {
            Some(secure) => Visit { peer, secure, proxied: true },
            None => Visit { peer, ..straight },
        }
    }

    /// The nearest address of the chain that is no trusted proxy. What stands before it was written
    /// by a stranger.
    fn visitor(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let lines: Vec<&HeaderValue> = headers.get_all(FOR).iter().collect();
        let mut last = None;
        for item in
            lines.iter().rev().flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b',')).take(CHAIN_MAX)
        {
            let Some(address) = std::str::from_utf8(item).ok().and_then(address) else { return last };
            if !self.covers(address) {
                return Some(address);
            }
            last = Some(address);
        }
        last
    }
}

/// An address of a chain, which some proxies write with a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    text.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

/// Whether the proxy's visitor came by https; none when it does not say.
fn proto(headers: &HeaderMap) -> Option<bool> {
    let value = headers.get_all(PROTO).iter().next_back()?.to_str().ok()?;
    let last = value.rsplit(',').next()?.trim();
    match last {
        _ if last.eq_ignore_ascii_case("https") => Some(true),
        _ if last.eq_ignore_ascii_case("http") => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trusted(blocks: &[&str]) -> Trusted {
        Trusted(blocks.iter().map(|block| block.parse().expect("a block")).collect())
    }

    fn peer(address: &str) -> SocketAddr {
        SocketAddr::new(address.parse().expect("an address"), 4711)
    }

    fn visit(from: &str, proto: &'static str, chain: &'static str) -> (IpAddr, bool, bool) {
        let mut headers = HeaderMap::new();
        for (name, value) in [(PROTO, proto), (FOR, chain)].into_iter().filter(|(_, value)| !value.is_empty())
        {
            headers.append(name, HeaderValue::from_static(value));
        }
        let visit = trusted(&["10.0.0.0/8", "fd00::/8"]).visit(&headers, peer(from), false);
        (visit.peer.ip(), visit.secure, visit.proxied)
    }

    #[test]
    fn a_stranger_is_not_believed() {
        assert_eq!(
            visit("192.0.2.1", "https", "1.2.3.4"),
            ("192.0.2.1".parse().expect("it is one"), false, false)
        );
    }

    #[test]
    fn a_trusted_proxy_says_how_and_from_where() {
        for (proto, chain, expect, secure, proxied) in [
            ("https", "1.2.3.4", "1.2.3.4", true, true),
            ("http", "1.2.3.4", "1.2.3.4", false, true),
            ("http, https", "9.9.9.9, 1.2.3.4", "1.2.3.4", true, true),
            ("https", "9.9.9.9, 1.2.3.4, 10.0.0.7", "1.2.3.4", true, true),
            ("https", "1.2.3.4:5678", "1.2.3.4", true, true),
            ("https", "nonsense, 10.0.0.7", "10.0.0.7", true, true),
            ("https", "", "10.0.0.1", true, true),
            ("ftp", "1.2.3.4", "1.2.3.4", false, false),
            ("", "", "10.0.0.1", false, false),
        ] {
            let expect = (expect.parse().expect("an address"), secure, proxied);
            assert_eq!(visit("10.0.0.1", proto, chain), expect, "{proto} {chain}");
        }
    }

    #[test]
    fn no_more_of_a_chain_is_looked_at_than_its_bound() {
        for (proxies, expect) in [(CHAIN_MAX - 1, "1.2.3.4"), (CHAIN_MAX, "10.0.0.7")] {
            let chain = ["1.2.3.4"].into_iter().chain(std::iter::repeat_n("10.0.0.7", proxies));
            let chain = chain.collect::<Vec<_>>().join(", ");
            let mut headers = HeaderMap::new();
            headers.insert(FOR, chain.parse().expect("a value"));
            let visit = trusted(&["10.0.0.0/8"]).visit(&headers, peer("10.0.0.1"), false);
            assert_eq!(visit.peer.ip().to_string(), expect, "{proxies}");
        }
    }
}
