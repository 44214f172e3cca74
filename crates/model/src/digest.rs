//! Windows in which a hook's events are gathered, to go out as one message. Pure: the time comes in.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// Shortest window.
pub const DIGEST_MIN_SECONDS: i64 = 60;
/// Longest window.
pub const DIGEST_MAX_SECONDS: i64 = DAY;

const DAY: i64 = 86_400;
const UNITS: [(char, i64); 4] = [('s', 1), ('m', 60), ('h', 3_600), ('d', DAY)];

/// How long events are gathered before they go out together. Windows follow each other without a
/// gap and begin at midnight UTC, or at `at`: all events of one window have the same end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Digest {
    /// Length of a window, as `15m`, `1h` or `1d`; from [`DIGEST_MIN_SECONDS`] to
    /// [`DIGEST_MAX_SECONDS`].
    pub every: String,
    /// When a window of a day ends, as `09:00` UTC; only beside `1d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

impl Digest {
    /// Judges the texts.
    ///
    /// # Errors
    /// A sentence that names the one which will not do.
    pub fn check(&self) -> Result<(), String> {
        self.seconds().map(|_| ())
    }

    /// When the window of this instant ends, which is later. An instant at which one ends belongs to
    /// the next.
    ///
    /// # Errors
    /// As [`Digest::check`].
    pub fn ends(&self, now: Timestamp) -> Result<Timestamp, String> {
        let (every, at) = self.seconds()?;
        let gone = (now.0 - at * 1_000).rem_euclid(every * 1_000);
        Ok(now.plus_millis(every * 1_000 - gone))
    }

    /// Length of a window and where in the day one ends.
    fn seconds(&self) -> Result<(i64, i64), String> {
        let every =
            length(&self.every).filter(|every| (DIGEST_MIN_SECONDS..=DIGEST_MAX_SECONDS).contains(every));
        let every = every
            .ok_or_else(|| format!("every \"{}\" is no time from 1m to 1d, as 15m or 1h", self.every))?;
        let Some(text) = &self.at else { return Ok((every, 0)) };
        if every != DAY {
            return Err("at is for windows of 1d".to_owned());
        }
        let at = time_of_day(text).ok_or_else(|| format!("at \"{text}\" is no time of the day, as 09:00"))?;
        Ok((every, at))
    }
}

/// `15m` in seconds.
fn length(text: &str) -> Option<i64> {
    let (_, unit) = UNITS.iter().find(|(name, _)| text.ends_with(*name))?;
    number(&text[..text.len() - 1])?.checked_mul(*unit)
}

/// `09:00` in seconds.
fn time_of_day(text: &str) -> Option<i64> {
    let (hour, minute) = text.split_once(':').filter(|_| text.len() == 5)?;
    let (hour, minute) = (number(hour)?, number(minute)?);
    (hour < 24 && minute < 60).then_some(hour * 3_600 + minute * 60)
}

/// Digits alone.
fn number(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(every: &str, at: Option<&str>) -> Digest {
        Digest { every: every.to_owned(), at: at.map(str::to_owned) }
    }

    #[track_caller]
    fn check(every: &str, at: Option<&str>, now: &str, expect: &str) {
        let time = |text: &str| Timestamp::parse(text).expect("a time");
        assert_eq!(digest(every, at).ends(time(now)), Ok(time(expect)), "{every} {at:?} {now}");
    }

    #[test]
    fn windows_end_where_the_clock_says() {
        check("15m", None, "2026-01-02T03:04:05.678Z", "2026-01-02T03:15:00Z");
        check("15m", None, "2026-01-02T03:15:00Z", "2026-01-02T03:30:00Z");
        check("15m", None, "2026-01-02T03:14:59.999Z", "2026-01-02T03:15:00Z");
        check("1h", None, "2026-01-02T23:04:05Z", "2026-01-03T00:00:00Z");
        check("90s", None, "2026-01-02T00:00:31Z", "2026-01-02T00:01:30Z");
        check("1d", None, "2026-01-02T03:04:05Z", "2026-01-03T00:00:00Z");
        check("1d", Some("09:00"), "2026-01-02T03:04:05Z", "2026-01-02T09:00:00Z");
        check("24h", Some("09:30"), "2026-01-02T09:30:00Z", "2026-01-03T09:30:00Z");
    }

    #[test]
    fn what_is_no_window_is_refused() {
        for every in ["60s", "1m", "86400s", "24h", "1d"] {
            assert_eq!(digest(every, None).check(), Ok(()), "{every}");
        }
        for every in [
            "",
            "m",
            "59s",
            "0m",
            "25h",
            "86401s",
            "2d",
            "15",
            "-15m",
            "1.5h",
            "15 m",
            "1ü",
            "99999999999999999999d",
        ] {
            let said = digest(every, None).check().expect_err(every);
            assert!(said.starts_with(&format!("every \"{every}\" is no time")), "{said}");
        }
        for at in ["24:00", "09:60", "9:00", "09.00", "+9:00", "", "09:00:00", "09:0ü"] {
            let said = digest("1d", Some(at)).check().expect_err(at);
            assert_eq!(said, format!("at \"{at}\" is no time of the day, as 09:00"));
        }
        assert_eq!(digest("1h", Some("09:00")).check(), Err("at is for windows of 1d".to_owned()));
    }
}
