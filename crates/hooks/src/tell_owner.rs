//! Tells the owners of a site's account, by mail, that one of its hooks keeps failing, was disabled or
//! works again. Whoever records that leaves the job in the same transaction; without a mail server
//! nobody is told and nothing waits.

use crate::outgoing::email::{Letter, Mailer, Posted, Why, address};
use crate::outgoing::notice::{Line, Notice, Severity, cut, minute};
use context::{Context, Result};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use jobs::{Handler, Job, Limits, Verdict};
use lettre::Address;
use model::{Role, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;
use store::hooks::HookRow;
use store::sites::SiteRow;

/// Kind of the jobs that tell owners.
pub const TELL_OWNER_JOB: &str = "tell_owner";
/// Owners who are told: the first of an account that has more.
pub const OWNERS_MAX: usize = 20;
/// Mails at once on one node.
const IN_FLIGHT: usize = 4;
/// How long a node that fell silent keeps a mail.
const LEASE: Duration = Duration::from_secs(60);
/// Waits after tries that failed; then nobody is told.
const WAITS_MS: [i64; 5] = [60_000, 300_000, 1_800_000, 7_200_000, 28_800_000];
/// Units of the last error in a mail.
const ERROR_MAX: usize = 500;

/// What became of a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HookNews {
    /// Its deliveries keep failing.
    Failing,
    /// It was disabled.
    Disabled,
    /// Its deliveries arrive again.
    Recovered,
}

/// What is known of it. All of it may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HookDetail {
    /// The event whose delivery was tried last.
    pub event: Option<String>,
    /// Since when deliveries failed.
    pub failing_since: Option<Timestamp>,
    /// What was wrong with the last try, or why the hook was disabled.
    pub error: Option<String>,
    /// When it is tried again.
    pub next_try_at: Option<Timestamp>,
    /// When it will be disabled if nothing gets through.
    pub disabled_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Payload {
    hook_id: String,
    what: HookNews,
    #[serde(default)]
    detail: HookDetail,
    at: Timestamp,
}

/// Payload of a [`TELL_OWNER_JOB`]; its tenant is the hook. `at` is now.
#[must_use]
pub fn tell_owner_job(hook_id: &str, what: HookNews, detail: &HookDetail, at: Timestamp) -> Value {
    json!({ "hook_id": hook_id, "what": what, "detail": detail, "at": at })
}

/// Carries out [`TELL_OWNER_JOB`]s.
pub struct TellOwner {
    cx: Context,
    mailer: Option<Mailer>,
}

impl TellOwner {
    /// A handler that sends through the server's mail settings.
    #[must_use]
    pub fn new(cx: Context) -> Self {
        Self { mailer: Mailer::of(&cx), cx }
    }

    async fn tell(&self, mailer: &Mailer, job: &Job, news: &Payload) -> Result<Verdict> {
        let Some(letter) = self.letter(mailer, job, news).await? else { return Ok(Verdict::Done) };
        let mail = letter.compose().map_err(context::Error::internal)?;
        Ok(match mailer.send(&letter.to, &mail.bytes).await {
            Posted::Taken { .. } => Verdict::Done,
            Posted::Refused { code, answer, .. } if code >= 500 => {
                tracing::warn!(hook = news.hook_id, code, answer, "the mail server refused a mail to owners");
                Verdict::Done
            }
            other => {
                tracing::warn!(hook = news.hook_id, how = ?other, "a mail to owners did not go out");
                self.later(job)
            }
        })
    }

    fn later(&self, job: &Job) -> Verdict {
        let wait = usize::try_from(job.tries - 1).ok().and_then(|before| WAITS_MS.get(before));
        wait.map_or(Verdict::Done, |wait| Verdict::Again(self.cx.now().plus_millis(*wait)))
    }

    /// The mail; none when the hook or everybody to tell is gone.
    async fn letter(&self, mailer: &Mailer, job: &Job, news: &Payload) -> Result<Option<Letter>> {
        let mut conn = self.cx.read().await?;
        let Some(hook) = store::hooks::find(&mut conn, &news.hook_id).await? else { return Ok(None) };
        let Some(site) = store::sites::find(&mut conn, &hook.site_id).await? else { return Ok(None) };
        let members = store::users::members(&mut conn, &site.account_id).await?;
        drop(conn);
        let owners = members.iter().filter(|member| member.role == Role::Owner);
        let to: Vec<Address> =
            owners.filter_map(|owner| address(&owner.email).ok()).take(OWNERS_MAX).collect();
        if to.is_empty() {
            return Ok(None);
        }
        let page = format!("{}/hooks/{}", self.cx.addresses().admin_url(&site.name), hook.id);
        let notice = notice(&site, &hook, news, &page);
        let why = format!("You own the account of the site {}.", site.name);
        Ok(Some(Letter {
            from: mailer.from.clone(),
            to,
            reply_to: None,
            subject: notice.headline.plain(),
            event: event(news.what).to_owned(),
            id: format!("{TELL_OWNER_JOB}-{}", job.id),
            thread: Some(format!("hook-{}", hook.id)),
            why: Why { sentence: why, link: page },
            at: news.at,
            notice,
        }))
    }
}

