//! A call of a build hook's URL: who may call, whether it counts, and what comes of it. All that is
//! written of it is written in one transaction.

use super::calls::{self as log, outcome};
use super::setup::url;
use super::verify::verified;
use super::{debounce, filter, options};
use crate::start::{check, start_in};
use crate::{Cause, Incoming};
use context::{Context, Error, Result};
use model::{BuildHookOptions, Cidr, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use std::net::IpAddr;
use store::Tx;
use store::build_hook_calls::{self as calls, CallRow};
use store::build_hooks::{self, BuildHookRow};
use store::sites::{self, SiteRow};

pub use super::verify::Credentials;

/// What `encodeURIComponent` escapes, and the few more that RFC 3986 reserves.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// Milliseconds over which calls are counted.
const MINUTE_MS: i64 = 60_000;
/// Calls that count against a hook's rate; those that were refused do not, or strangers could use
/// it up.
const COUNTED: &str = "started debounced merged filtered repeated dry_run";

/// What a call of a build hook says. Empty texts count as absent.
#[derive(Clone, Debug, Default)]
pub struct Trigger {
    /// `trigger_branch`: branch to build instead of the hook's.
    pub branch: Option<String>,
    /// `trigger_title`: title of the deploy instead of the default.
    pub title: Option<String>,
    /// `clear_cache=true`.
    pub clear_cache: bool,
    /// `dry_run=true`: say what would happen, and let nothing happen.
    pub dry_run: bool,
    /// The body, whatever it is.
    pub body: Vec<u8>,
    /// Every parameter of the query, for the log.
    pub query: Vec<(String, String)>,
    /// Where it came from.
    pub address: Option<IpAddr>,
    /// What the caller says it is.
    pub user_agent: Option<String>,
    /// How it shows that it may call.
    pub credentials: Credentials,
}

/// What came of a call that was not refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Called {
    /// The call, by which its status can be asked for.
    pub id: String,
    /// A word of [`model::BuildHookCall::outcome`]; of a dry run, what it would have been.
    pub outcome: &'static str,
    /// Why it does not count.
    pub reason: Option<String>,
    /// Branch to build; empty for the production branch.
    pub branch: String,
    /// Title of the deploy.
    pub title: String,
    /// The build it started, or that an earlier call with the same message led to.
    pub build_id: Option<String>,
    /// The deploy of that.
    pub deploy_id: Option<String>,
    /// When the build starts that it waits for.
    pub due: Option<Timestamp>,
    /// The build of earlier calls that waits for a place already.
    pub queued_build: Option<String>,
    pending_id: Option<String>,
}

/// Takes a call of the URL that ends with `key`: it starts a build, or joins those that wait to
/// become one, or does not count.
///
/// # Errors
/// `NotFound` when there is no such hook; `Forbidden` for an address that is not on the hook's list,
/// `Unauthorized` for a caller that does not show what the hook asks for, `TooMany` beyond its rate;
/// `Unprocessable` and the rest as [`crate::start`] says, also for a site without a repository.
pub async fn trigger(cx: &Context, key: &str, call: Trigger) -> Result<Called> {
    let visit = Visit::open(cx, key, call).await?;
    let taken = visit.take().await;
    if let Err(error) = &taken {
        visit.note_refusal(error).await?;
    }
    taken
}

struct Visit<'a> {
    cx: &'a Context,
    hook: BuildHookRow,
    former: bool,
    options: BuildHookOptions,
    call: Trigger,
    cause: Cause,
    now: Timestamp,
}

impl<'a> Visit<'a> {
    async fn open(cx: &'a Context, key: &str, call: Trigger) -> Result<Self> {
        let now = cx.now();
        let named = build_hooks::by_key(&mut cx.read().await?, key, now).await?.ok_or(Error::NotFound)?;
        let options = options::kept(&named.hook)?;
        let mut cause = cause(&named.hook, url(cx, key), &call);
        cause.clear_cache |= options.clear_cache == Some(true);
        Ok(Self { cx, hook: named.hook, former: named.former, options, call, cause, now })
    }

    async fn take(&self) -> Result<Called> {
        self.admit()?;
        let message = self.known()?;
        let mut tx = self.cx.begin().await?;
        // the site before the hook, as everybody else locks them
        let site = sites::lock_row(&mut tx, &self.hook.site_id).await?.ok_or(Error::NotFound)?;
        let number = calls::next_number(&mut tx, &self.hook.id).await?.ok_or(Error::NotFound)?;
        self.pace(&mut tx).await?;
        let called = self.judged(&mut tx, &site, message.as_deref()).await?;
        if !self.call.dry_run {
            self.write(&mut tx, number, &called).await?;
            tx.commit().await?;
            return Ok(called);
        }
        drop(tx);
        self.note(outcome::DRY_RUN, Some(called.outcome.to_owned())).await?;
        Ok(called)
    }

