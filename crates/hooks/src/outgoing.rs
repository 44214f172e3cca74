//! What every target's sender is given and gives back, and how a try is put on record.

pub(crate) mod bitbucket_commit_status;
mod chat;
mod digest;
pub(crate) mod discord;
pub(crate) mod email;
pub(crate) mod git_host;
pub(crate) mod gitea_commit_status;
pub(crate) mod github;
pub(crate) mod github_app_checks;
pub(crate) mod github_commit_comment;
pub(crate) mod github_commit_status;
pub(crate) mod github_deployment;
pub(crate) mod gitlab;
pub(crate) mod gitlab_commit_status;
pub(crate) mod gitlab_merge_request_comment;
pub(crate) mod mattermost;
pub(crate) mod microsoft_teams;
pub(crate) mod notice;
#[cfg(test)]
mod samples;
pub(crate) mod slack;
pub(crate) mod url;

pub(crate) use chat::check as check_chat;
pub(crate) use digest::{Digest, LISTED_MAX};
pub use email::{check_mail, probe_mail};

use crate::secrets::{MASK, Secrets};
use context::Context;
use email::Mailer;
use http::HeaderMap;
use model::Timestamp;
use outbound::{Failure, Sent};
use serde_json::{Map, Value, json};
use std::time::Duration;
use store::hooks::HookRow;

/// Headers of an answer that are kept.
pub const HEADERS_KEPT: usize = 64;
/// Bytes of each header of an answer that are kept.
pub const HEADER_KEPT: usize = 1024;

/// What every sender works with.
pub(crate) struct Gear {
    pub(crate) cx: Context,
    pub(crate) client: outbound::Client,
    /// The way to the mail server, when there is one.
    pub(crate) mail: Option<Mailer>,
}

impl Gear {
    pub(crate) fn new(cx: Context, client: outbound::Client) -> Self {
        let mail = Mailer::of(&cx);
        Self { cx, client, mail }
    }
}

/// One event, or a digest of several, for one hook.
pub(crate) struct Message<'a> {
    pub(crate) event_id: &'a str,
    pub(crate) event: &'a str,
    /// When it happened; of a digest the end of its window.
    pub(crate) at: Timestamp,
    /// The exact bytes to deliver.
    pub(crate) body: &'a str,
    pub(crate) hook: &'a HookRow,
    pub(crate) secrets: &'a Secrets,
    /// What it is about, when that is several events: then there is no body.
    pub(crate) digest: Option<&'a Digest<'a>>,
}

/// What a try means for its delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    Delivered,
    /// Not this time; not before so long, if the receiver said.
    Failed(Option<Duration>),
    /// The receiver wants nothing more.
    Gone,
    /// This server was not able to try: what it needs for that is down or not set up rightly. The
    /// hook is not to blame, and no try is used up.
    Unable,
}

/// How a try went, as it is put on record.
#[derive(Clone, Debug)]
pub(crate) struct Tried {
    pub(crate) meaning: Meaning,
    pub(crate) duration_ms: i64,
    pub(crate) status: Option<i64>,
    /// Kind of failure and a sentence about it.
    pub(crate) error: Option<(&'static str, String)>,
    pub(crate) request: Value,
    pub(crate) response: Option<Value>,
}

impl Tried {
    /// A try that ended before anything was sent.
    pub(crate) fn unsent(why: impl Into<String>) -> Self {
        Self {
            meaning: Meaning::Failed(None),
            duration_ms: 0,
            status: None,
            error: Some(("other", why.into())),
            request: json!({}),
            response: None,
        }
    }

    /// A try without an answer.
    pub(crate) fn failed(failure: Failure, request: Value) -> Self {
        Self {
            meaning: Meaning::Failed(None),
            duration_ms: failure.total_ms,
            status: None,
            error: Some((failure.class.as_str(), failure.message)),
            request,
            response: None,
        }
    }

    /// A try that was answered.
    pub(crate) fn answered(sent: &Sent, meaning: Meaning, request: Value) -> Self {
        let why = || ("status", format!("the receiver answered {}", sent.status.as_u16()));
        Self {
            meaning,
            duration_ms: sent.timing.total_ms,
            status: Some(i64::from(sent.status.as_u16())),
            error: (meaning != Meaning::Delivered).then(why),
            request,
            response: Some(response(sent)),
        }
    }
}

fn response(sent: &Sent) -> Value {
    json!({
        "headers": recorded(&sent.headers, &[]),
        "body": String::from_utf8_lossy(&sent.body),
        "truncated": sent.truncated,
        "head_ms": sent.timing.head_ms,
    })
}

/// Headers as they are put on record: cut to the limits, those in `secret` masked.
fn recorded(headers: &HeaderMap, secret: &[&str]) -> Value {
    let entry = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        let bytes = value.as_bytes();
        let shown = if secret.contains(&name.as_str()) {
            MASK.into()
        } else {
            String::from_utf8_lossy(&bytes[..bytes.len().min(HEADER_KEPT)])
        };
        (title_case(name.as_str()), Value::from(shown))
    };
    Value::Object(headers.iter().take(HEADERS_KEPT).map(entry).collect::<Map<_, _>>())
}

/// A header name as it stands on the wire.
pub(crate) fn title_case(name: &str) -> String {
    let parts: Vec<_> = name
        .split('-')
        .map(|part| {
            part.get(..1).map_or_else(String::new, str::to_ascii_uppercase)
                + part.get(1..).unwrap_or_default()
        })
        .collect();
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn recorded_headers_are_masked_and_cut() {
        let mut headers = HeaderMap::new();
        headers.insert("x-nf-sign", HeaderValue::from_static("token"));
        headers.insert("x-long", HeaderValue::from_str(&"a".repeat(HEADER_KEPT + 1)).expect("letters"));
        let shown = recorded(&headers, &["x-nf-sign"]);
        assert_eq!(shown["X-Nf-Sign"], MASK);
        assert_eq!(shown["X-Long"].as_str().map(str::len), Some(HEADER_KEPT));
        for n in 0..HEADERS_KEPT {
            let name: http::HeaderName = format!("x-{n}").parse().expect("a name");
            headers.insert(name, HeaderValue::from_static(""));
        }
        assert_eq!(recorded(&headers, &[]).as_object().map(Map::len), Some(HEADERS_KEPT));
    }
}
