//! One request to one operation, with what its route found out about it.

use crate::App;
use accounts::{Access, Principal};
use axum::body::{Body, HttpBody as _};
use axum::extract::ws::WebSocketUpgrade;
use bytes::Bytes;
use context::{Context, Error, Result};
use futures_util::{StreamExt as _, TryStreamExt};
use http::{HeaderMap, Uri};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use model::{Page, Scope};
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use std::net::IpAddr;
use std::sync::Arc;
use store::accounts::AccountRow;
use store::deploys::DeployRow;
use store::sites::SiteRow;

/// What an operation answers.
pub(crate) type Outcome = Result<crate::reply::Reply>;

/// A request, authorised, with the things its path names looked up.
pub(crate) struct Call {
    pub(crate) app: Arc<App>,
    pub(crate) cx: Context,
    pub(crate) who: Option<Principal>,
    /// Where the request came from, as far as trusted proxies tell.
    pub(crate) peer: Option<IpAddr>,
    pub(crate) headers: HeaderMap,
    pub(crate) uri: Uri,
    pub(crate) params: Vec<(String, String)>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) site: Option<SiteRow>,
    pub(crate) deploy: Option<DeployRow>,
    pub(crate) account: Option<AccountRow>,
    /// Behind a lock that nobody contends for: a body is not `Sync`, and calls are borrowed across
    /// awaits.
    pub(crate) body: Mutex<Body>,
    /// The WebSocket that the caller asks to go over to.
    pub(crate) socket: Mutex<Option<WebSocketUpgrade>>,
}

impl Call {
    /// Who is asking.
    pub(crate) fn user(&self) -> Result<&Principal> {
        self.who.as_ref().ok_or(Error::Unauthorized("a token is needed"))
    }

    /// Whether the caller may change things of an account, and so see what lets its holder in. The code of
    /// a build may not.
    pub(crate) fn may_write(&self, account_id: &str) -> bool {
        let granted =
            |who: &Principal| who.build.is_none() && who.may(account_id, Scope::Write) == Access::Granted;
        self.who.as_ref().is_some_and(granted)
    }

    /// A part of the path; empty when the route has none of that name.
    pub(crate) fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// The first value of a query parameter, none when absent or empty.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// Every value of a query parameter.
    pub(crate) fn query_all(&self, name: &str) -> Vec<&str> {
        self.query.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
    }

    /// Whether a query parameter says yes.
    pub(crate) fn flag(&self, name: &str) -> bool {
        matches!(self.query(name), Some("true" | "1" | "yes"))
    }

    /// The page asked for.
    pub(crate) fn page(&self) -> Page {
        let number = |name| self.query(name).and_then(page_number);
        Page::new(number("page"), number("per_page"))
    }

    /// A request header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The site that the path names.
    ///
    /// A route whose needs resolve no site must not ask for it; the error says so in the log.
    pub(crate) fn site(&self) -> Result<&SiteRow> {
        self.site.as_ref().ok_or_else(|| Error::internal("the route resolves no site"))
    }

    /// The deploy that the path names.
    pub(crate) fn deploy(&self) -> Result<&DeployRow> {
        self.deploy.as_ref().ok_or_else(|| Error::internal("the route resolves no deploy"))
    }

    /// The account that the path names.
    pub(crate) fn account(&self) -> Result<&AccountRow> {
        self.account.as_ref().ok_or_else(|| Error::internal("the route resolves no account"))
    }

    /// The body, at most `limit` bytes.
    pub(crate) async fn bytes(&mut self, limit: usize) -> Result<Bytes> {
        let body = std::mem::take(self.body.get_mut());
        if body.size_hint().lower() > limit as u64 {
            return Err(too_large(limit));
        }
        match Limited::new(body, limit).collect().await {
            Ok(collected) => Ok(collected.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => Err(too_large(limit)),
            Err(_) => Err(Error::Invalid("the request broke off".to_owned())),
        }
    }

    /// The body as JSON; an empty body is an empty object.
    pub(crate) async fn json<T: DeserializeOwned>(&mut self) -> Result<T> {
        let limit = self.cx.settings.limits.json_body;
        self.json_up_to(limit).await
    }

    /// The body as JSON of at most `limit` bytes.
    pub(crate) async fn json_up_to<T: DeserializeOwned>(&mut self, limit: usize) -> Result<T> {
        let bytes = self.bytes(limit).await?;
        let text: &[u8] = if bytes.iter().all(u8::is_ascii_whitespace) { b"{}" } else { &bytes };
        serde_json::from_slice(text).map_err(|e| {
            Error::Invalid(format!("the body is not the JSON that is expected: {}", in_words(&e)))
        })
    }

    /// The body as it comes in.
    pub(crate) fn stream(&mut self) -> deploys::StreamedBody {
        let body = std::mem::take(self.body.get_mut());
        TryStreamExt::map_err(body.into_data_stream(), std::io::Error::other).boxed()
    }
}

/// The number of a page; one that is too large for any list stands for the largest.
fn page_number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u32::MAX))
}

/// What is wrong with a body, in the words of JSON: a caller knows objects, not our structs.
fn in_words(error: &serde_json::Error) -> String {
    let text = model::single_backslashes(&error.to_string());
    match text.split_once("expected struct ") {
        Some((before, after)) => {
            let name = after.find(|c: char| !c.is_alphanumeric()).unwrap_or(after.len());
            format!("{before}expected an object{}", &after[name..])
        }
        None => text,
    }
}

fn too_large(limit: usize) -> Error {
    Error::TooLarge(format!("the body has more than {limit} bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Body {
        #[serde(rename = "name")]
        _name: String,
    }

    #[test]
    fn complaints_speak_of_json() {
        for (body, said) in [
            ("null", "invalid type: null, expected an object at line 1 column 4"),
            ("\"x\"", "invalid type: string \"x\", expected an object at line 1 column 3"),
            ("{\"name\": 5}", "invalid type: integer `5`, expected a string at line 1 column 10"),
        ] {
            let error = serde_json::from_str::<Body>(body).expect_err(body);
            assert_eq!(in_words(&error), said, "{body}");
        }
    }

    #[test]
    fn pages_are_numbers() {
        for (text, number) in [
            ("1", Some(1)),
            ("007", Some(7)),
            ("99999999999999999999", Some(u32::MAX)),
            ("-1", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(page_number(text), number, "{text:?}");
        }
    }
}