    /// Whether the address is on the hook's list.
    fn admit(&self) -> Result<()> {
        let allow = &self.options.allow;
        let holds =
            |block: &String, address| block.parse::<Cidr>().is_ok_and(|block| block.contains(address));
        let listed = |address| allow.iter().any(|block| holds(block, address));
        if allow.is_empty() || self.call.address.is_some_and(listed) {
            return Ok(());
        }
        Err(Error::Forbidden("this address may not call the build hook".to_owned()))
    }

    /// Whether the caller shows what the hook asks for; the id of its message, if it has one.
    fn known(&self) -> Result<Option<String>> {
        let Some(verify) = &self.options.verify else { return Ok(None) };
        let secret = options::secret(self.cx, &self.hook.id, verify)?;
        let Trigger { credentials, body, .. } = &self.call;
        verified(verify.kind, &secret, credentials, body, self.now).map_err(Error::Unauthorized)
    }

    /// Whether the hook takes another call this minute.
    async fn pace(&self, tx: &mut Tx) -> Result<()> {
        let Some(most) = self.options.per_minute else { return Ok(()) };
        let (calls, first) =
            calls::since(tx, &self.hook.id, self.now.plus_millis(-MINUTE_MS), COUNTED).await?;
        if calls < most {
            return Ok(());
        }
        let wait = first.map_or(MINUTE_MS, |first| first.0 + MINUTE_MS - self.now.0);
        Err(Error::TooMany { retry_after: u64::try_from((wait + 999) / 1000).unwrap_or(1) })
    }

    /// What comes of a call that may be made.
    async fn judged(&self, tx: &mut Tx, site: &SiteRow, message: Option<&str>) -> Result<Called> {
        let called = Called {
            id: self.cx.id(),
            branch: self.cause.branch.clone().unwrap_or_default(),
            title: self.cause.title.clone().unwrap_or_default(),
            ..Called::default()
        };
        if let Some(reason) = filter::unmet(&self.options.filter, &self.call.body) {
            return Ok(Called { outcome: outcome::FILTERED, reason: Some(reason), ..called });
        }
        if let Some(message) = message {
            let first = calls::first_of_message(tx, &self.hook.id, message, &called.id, self.now).await?;
            if let Some(first) = first {
                return repeated(tx, &first, called).await;
            }
        }
        self.carried_out(tx, site, called).await
    }

    async fn carried_out(&self, tx: &mut Tx, site: &SiteRow, called: Called) -> Result<Called> {
        let mut cause = self.cause.clone();
        let Some(windows) = options::windows(&self.options) else {
            let (build, deploy) = start_in(tx, self.cx, site, cause).await?;
            let (build_id, deploy_id) = (Some(build.id), Some(deploy.id));
            return Ok(Called { outcome: outcome::STARTED, build_id, deploy_id, ..called });
        };
        check(site, &cause)?;
        let (pending, merged) = debounce::join(tx, self.cx, &self.hook, windows, &mut cause).await?;
        let outcome = if merged { outcome::MERGED } else { outcome::DEBOUNCED };
        let queued_build = calls::queued_build(tx, &self.hook.id, &called.branch).await?;
        let (due, pending_id) = (Some(pending.due), Some(pending.id));
        Ok(Called { outcome, due, pending_id, queued_build, ..called })
    }

    async fn write(&self, tx: &mut Tx, number: i64, called: &Called) -> Result<()> {
        let request = log::request(&self.call, self.former);
        let row = CallRow {
            id: called.id.clone(),
            hook_id: self.hook.id.clone(),
            number,
            at: self.now,
            outcome: called.outcome.to_owned(),
            reason: called.reason.clone(),
            branch: called.branch.clone(),
            pending_id: called.pending_id.clone(),
            build_id: called.build_id.clone(),
            deploy_id: called.deploy_id.clone(),
            request: serde_json::to_value(request).map_err(Error::internal)?,
        };
        Ok(calls::insert(tx, &row, log::CALLS_KEPT).await?)
    }

