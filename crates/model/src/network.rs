//! Whom an address stands for when callers are counted. Pure.

use std::net::IpAddr;

/// The network that counts as one caller: an IPv4 address by itself, whichever way it is written, and
/// the /64 of an IPv6 address, since a single user has 2^64 of those.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_user_is_one_network() {
        for (address, expect) in [
            ("10.0.0.1", "10.0.0.1"),
            ("::ffff:10.0.0.1", "10.0.0.1"),
            ("::ffff:10.0.0.2", "10.0.0.2"),
            ("2001:db8::ffff", "2001:db8::"),
            ("2001:db8:0:1::1", "2001:db8:0:1::"),
        ] {
            let address: IpAddr = address.parse().expect("an address");
            assert_eq!(network(address).to_string(), expect);
        }
    }
}
