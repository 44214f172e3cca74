//! How far a listener is: everything up to a place, and what it had beyond it. Where transactions may
//! commit out of the order of their numbers, a place counts as passed only some time after it was
//! seen; what came before that is remembered one by one. Pure, and text on the way to and from the
//! client.

use std::collections::VecDeque;
use std::time::Duration;

/// How long a transaction may stay open with its delivery's number drawn, where numbers can overtake
/// each other.
pub(super) const OVERTAKING: Duration = Duration::from_secs(10);
/// Deliveries that are remembered beyond the place; beyond that the oldest count as passed.
pub(super) const BEYOND_MAX: usize = 500;

/// Where a listener is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    floor: i64,
    beyond: VecDeque<i64>,
}

impl Cursor {
    pub(super) fn at(floor: i64) -> Self {
        Self { floor, beyond: VecDeque::new() }
    }

    /// `floor`, and for each delivery beyond it `+` and how far.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.trim().split('+').map(|part| part.parse::<i64>().ok().filter(|n| *n >= 0));
        let floor = numbers.next()??;
        let beyond: Option<VecDeque<i64>> = numbers.map(|n| floor.checked_add(n?)).collect();
        beyond.filter(|beyond| beyond.len() <= BEYOND_MAX).map(|beyond| Self { floor, beyond })
    }

    pub(super) fn text(&self) -> String {
        let beyond = self.beyond.iter().map(|seq| format!("+{}", seq - self.floor));
        std::iter::once(self.floor.to_string()).chain(beyond).collect()
    }

    /// From where to look for more.
    pub(super) fn floor(&self) -> i64 {
        self.floor
    }

    /// How many deliveries are found again when looking from there.
    pub(super) fn known(&self) -> usize {
        self.beyond.len()
    }

    /// Whether the listener had a delivery.
    pub(super) fn has(&self, seq: i64) -> bool {
        seq <= self.floor || self.beyond.contains(&seq)
    }

    /// Notes a delivery; false when the listener had it already.
    pub(super) fn take(&mut self, seq: i64) -> bool {
        if self.has(seq) {
            return false;
        }
        self.beyond.push_back(seq);
        if self.beyond.len() > BEYOND_MAX {
            let oldest = self.beyond.iter().min().copied().unwrap_or(self.floor);
            self.pass(oldest);
        }
        true
    }

    /// Everything up to this place is had or will never be.
    pub(super) fn pass(&mut self, place: i64) {
        self.floor = self.floor.max(place);
        self.beyond.retain(|seq| *seq > self.floor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_overtaken_is_still_told_and_nothing_twice() {
        let mut cursor = Cursor::at(10);
        assert!(!cursor.take(9) && !cursor.take(10));
        assert!(cursor.take(13) && cursor.take(15) && !cursor.take(13));
        assert_eq!(cursor.text(), "10+3+5");
        assert!(cursor.take(12), "12 was overtaken by 13");
        cursor.pass(13);
        assert_eq!((cursor.text().as_str(), cursor.known()), ("13+2", 1));
        cursor.pass(5);
        assert_eq!(cursor.floor(), 13);
    }

    #[test]
    fn cursors_survive_as_text() {
        for text in ["0", "7", "7+1", "1200+3+7+500"] {
            assert_eq!(Cursor::parse(text).map(|cursor| cursor.text()).as_deref(), Some(text));
        }
        assert_eq!(Cursor::parse(" 7+1\n"), Cursor::parse("7+1"));
        let long = "0".to_owned() + &"+1".repeat(BEYOND_MAX + 1);
        for text in ["", "x", "-1", "7+", "7+x", "7+-1", "9223372036854775807+1", &long] {
            assert_eq!(Cursor::parse(text), None, "{text}");
        }
    }

    #[test]
    fn memory_has_a_bound() {
        let mut cursor = Cursor::at(0);
        for seq in 1..=i64::try_from(BEYOND_MAX).expect("small") + 3 {
            assert!(cursor.take(seq));
        }
        assert_eq!((cursor.known(), cursor.floor()), (BEYOND_MAX, 3));
    }
}
