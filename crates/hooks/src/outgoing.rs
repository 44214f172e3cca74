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
mod record;
#[cfg(test)]
mod samples;
pub(crate) mod slack;
pub(crate) mod url;

pub(crate) use chat::check as check_chat;
pub(crate) use digest::{Digest, LISTED_MAX};
pub use email::{check_mail, probe_mail};
pub use record::{HEADER_KEPT, HEADERS_KEPT};
pub(crate) use record::{Record, recorded, title_case};

use crate::secrets::Secrets;
use context::Context;
use email::Mailer;
use model::Timestamp;
use outbound::{Destination, Failure, Sent};
use serde::Serialize;
use std::borrow::Cow;
use std::sync::OnceLock;
use std::time::Duration;
use store::hooks::HookRow;

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

/// Where a hook's address leads, once it was read: a sentence when it will not do.
pub(crate) type Way = OnceLock<Result<Destination, &'static str>>;

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
    pub(crate) way: &'a Way,
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
    pub(crate) request: Record,
    pub(crate) response: Option<Record>,
}

impl Tried {
    /// A try that ended before anything was sent.
    pub(crate) fn unsent(why: impl Into<String>) -> Self {
        Self {
            meaning: Meaning::Failed(None),
            duration_ms: 0,
            status: None,
            error: Some(("other", why.into())),
            request: Record::default(),
            response: None,
        }
    }

    /// A try without an answer.
    pub(crate) fn failed(failure: Failure, request: impl Into<Record>) -> Self {
        Self {
            meaning: Meaning::Failed(None),
            duration_ms: failure.total_ms,
            status: None,
            error: Some((failure.class.as_str(), failure.message)),
            request: request.into(),
            response: None,
        }
    }

    /// A try that was answered.
    pub(crate) fn answered(sent: &Sent, meaning: Meaning, request: impl Into<Record>) -> Self {
        let why = || ("status", format!("the receiver answered {}", sent.status.as_u16()));
        Self {
            meaning,
            duration_ms: sent.timing.total_ms,
            status: Some(i64::from(sent.status.as_u16())),
            error: (meaning != Meaning::Delivered).then(why),
            request: request.into(),
            response: Some(response(sent)),
        }
    }
}

fn response(sent: &Sent) -> Record {
    #[derive(Serialize)]
    struct Answer<'a, H> {
        headers: H,
        body: Cow<'a, str>,
        truncated: bool,
        head_ms: i64,
    }
    Record::of(&Answer {
        headers: recorded(&sent.headers, &[]),
        body: String::from_utf8_lossy(&sent.body),
        truncated: sent.truncated,
        head_ms: sent.timing.head_ms,
    })
}
