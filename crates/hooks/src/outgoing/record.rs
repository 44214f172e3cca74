//! What is put on record of a request or an answer: JSON that is written once, as text, and never
//! taken apart here again. Knows nothing of targets.

use crate::secrets::MASK;
use http::{HeaderName, HeaderValue};
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value;
use std::borrow::Cow;

/// Headers of an answer that are kept.
pub const HEADERS_KEPT: usize = 64;
/// Bytes of each header of an answer that are kept.
pub const HEADER_KEPT: usize = 1024;

/// Room of a record before it has to grow: most are shorter.
const ROOM: usize = 1024;

/// A JSON object as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record(String);

impl Default for Record {
    fn default() -> Self {
        Self("{}".to_owned())
    }
}

impl Record {
    /// Of what is an object in JSON.
    pub(crate) fn of(object: &impl Serialize) -> Self {
        let mut text = Vec::with_capacity(ROOM);
        let written = serde_json::to_writer(&mut text, object).is_ok();
        String::from_utf8(text).ok().filter(|_| written).map(Self).unwrap_or_default()
    }

    /// Adds a field that is not there yet.
    pub(crate) fn add(&mut self, name: &str, value: impl Into<Value>) {
        let comma = if self.0.len() > 2 { "," } else { "" };
        let field = format!("{comma}{}:{}}}", Value::from(name), value.into());
        self.0.truncate(self.0.len() - 1);
        self.0.push_str(&field);
    }

    pub(crate) fn into_text(self) -> String {
        self.0
    }

    /// The record as it is read again.
    #[cfg(test)]
    pub(crate) fn read(&self) -> Value {
        serde_json::from_str(&self.0).expect("a record is JSON")
    }
}

impl From<Value> for Record {
    fn from(value: Value) -> Self {
        Self::of(&value)
    }
}

/// Headers as they are put on record: one value of a name, cut to the limits, and those in `secret`
/// masked.
pub(crate) fn recorded<'a, H>(headers: H, secret: &'a [HeaderName]) -> impl Serialize
where
    H: IntoIterator<Item = (&'a HeaderName, &'a HeaderValue)> + Clone,
{
    Headers { headers, secret }
}

struct Headers<'a, H> {
    headers: H,
    secret: &'a [HeaderName],
}

impl<'a, H> Serialize for Headers<'a, H>
where
    H: IntoIterator<Item = (&'a HeaderName, &'a HeaderValue)> + Clone,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let mut fields = self.headers.clone().into_iter().take(HEADERS_KEPT).peekable();
        while let Some((name, value)) = fields.next() {
            // the values of one name follow each other
            if fields.peek().is_none_or(|(next, _)| *next != name) {
                let masked = self.secret.contains(name);
                let shown = if masked { MASK.into() } else { shown(value) };
                map.serialize_entry(&title_case(name.as_str()), &shown)?;
            }
        }
        map.end()
    }
}

fn shown(value: &HeaderValue) -> Cow<'_, str> {
    let bytes = value.as_bytes();
    String::from_utf8_lossy(&bytes[..bytes.len().min(HEADER_KEPT)])
}

/// A header name as it stands on the wire.
pub(crate) fn title_case(name: &str) -> String {
    let mut before = b'-';
    let cased = |letter: &u8| {
        let first = std::mem::replace(&mut before, *letter) == b'-';
        if first { letter.to_ascii_uppercase() } else { *letter }
    };
    // what was text is text still
    String::from_utf8(name.as_bytes().iter().map(cased).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;
    use serde_json::{Map, json};

    fn shown(headers: &HeaderMap, secret: &[HeaderName]) -> Value {
        Record::of(&recorded(headers, secret)).read()
    }

    #[test]
    fn recorded_headers_are_masked_and_cut() {
        let mut headers = HeaderMap::new();
        headers.insert("x-nf-sign", HeaderValue::from_static("token"));
        headers.insert("x-long", HeaderValue::from_str(&"a".repeat(HEADER_KEPT + 1)).expect("letters"));
        let found = shown(&headers, &[HeaderName::from_static("x-nf-sign")]);
        assert_eq!(found["X-Nf-Sign"], MASK);
        assert_eq!(found["X-Long"].as_str().map(str::len), Some(HEADER_KEPT));
        for n in 0..HEADERS_KEPT {
            let name: http::HeaderName = format!("x-{n}").parse().expect("a name");
            headers.insert(name, HeaderValue::from_static(""));
        }
        assert_eq!(shown(&headers, &[]).as_object().map(Map::len), Some(HEADERS_KEPT));
    }

    #[test]
    fn a_name_stands_once_in_a_record() {
        let mut headers = HeaderMap::new();
        for (name, value) in [("set-cookie", "a"), ("server", "s"), ("set-cookie", "b")] {
            headers.append(name, HeaderValue::from_static(value));
        }
        let text = Record::of(&recorded(&headers, &[])).into_text();
        assert_eq!(text, r#"{"Set-Cookie":"b","Server":"s"}"#);
    }

    #[test]
    fn names_are_recorded_as_they_stand_on_the_wire() {
        for (name, expect) in [("x-nf-sign", "X-Nf-Sign"), ("etag", "Etag"), ("x--1a-", "X--1a-"), ("", "")] {
            assert_eq!(title_case(name), expect);
        }
    }

    #[test]
    fn fields_are_added_behind_the_others() {
        let mut record = Record::default();
        for (name, value) in [("a", json!(1)), ("\"b\"", json!({"c": ["}"]}))] {
            record.add(name, value);
        }
        assert_eq!(record.read(), json!({"a": 1, "\"b\"": {"c": ["}"]}}));
        assert_eq!(Record::from(record.read()), record);
    }
}
