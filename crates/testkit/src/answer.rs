//! What a server answered, with assertions that show it.

use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;

/// Bytes of a body that a failed assertion shows.
const SHOWN: usize = 2000;

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
    /// Method and path that were asked.
    pub asked: String,
}

impl Answer {
    /// The same, when it has this status.
    ///
    /// # Panics
    /// When it has another.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert!(self.status == status, "{} expected {status}, got {}", self.asked, self.shown());
        self
    }

    /// The message of a refusal with this status, which has a body `{code, message}`.
    ///
    /// # Panics
    /// When it is anything else.
    #[track_caller]
    pub fn refusal(self, status: u16) -> String {
        let answer = self.expect(status);
        let body = answer.json();
        let well_formed =
            body["code"] == status && body["message"].as_str().is_some_and(|text| !text.is_empty());
        let kind = answer.header("content-type").unwrap_or_default();
        assert!(
            well_formed && kind.starts_with("application/json"),
            "no {{code, message}}: {}",
            answer.shown()
        );
        body["message"].as_str().expect("just looked at").to_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[track_caller]
    #[must_use]
    pub fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => panic!("{}: {error} in {}", self.asked, self.shown()),
        }
    }

    /// The body as text, bytes that are none replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Whether the status says yes.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Status and the beginning of the body, for messages.
    #[must_use]
    pub fn shown(&self) -> String {
        let text: String = self.text().chars().take(SHOWN).collect();
        format!("{} {text}", self.status)
    }
}
