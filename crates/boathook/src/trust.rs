//! Proxies in front of this server whose word counts for how a visitor came and from where. Knows
//! two headers and no door.

use edge::Visit;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Addresses of a chain of proxies that are looked at, from the nearest on.
const CHAIN_MAX: usize = 16;

/// A block of addresses: `10.0.0.0/8`, `::1/128`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    address: u128,
    bits: u32,
    v4: bool,
}

impl FromStr for Cidr {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no address and no block of addresses like 10.0.0.0/8");
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u32>().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let address: IpAddr = address.trim().parse().map_err(|_| wrong())?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(width);
        if bits > width {
            return Err(wrong());
        }
        Ok(Self { address: number(address), bits, v4: address.is_ipv4() })
    }
}

impl Cidr {
    fn contains(self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let width = if self.v4 { 32 } else { 128 };
        let rest = width - self.bits;
        let head = |number: u128| number.checked_shr(rest).unwrap_or(0);
        address.is_ipv4() == self.v4 && head(number(address)) == head(self.address)
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

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
    fn blocks_hold_their_addresses_and_no_others() {
        for (block, address, expect) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.0/8", "::ffff:10.1.1.1", true),
            ("10.0.0.0/8", "::a00:1", false),
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.2", false),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("0.0.0.0/0", "::1", false),
            ("::/0", "2001:db8::1", true),
            ("fd00::/8", "fd12::1", true),
            ("::1/128", "::2", false),
        ] {
            assert_eq!(
                trusted(&[block]).covers(address.parse().expect("an address")),
                expect,
                "{block} {address}"
            );
        }
        for wrong in ["", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/x", "host"] {
            assert!(wrong.parse::<Cidr>().is_err(), "{wrong}");
        }
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
}
