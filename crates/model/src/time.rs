//! Instants as the API writes them, and the clock as a parameter.

use jiff::{SignedDuration, Timestamp as Instant};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::borrow::Cow;
use std::fmt;

/// An instant in milliseconds since the Unix epoch; on the wire ISO 8601 with milliseconds and `Z`,
/// as hosted payloads carry it (`2026-01-02T03:04:05.678Z`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

/// Where "now" comes from. Production reads the system clock; tests move theirs by hand.
pub trait Clock: Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

impl Timestamp {
    /// This instant plus `millis` (negative goes back).
    #[must_use]
    pub fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Whole seconds since the epoch, as JWT claims and rate-limit headers count.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Reads an RFC 3339 text.
    ///
    /// # Errors
    /// When the text is not a date with time and offset.
    pub fn parse(text: &str) -> Result<Self, jiff::Error> {
        text.parse::<Instant>().map(|at| Self(at.as_millisecond()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = Instant::UNIX_EPOCH.checked_add(SignedDuration::from_millis(self.0)).unwrap_or(Instant::MAX);
        write!(f, "{at:.3}")
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = Cow::<'_, str>::deserialize(input)?;
        Self::parse(&text).map_err(D::Error::custom)
    }
}

impl JsonSchema for Timestamp {
    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "date-time"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_milliseconds_and_reads_them_back() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_767_323_045_678, "2026-01-02T03:04:05.678Z"),
            (1_767_323_045_600, "2026-01-02T03:04:05.600Z"),
        ] {
            assert_eq!(Timestamp(millis).to_string(), text);
            assert_eq!(Timestamp::parse(text).ok(), Some(Timestamp(millis)));
        }
    }

    #[test]
    fn refuses_text_without_an_offset() {
        assert!(Timestamp::parse("2026-01-02T03:04:05").is_err());
    }
}
