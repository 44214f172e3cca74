//! Which addresses users may make this server call. Pure: it judges an address, never a name.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A range of addresses, as `10.0.0.0/8`, `fd00::/8` or a single address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressRange {
    first: IpAddr,
    bits: u8,
}

/// Why a text is no range of addresses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no address range; write 10.0.0.0/8, fd00::/8 or one address")]
pub struct RangeError(String);

impl FromStr for AddressRange {
    type Err = RangeError;

    fn from_str(text: &str) -> Result<Self, RangeError> {
        let wrong = || RangeError(text.to_owned());
        let (address, bits) = text.trim().split_once('/').map_or((text.trim(), None), |(a, b)| (a, Some(b)));
        let first: IpAddr = address.parse().map_err(|_| wrong())?;
        let width = if first.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(width), |bits| bits.parse().map_err(|_| wrong()))?;
        if bits > width {
            return Err(wrong());
        }
        Ok(Self { first, bits })
    }
}

impl AddressRange {
    /// Whether the address lies in the range.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.first, address) {
            (IpAddr::V4(first), IpAddr::V4(address)) => in_v4(address, first, self.bits),
            (IpAddr::V6(first), IpAddr::V6(address)) => in_v6(address, first, self.bits),
            _ => false,
        }
    }
}

fn in_v4(address: Ipv4Addr, first: Ipv4Addr, bits: u8) -> bool {
    let differ = address.to_bits() ^ first.to_bits();
    differ.leading_zeros() >= u32::from(bits)
}

fn in_v6(address: Ipv6Addr, first: Ipv6Addr, bits: u8) -> bool {
    let differ = address.to_bits() ^ first.to_bits();
    differ.leading_zeros() >= u32::from(bits)
}

/// What the operator lets users reach beside the public internet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressPolicy {
    /// This machine: 127.0.0.0/8 and ::1.
    pub allow_loopback: bool,
    /// Private networks: RFC 1918, shared address space (100.64.0.0/10), unique local (fc00::/7).
    pub allow_private: bool,
    /// Ranges allowed whatever they are; the only way to reach link-local and metadata addresses.
    pub allowed: Vec<AddressRange>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Public,
    Loopback,
    Private,
    Special,
}

/// IPv4 ranges that are not public (IANA special-purpose registry, multicast and reserved space).
const SPECIAL_V4: &[(Ipv4Addr, u8, Class)] = &[
    (Ipv4Addr::new(127, 0, 0, 0), 8, Class::Loopback),
    (Ipv4Addr::new(10, 0, 0, 0), 8, Class::Private),
    (Ipv4Addr::new(100, 64, 0, 0), 10, Class::Private),
    (Ipv4Addr::new(172, 16, 0, 0), 12, Class::Private),
    (Ipv4Addr::new(192, 168, 0, 0), 16, Class::Private),
    (Ipv4Addr::new(0, 0, 0, 0), 8, Class::Special),
    (Ipv4Addr::new(169, 254, 0, 0), 16, Class::Special),
    (Ipv4Addr::new(192, 0, 0, 0), 24, Class::Special),
    (Ipv4Addr::new(192, 0, 2, 0), 24, Class::Special),
    (Ipv4Addr::new(192, 88, 99, 0), 24, Class::Special),
    (Ipv4Addr::new(198, 18, 0, 0), 15, Class::Special),
    (Ipv4Addr::new(198, 51, 100, 0), 24, Class::Special),
    (Ipv4Addr::new(203, 0, 113, 0), 24, Class::Special),
    (Ipv4Addr::new(224, 0, 0, 0), 3, Class::Special),
];

/// IPv6 ranges with a class of their own.
const SPECIAL_V6: &[(Ipv6Addr, u8, Class)] = &[
    (Ipv6Addr::LOCALHOST, 128, Class::Loopback),
    (Ipv6Addr::UNSPECIFIED, 128, Class::Special),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, Class::Private),
];