    /// Lists a call that changed nothing.
    async fn note(&self, outcome: &'static str, reason: Option<String>) -> Result<()> {
        let mut tx = self.cx.begin().await?;
        let Some(number) = calls::next_number(&mut tx, &self.hook.id).await? else { return Ok(()) };
        let branch = self.cause.branch.clone().unwrap_or_default();
        let noted = Called { id: self.cx.id(), outcome, reason, branch, ..Called::default() };
        self.write(&mut tx, number, &noted).await?;
        Ok(tx.commit().await?)
    }

    async fn note_refusal(&self, error: &Error) -> Result<()> {
        let reason = match error {
            Error::NotFound | Error::Internal(_) => return Ok(()),
            Error::TooMany { .. } => "too much waits already".to_owned(),
            Error::Unauthorized(why) => (*why).to_owned(),
            error => error.to_string(),
        };
        let since = self.now.plus_millis(-MINUTE_MS);
        let mut db = self.cx.read().await?;
        let (listed, _) = calls::since(&mut db, &self.hook.id, since, "refused rate_limited").await?;
        let (counted, _) = calls::since(&mut db, &self.hook.id, since, COUNTED).await?;
        drop(db);
        if listed >= log::REFUSALS_LISTED {
            return Ok(());
        }
        let too_often = self.options.per_minute.is_some_and(|most| counted >= most);
        if too_often && matches!(error, Error::TooMany { .. }) {
            return self.note(outcome::RATE_LIMITED, None).await;
        }
        self.note(outcome::REFUSED, Some(reason)).await
    }
}

/// A signed message that came before: its sender did not hear the answer, or somebody plays it
/// again. Either way it leads to what the first one led to.
async fn repeated(tx: &mut Tx, first: &str, called: Called) -> Result<Called> {
    let first = calls::find(tx, first).await?;
    let (build_id, deploy_id, pending_id) =
        first.map_or((None, None, None), |first| (first.build_id, first.deploy_id, first.pending_id));
    let reason = Some("this message came before".to_owned());
    Ok(Called { outcome: outcome::REPEATED, reason, build_id, deploy_id, pending_id, ..called })
}

fn cause(hook: &BuildHookRow, url: String, call: &Trigger) -> Cause {
    let given = |text: Option<&str>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let title =
        given(call.title.as_deref()).unwrap_or_else(|| format!("Deploy triggered by hook: {}", hook.title));
    Cause {
        branch: given(call.branch.as_deref()).or_else(|| given(Some(&hook.branch))),
        title: Some(shortened(&title)),
        clear_cache: call.clear_cache,
        hook: Some(Incoming {
            title: hook.title.clone(),
            url,
            body: percent_encode(&call.body, ESCAPED).to_string(),
        }),
        ..Cause::default()
    }
}

/// A long title is no reason to lose a build that a program asked for.
fn shortened(title: &str) -> String {
    title.chars().take(super::TITLE_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(hook_branch: &str, call: &Trigger, branch: Option<&str>, title: &str) {
        let hook = BuildHookRow {
            id: "h".into(),
            secret: None,
            site_id: "s".into(),
            title: "Daily cron".into(),
            branch: hook_branch.into(),
            options: serde_json::json!({}),
            created_at: Timestamp(0),
        };
        let cause = cause(&hook, "http://x/build_hooks/h".into(), call);
        assert_eq!((cause.branch.as_deref(), cause.title.as_deref()), (branch, Some(title)));
    }

    #[test]
    fn a_call_overrides_what_the_hook_says() {
        let call = |branch: Option<&str>, title: Option<&str>| Trigger {
            branch: branch.map(Into::into),
            title: title.map(Into::into),
            ..Trigger::default()
        };
        let default = "Deploy triggered by hook: Daily cron";
        check("", &call(None, None), None, default);
        check("feat", &call(None, Some("")), Some("feat"), default);
        check("feat", &call(Some("fix"), Some("Nightly")), Some("fix"), "Nightly");
        check("feat", &call(Some(" "), None), Some("feat"), default);
        check("", &call(None, Some(&"t".repeat(900))), None, &"t".repeat(super::super::TITLE_MAX));
    }

    #[test]
    fn bodies_are_percent_encoded() {
        for (body, expect) in [
            (&b""[..], ""),
            (b"{\"a\": 1}", "%7B%22a%22%3A%201%7D"),
            (b"a=b&c=d+e", "a%3Db%26c%3Dd%2Be"),
            ("ä-_.~".as_bytes(), "%C3%A4-_.~"),
            (b"\xff\0", "%FF%00"),
        ] {
            assert_eq!(percent_encode(body, ESCAPED).to_string(), expect);
        }
    }
}
