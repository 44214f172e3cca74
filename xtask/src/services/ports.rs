//! Free ports on loopback, below the range from which the kernel takes the ports of outgoing connections:
//! a port from that range can be taken by any client between our look and the server's start.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Result, bail};

/// First port tried. The last is chosen so that port + 10,000 stays below 32,768 as well.
const FIRST: u16 = 11_000;
const LAST: u16 = 22_700;
/// The S3 server opens a second port this far above each of its own.
pub const PAIR_DISTANCE: u16 = 10_000;

/// Ports that were free a moment ago, each with its partner `PAIR_DISTANCE` above.
pub fn free_pairs<const N: usize>() -> Result<[u16; N]> {
    let mut found = [0; N];
    let mut count = 0;
    for port in walk(seed()) {
        if count == N {
            return Ok(found);
        }
        if is_free(port) && is_free(port + PAIR_DISTANCE) {
            found[count] = port;
            count += 1;
        }
    }
    bail!("no {N} free ports between {FIRST} and {LAST}")
}

/// Every port of the range once, from a place that differs between two runs on one machine.
fn walk(seed: u32) -> impl Iterator<Item = u16> {
    let size = u32::from(LAST - FIRST);
    (0..size).map(move |step| {
        let offset = (seed % size + step) % size;
        FIRST + u16::try_from(offset).expect("the range is narrower than a port number")
    })
}

fn seed() -> u32 {
    let nanos = std::time::UNIX_EPOCH.elapsed().map_or(0, |now| now.subsec_nanos());
    std::process::id().wrapping_mul(7919) ^ (nanos >> 8)
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_differ_and_stay_below_the_range_of_outgoing_connections() {
        let ports = free_pairs::<4>().unwrap();
        for (place, port) in ports.iter().enumerate() {
            assert!(port + PAIR_DISTANCE < 32_768, "{port}");
            assert!(!ports[..place].contains(port), "{ports:?}");
        }
    }

    #[test]
    fn the_walk_visits_each_port_once() {
        let mut ports: Vec<u16> = walk(u32::MAX - 5).collect();
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), usize::from(LAST - FIRST));
        assert!(ports.iter().all(|port| (FIRST..LAST).contains(port)));
    }

    #[test]
    fn a_taken_port_is_not_free() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        assert!(!is_free(taken.local_addr().unwrap().port()));
    }
}
