//! Names of requests: ULIDs, so that they sort by time. Random bits are drawn once a process and
//! counted up from there, because drawing them for each request costs more than serving a file.

use http::HeaderValue;
use model::Timestamp;
use std::sync::atomic::{AtomicU64, Ordering};

const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of a ULID.
const LEN: usize = 26;
/// Bits of a ULID that are not time.
const RANDOM_BITS: u32 = 80;

/// Maker of request ids.
pub(crate) struct RequestIds {
    seed: u128,
    count: AtomicU64,
}

impl RequestIds {
    /// Counts up from `seed`.
    pub(crate) fn new(seed: [u8; 10]) -> Self {
        let mut bytes = [0; 16];
        bytes[6..].copy_from_slice(&seed);
        Self { seed: u128::from_be_bytes(bytes), count: AtomicU64::new(0) }
    }

    /// An id that no other request of this process has.
    pub(crate) fn next(&self, now: Timestamp) -> HeaderValue {
        let text = self.next_text(now);
        HeaderValue::from_bytes(&text).expect("digits and capital letters make a header value")
    }

    /// The same as it is written.
    pub(crate) fn next_text(&self, now: Timestamp) -> [u8; LEN] {
        let count = u128::from(self.count.fetch_add(1, Ordering::Relaxed));
        let tail = self.seed.wrapping_add(count) & ((1 << RANDOM_BITS) - 1);
        let millis = u128::from(now.0.unsigned_abs()) & ((1 << 48) - 1);
        encode((millis << RANDOM_BITS) | tail)
    }
}

fn encode(value: u128) -> [u8; LEN] {
    let mut text = [0; LEN];
    let mut rest = value;
    for place in text.iter_mut().rev() {
        *place = DIGITS[(rest & 31) as usize];
        rest >>= 5;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_ulids_that_count_up() {
        let now = Timestamp(1_767_323_045_678);
        let ids = RequestIds::new([7; 10]);
        assert_eq!(ids.next(now), model::ulid(now, [7; 10]).as_str());
        let mut next = [7; 10];
        next[9] = 8;
        assert_eq!(ids.next(now), model::ulid(now, next).as_str());
    }

    #[test]
    fn counting_past_the_last_random_bit_leaves_the_time_alone() {
        let ids = RequestIds::new([255; 10]);
        assert_eq!(ids.next(Timestamp(5)), model::ulid(Timestamp(5), [255; 10]).as_str());
        assert_eq!(ids.next(Timestamp(5)), model::ulid(Timestamp(5), [0; 10]).as_str());
    }
}