/// The part of IPv6 that is handed out to the public; everything beside it is not.
const GLOBAL_UNICAST: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
/// Parts of it that are not public: protocol assignments with Teredo, documentation.
const NOT_GLOBAL: &[(Ipv6Addr, u8)] = &[
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

impl AddressPolicy {
    /// Whether the address may be dialled. An IPv6 address that stands for an IPv4 one (mapped,
    /// compatible, NAT64, 6to4) is judged as that one.
    #[must_use]
    pub fn permits(&self, address: IpAddr) -> bool {
        let address = unwrapped(address);
        let by_class = match class(address) {
            Class::Public => true,
            Class::Loopback => self.allow_loopback,
            Class::Private => self.allow_private,
            Class::Special => false,
        };
        by_class || self.allowed.iter().any(|range| range.contains(address))
    }
}

fn class(address: IpAddr) -> Class {
    match address {
        IpAddr::V4(v4) => SPECIAL_V4
            .iter()
            .find(|(first, bits, _)| in_v4(v4, *first, *bits))
            .map_or(Class::Public, |(_, _, class)| *class),
        IpAddr::V6(v6) => class_v6(v6),
    }
}

fn class_v6(address: Ipv6Addr) -> Class {
    if let Some((_, _, class)) = SPECIAL_V6.iter().find(|(first, bits, _)| in_v6(address, *first, *bits)) {
        return *class;
    }
    let global = in_v6(address, GLOBAL_UNICAST.0, GLOBAL_UNICAST.1)
        && !NOT_GLOBAL.iter().any(|(first, bits)| in_v6(address, *first, *bits));
    if global { Class::Public } else { Class::Special }
}

/// The IPv4 address inside an IPv6 one, if there is one; else the address as it is.
fn unwrapped(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    if v6.is_loopback() || v6.is_unspecified() {
        return address;
    }
    let [a, b, c, d, e, f, g, h] = v6.segments();
    let inside = match [a, b, c, d, e, f] {
        [0, 0, 0, 0, 0, 0 | 0xffff] | [0x64, 0xff9b, 0, 0, 0, 0] => Some((g, h)),
        [0x2002, high, low, ..] => Some((high, low)),
        _ => None,
    };
    inside.map_or(address, |(high, low)| {
        IpAddr::V4(Ipv4Addr::from_bits((u32::from(high) << 16) | u32::from(low)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(allow_loopback: bool, allow_private: bool, allowed: &[&str]) -> AddressPolicy {
        let allowed = allowed.iter().map(|range| range.parse().expect("a range of this test")).collect();
        AddressPolicy { allow_loopback, allow_private, allowed }
    }

    fn check(policy: &AddressPolicy, permitted: bool, addresses: &[&str]) {
        for address in addresses {
            let parsed: IpAddr = address.parse().expect("an address of this test");
            assert_eq!(policy.permits(parsed), permitted, "{address}");
        }
    }

    const PUBLIC: &[&str] = &[
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "128.0.0.1",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2606:4700::1111",
        "2a00::1",
        "::ffff:1.1.1.1",
        "64:ff9b::101:101",
        "2002:101:101::1",
    ];
    const LOOPBACK: &[&str] = &[
        "127.0.0.1",
        "127.255.255.255",
        "::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "::127.0.0.1",
    ];
    const PRIVATE: &[&str] = &[
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.1",
        "100.127.255.255",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "192.168.255.255",
        "fc00::1",
        "fdff::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:c0a8:1::1",
    ];
    const SPECIAL: &[&str] = &[
        "0.0.0.0",
        "0.1.2.3",
        "169.254.169.254",
        "169.254.0.1",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff02::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "3fff::1",
        "64:ff9b:1::1",
        "5f00::1",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "::ffff:0.0.0.0",
    ];

    #[test]
    fn only_public_addresses_pass_by_default() {
        let strict = AddressPolicy::default();
        check(&strict, true, PUBLIC);
        for refused in [LOOPBACK, PRIVATE, SPECIAL] {
            check(&strict, false, refused);
        }
    }

    #[test]
    fn each_permission_opens_its_own_ranges_only() {
        check(&policy(true, false, &[]), true, LOOPBACK);
        check(&policy(true, false, &[]), false, PRIVATE);
        check(&policy(false, true, &[]), true, PRIVATE);
        check(&policy(false, true, &[]), false, LOOPBACK);
        check(&policy(true, true, &[]), false, SPECIAL);
    }

    #[test]
    fn named_ranges_are_allowed_whatever_they_are() {
        let named = policy(false, false, &["10.1.0.0/16", "169.254.169.254", "fd00::/8"]);
        check(&named, true, &["10.1.2.3", "::ffff:10.1.2.3", "169.254.169.254", "fd12::1"]);
        check(&named, false, &["10.2.0.1", "169.254.169.253", "fc00::1", "127.0.0.1"]);
        check(&policy(false, false, &["0.0.0.0/0"]), true, PRIVATE.get(..8).unwrap_or_default());
    }

    #[test]
    fn ranges_are_read_or_refused() {
        for wrong in
            ["", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/", "10.0.0.0/x", "host", "10.0.0.0/-1"]
        {
            assert_eq!(wrong.parse::<AddressRange>(), Err(RangeError(wrong.to_owned())), "{wrong}");
        }
    }
}
