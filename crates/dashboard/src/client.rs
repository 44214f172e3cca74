//! Calls of the API's operations: addresses are put together here with every part escaped, answers
//! come back as JSON, refusals as a [`Problem`] with the API's own sentence.

use crate::Api;
use crate::problem::Problem;
use axum::body::Body;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request, Response, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::Value;

/// Most bytes of one answer of the API; a page of a list is far below.
const ANSWER_LIMIT: usize = 16 * 1024 * 1024;

/// What may stand in a path segment as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// `/a/b`, each part escaped so that a name cannot become a path.
pub(crate) fn path(parts: &[&str]) -> String {
    parts.iter().map(|part| format!("/{}", segment(part))).collect()
}

/// One part of a path, escaped.
pub(crate) fn segment(part: &str) -> String {
    match part {
        "." | ".." => part.replace('.', "%2E"),
        _ => utf8_percent_encode(part, SEGMENT).to_string(),
    }
}

/// `path?k=v&…`; pairs with an empty value are left out.
pub(crate) fn with_query(path: &str, pairs: &[(&str, &str)]) -> String {
    let given = pairs.iter().filter(|(_, value)| !value.is_empty());
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// One caller of the API.
#[derive(Clone)]
pub(crate) struct Client {
    api: Api,
    token: String,
}

impl Client {
    pub(crate) fn new(api: Api, token: String) -> Self {
        Self { api, token }
    }

    pub(crate) async fn get(&self, operation: &str) -> Result<Value, Problem> {
        self.call(Method::GET, operation, None).await
    }

    pub(crate) async fn post(&self, operation: &str, body: Value) -> Result<Value, Problem> {
        self.call(Method::POST, operation, Some(body)).await
    }

    pub(crate) async fn put(&self, operation: &str, body: Value) -> Result<Value, Problem> {
        self.call(Method::PUT, operation, Some(body)).await
    }

    pub(crate) async fn patch(&self, operation: &str, body: Value) -> Result<Value, Problem> {
        self.call(Method::PATCH, operation, Some(body)).await
    }

    pub(crate) async fn delete(&self, operation: &str) -> Result<Value, Problem> {
        self.call(Method::DELETE, operation, None).await
    }

    /// The answer itself, for streams.
    pub(crate) async fn open(&self, operation: &str, accept: &str) -> Result<Response<Body>, Problem> {
        let answer = (self.api)(self.request(Method::GET, operation, accept, None)?).await;
        if answer.status().is_success() { Ok(answer) } else { Err(refusal(answer).await) }
    }

    async fn call(&self, method: Method, operation: &str, body: Option<Value>) -> Result<Value, Problem> {
        let answer = (self.api)(self.request(method, operation, "application/json", body)?).await;
        if !answer.status().is_success() {
            return Err(refusal(answer).await);
        }
        let bytes = read(answer).await?;
        if bytes.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&bytes).map_err(|_| Problem::broken("The API's answer was not JSON."))
    }

    fn request(
        &self,
        method: Method,
        operation: &str,
        accept: &str,
        body: Option<Value>,
    ) -> Result<Request<Body>, Problem> {
        Request::builder()
            .method(method)
            .uri(format!("/api/v1{operation}"))
            .header(AUTHORIZATION, format!("Bearer {}", self.token))
            .header(ACCEPT, accept)
            .header(CONTENT_TYPE, "application/json")
            .body(body.map_or_else(Body::empty, |body| Body::from(body.to_string())))
            .map_err(|_| Problem::input("The request could not be put together from what was typed."))
    }
}

async fn read(answer: Response<Body>) -> Result<bytes::Bytes, Problem> {
    let read = axum::body::to_bytes(answer.into_body(), ANSWER_LIMIT).await;
    read.map_err(|_| Problem::broken("The API's answer was cut off or too long."))
}

/// The API's `{code, message}` as a problem; its status is kept.
async fn refusal(answer: Response<Body>) -> Problem {
    #[derive(Deserialize)]
    struct Refusal {
        message: String,
    }
    let status = answer.status();
    let said = read(answer).await.ok().and_then(|b| serde_json::from_slice::<Refusal>(&b).ok());
    let message = said.map(|said| said.message).filter(|message| !message.is_empty());
    Problem::new(shown(status), message.unwrap_or_else(|| format!("The API answered {status}.")))
}

fn shown(status: StatusCode) -> StatusCode {
    if status.is_client_error() || status.is_server_error() { status } else { StatusCode::BAD_GATEWAY }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cannot_leave_their_segment() {
        for (parts, expect) in [
            (&["sites", "blog"][..], "/sites/blog"),
            (&["sites", "../tokens"][..], "/sites/..%2Ftokens"),
            (&["sites", ".."][..], "/sites/%2E%2E"),
            (&["sites", "a?b#c"][..], "/sites/a%3Fb%23c"),
            (&["sites", "blög"][..], "/sites/bl%C3%B6g"),
        ] {
            assert_eq!(path(parts), expect);
        }
    }

    #[test]
    fn empty_filters_are_left_out() {
        assert_eq!(with_query("/events", &[("a", "")]), "/events");
        assert_eq!(with_query("/events", &[("a", ""), ("b", "x y&")]), "/events?b=x+y%26");
    }
}