impl Handler for TellOwner {
    fn kind(&self) -> &'static str {
        TELL_OWNER_JOB
    }

    fn limits(&self) -> Limits {
        Limits { total: IN_FLIGHT, per_tenant: 1, lease: LEASE }
    }

    fn run<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Verdict> {
        async move {
            let Some(mailer) = &self.mailer else { return Verdict::Done };
            let Ok(news) = serde_json::from_value(job.payload.clone()) else {
                tracing::error!(job = job.id, "a job that names no hook is dropped");
                return Verdict::Done;
            };
            self.tell(mailer, job, &news).await.unwrap_or_else(|error| {
                tracing::error!(job = job.id, cause = ?error, "a mail to owners could not be written");
                self.later(job)
            })
        }
        .boxed()
    }
}

/// The event of the catalogue.
fn event(what: HookNews) -> &'static str {
    match what {
        HookNews::Failing => "hook_failing",
        HookNews::Disabled => "hook_disabled",
        HookNews::Recovered => "hook_recovered",
    }
}

fn notice(site: &SiteRow, hook: &HookRow, news: &Payload, page: &str) -> Notice {
    let about = |verb: &str| Line::of("A hook of ").strong(&site.name).plain_text(verb);
    let (severity, headline, title) = match news.what {
        HookNews::Failing => (Severity::Bad, about(" keeps failing"), "See its deliveries"),
        HookNews::Disabled => (Severity::Bad, about(" was disabled"), "Enable it, and send what it missed"),
        HookNews::Recovered => (Severity::Good, about(" works again"), "See its deliveries"),
    };
    let mut notice = Notice::new(severity, headline).leading(title, Some(page)).saying(Line::of(&next(news)));
    let detail = &news.detail;
    let since =
        detail.failing_since.map(|since| format!("{}, for {}", minute(since), lasted(since, news.at)));
    let error = detail.error.as_ref().map(|error| cut(error, ERROR_MAX));
    for (title, value) in [
        ("Hook", Some(format!("{} ({})", hook.id, receiver(hook)))),
        ("Listens to", Some(hook.events.join(", "))),
        ("Last event", detail.event.clone()),
        ("Failing since", since),
        ("Last error", error),
        ("Next try", detail.next_try_at.map(minute)),
    ] {
        if let Some(value) = value {
            notice = notice.with_field(title, Line::of(&value));
        }
    }
    notice.at = Some(news.at);
    notice
}

/// What happens next.
fn next(news: &Payload) -> String {
    match (news.what, news.detail.disabled_at) {
        (HookNews::Failing, Some(at)) => {
            format!("Its deliveries are tried again. If none gets through, it will be disabled on {}.", minute(at))
        }
        (HookNews::Failing, None) => {
            "Its deliveries are tried again. If none gets through, it will be disabled.".to_owned()
        }
        (HookNews::Disabled, _) => {
            "Nothing is sent to it any more. What it misses is kept, and can be sent once it is enabled again."
                .to_owned()
        }
        (HookNews::Recovered, _) => "Its deliveries arrive. There is nothing to do.".to_owned(),
    }
}

/// The target, and the host it is on: an address may hold secrets.
fn receiver(hook: &HookRow) -> String {
    let url = hook.data.get("url").and_then(Value::as_str).and_then(|text| url::Url::parse(text).ok());
    match url.as_ref().and_then(url::Url::host_str) {
        Some(host) => format!("{} to {host}", hook.kind),
        None => hook.kind.clone(),
    }
}

/// A span of time in its largest unit.
fn lasted(since: Timestamp, until: Timestamp) -> String {
    let minutes = (until.0 - since.0).max(0) / 60_000;
    let (count, unit) = match minutes {
        0..120 => (minutes, "minute"),
        120..2880 => (minutes / 60, "hour"),
        _ => (minutes / 1440, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_in_their_largest_unit() {
        for (minutes, expect) in [
            (0, "0 minutes"),
            (1, "1 minute"),
            (119, "119 minutes"),
            (120, "2 hours"),
            (2879, "47 hours"),
            (2880, "2 days"),
            (-5, "0 minutes"),
        ] {
            assert_eq!(lasted(Timestamp(0), Timestamp(minutes * 60_000)), expect);
        }
        assert_eq!(minute(Timestamp(1_767_323_045_678)), "2026-01-02 03:04 UTC");
    }
}
