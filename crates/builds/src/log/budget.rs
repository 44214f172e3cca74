//! Counts what a build prints. What is too much is left out, but its end is kept: there a build says
//! why it failed. Pure.

use model::LogLine;
use std::collections::VecDeque;

/// Bytes that are kept of the end of what is too much.
pub(super) const TAIL_BYTES: usize = 256 * 1024;

/// What is said at once when a log is full.
const FULL: &str = "The log is full; of what follows only the end is kept.";

/// What a build may still print, and the end of what it printed beyond that.
#[derive(Debug)]
pub(super) struct Budget {
    left: u64,
    full: bool,
    tail: VecDeque<LogLine>,
    tail_bytes: usize,
    left_out: u64,
}

impl Budget {
    pub(super) fn new(bytes: u64) -> Self {
        Self { left: bytes, full: false, tail: VecDeque::new(), tail_bytes: 0, left_out: 0 }
    }

    /// What becomes of a printed line now: itself, the notice that the log is full, or nothing.
    pub(super) fn take(&mut self, line: LogLine) -> Option<LogLine> {
        let bytes = line.message.len() as u64 + 1;
        if !self.full && bytes <= self.left {
            self.left -= bytes;
            return Some(line);
        }
        let notice = (!self.full).then(|| notice(&line, FULL.to_owned()));
        self.full = true;
        self.keep(line);
        notice
    }

    fn keep(&mut self, line: LogLine) {
        self.tail_bytes += line.message.len() + 1;
        self.tail.push_back(line);
        while self.tail_bytes > TAIL_BYTES {
            let Some(gone) = self.tail.pop_front() else { return };
            self.tail_bytes -= gone.message.len() + 1;
            self.left_out += 1;
        }
    }

    /// The end of what was too much, behind a line that says how many there were before it.
    pub(super) fn rest(&mut self) -> Vec<LogLine> {
        let mut out = Vec::new();
        if let Some(first) = self.tail.front().filter(|_| self.left_out > 0) {
            out.push(notice(first, format!("{} lines were left out.", self.left_out)));
        }
        out.extend(self.tail.drain(..));
        (self.tail_bytes, self.left_out) = (0, 0);
        out
    }
}

/// A complaint beside a line.
fn notice(line: &LogLine, message: String) -> LogLine {
    LogLine { message, error: true, ..line.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Timestamp;

    fn line(message: &str) -> LogLine {
        LogLine { ts: Timestamp(0), section: "build".into(), message: message.into(), error: false }
    }

    fn told(line: Option<LogLine>) -> Option<(String, bool)> {
        line.map(|line| (line.message, line.error))
    }

    #[test]
    fn a_full_log_says_so_once_and_keeps_the_end() {
        let mut budget = Budget::new(10);
        assert_eq!(told(budget.take(line("123456789"))), Some(("123456789".into(), false)));
        assert!(budget.rest().is_empty());
        assert_eq!(told(budget.take(line("a"))), Some((FULL.into(), true)));
        assert_eq!(budget.take(line("b")), None);
        let rest: Vec<_> = budget.rest().into_iter().map(|line| line.message).collect();
        assert_eq!(rest, ["a", "b"]);
        assert_eq!(budget.take(line("c")), None, "nothing is said twice");
        assert_eq!(budget.rest().len(), 1);
    }

    #[test]
    fn the_end_is_bounded_and_what_is_missing_is_counted() {
        let mut budget = Budget::new(0);
        let long = "x".repeat(TAIL_BYTES / 4 - 1);
        for _ in 0..6 {
            budget.take(line(&long));
        }
        budget.take(line("why it failed"));
        let rest: Vec<_> = budget.rest().into_iter().map(|line| line.message).collect();
        assert_eq!((rest.len(), rest[0].as_str()), (5, "3 lines were left out."));
        assert_eq!(rest.last().map(String::as_str), Some("why it failed"));
    }
}
