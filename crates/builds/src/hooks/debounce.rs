//! Calls that wait to become one build. For each branch of a hook there is one row with what the
//! newest call said, and one job that looks when it is due: each call only moves the time in the
//! row. Both outlive the process, so a restart loses nothing.

use crate::Cause;
use crate::start::start_in;
use context::{Context, Error, Result};
use futures_util::future::BoxFuture;
use jobs::{Handler, Job, Limits, Verdict};
use serde_json::json;
use std::time::Duration;
use store::build_hook_pending::{self as pending, PendingRow};
use store::build_hooks::{self, BuildHookRow};
use store::jobs::NewJob;
use store::sites::{self, SiteRow};
use store::{Tx, build_hook_calls as calls, jobs as queue};

/// Kind of the jobs that start builds of calls that waited.
pub const BUILD_HOOK_JOB: &str = "build_hook";
/// Branches of one hook for which calls may wait at once.
pub const PENDING_MAX: i64 = 20;
/// Seconds after which a caller may try again when calls wait for too many.
const RETRY_AFTER: u64 = 60;
/// How long a node that fell silent keeps such a job.
const LEASE: Duration = Duration::from_secs(30);
/// Such jobs at once: each is one transaction.
const AT_ONCE: usize = 4;
/// How long a job rests when the database fails under it.
const REST_MILLIS: i64 = 5_000;

/// Adds a call to those that wait for its branch, or lets it be the first; whether it was not.
///
/// # Errors
/// `TooMany` when calls wait for [`PENDING_MAX`] other branches of the hook.
pub(super) async fn join(
    tx: &mut Tx,
    cx: &Context,
    hook: &BuildHookRow,
    (window, most): (i64, i64),
    cause: &mut Cause,
) -> Result<(PendingRow, bool)> {
    let now = cx.now();
    let branch = cause.branch.clone().unwrap_or_default();
    if let Some(mut waiting) = pending::of_branch(tx, &hook.id, &branch).await? {
        // one that asked for a clean build is not overruled by one that did not
        cause.clear_cache |= waiting.cause["clear_cache"] == true;
        waiting.due = now.plus_millis(window).min(waiting.first_at.plus_millis(most));
        waiting.calls += 1;
        waiting.cause = serde_json::to_value(&*cause).map_err(Error::internal)?;
        pending::put(tx, &waiting).await?;
        return Ok((waiting, true));
    }
    if pending::count(tx, &hook.id).await? >= PENDING_MAX {
        return Err(Error::TooMany { retry_after: RETRY_AFTER });
    }
    let first = PendingRow {
        id: cx.id(),
        hook_id: hook.id.clone(),
        branch,
        first_at: now,
        due: now.plus_millis(window.min(most)),
        calls: 1,
        cause: serde_json::to_value(&*cause).map_err(Error::internal)?,
    };
    pending::put(tx, &first).await?;
    leave_job(tx, cx, &first, &hook.site_id).await?;
    Ok((first, false))
}

async fn leave_job(tx: &mut Tx, cx: &Context, first: &PendingRow, site_id: &str) -> Result<()> {
    let (id, payload) = (cx.id(), json!({ "pending": first.id }));
    let (run_at, now) = (first.due, first.first_at);
    let job = NewJob { id: &id, kind: BUILD_HOOK_JOB, tenant: site_id, payload: &payload, run_at, now };
    Ok(queue::insert(tx, &job).await?)
}

/// Starts the builds of calls that waited.
pub struct BuildHookHandler {
    cx: Context,
}

impl BuildHookHandler {
    /// A handler over this context.
    #[must_use]
    pub fn new(cx: Context) -> Self {
        Self { cx }
    }

    /// Starts the build that calls wait for, once it is due.
    async fn start(&self, id: &str) -> Result<Verdict> {
        let mut tx = self.cx.begin().await?;
        let Some((site, waiting)) = opened(&mut tx, id).await? else { return Ok(Verdict::Done) };
        if waiting.due > self.cx.now() {
            return Ok(Verdict::Again(waiting.due));
        }
        let cause: Cause = serde_json::from_value(waiting.cause.clone()).map_err(Error::internal)?;
        match start_in(&mut tx, &self.cx, &site, cause).await {
            Ok((build, deploy)) => {
                pending::remove(&mut tx, id).await?;
                calls::settle(&mut tx, id, Some((&build.id, &deploy.id)), None).await?;
                tx.commit().await?;
                Ok(Verdict::Done)
            }
            // they go on waiting, and whoever calls meanwhile with them
            Err(Error::TooMany { retry_after }) => {
                let seconds = i64::try_from(retry_after).unwrap_or(i64::MAX / 1000);
                Ok(Verdict::Again(self.cx.now().plus_millis(seconds * 1000)))
            }
            Err(Error::Internal(cause)) => Err(Error::Internal(cause)),
            Err(refusal) => {
                drop(tx);
                self.give_up(&waiting, &refusal.to_string()).await
            }
        }
    }

    /// Ends the waiting for a build that nothing can start: the site has no repository any more, say.
    async fn give_up(&self, seen: &PendingRow, why: &str) -> Result<Verdict> {
        let mut tx = self.cx.begin().await?;
        match opened(&mut tx, &seen.id).await? {
            // a call that came in between was let through: perhaps it works by now
            Some((_, waiting)) if waiting.calls != seen.calls => return Ok(Verdict::Again(self.cx.now())),
            Some(_) => {}
            None => return Ok(Verdict::Done),
        }
        pending::remove(&mut tx, &seen.id).await?;
        calls::settle(&mut tx, &seen.id, None, Some(why)).await?;
        tx.commit().await?;
        Ok(Verdict::Done)
    }
}

/// What waits, and its site; both are locked, in the order in which calls lock them.
async fn opened(tx: &mut Tx, id: &str) -> Result<Option<(SiteRow, PendingRow)>> {
    let Some(waiting) = pending::find(tx, id).await? else { return Ok(None) };
    let Some(hook) = build_hooks::find(tx, &waiting.hook_id).await? else { return Ok(None) };
    let Some(site) = sites::lock_row(tx, &hook.site_id).await? else { return Ok(None) };
    Ok(pending::locked(tx, id).await?.map(|waiting| (site, waiting)))
}

impl Handler for BuildHookHandler {
    fn kind(&self) -> &'static str {
        BUILD_HOOK_JOB
    }

    fn limits(&self) -> Limits {
        Limits { total: AT_ONCE, per_tenant: 1, lease: LEASE }
    }

    fn run<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Verdict> {
        Box::pin(async move {
            let Some(id) = job.payload.get("pending").and_then(serde_json::Value::as_str) else {
                tracing::error!(job = job.id, "a job of a build hook names nothing that waits");
                return Verdict::Done;
            };
            self.start(id).await.unwrap_or_else(|error| {
                tracing::error!(%error, cause = ?error, "calls of a build hook cannot become a build now");
                Verdict::Again(self.cx.now().plus_millis(REST_MILLIS))
            })
        })
    }
}
