//! Asking providers how far the instances are that they could not finish at once. Those who call back
//! are asked in vain once more at most.

use crate::instances::{refresh, site_changes};
use crate::provider::{Provider, Said};
use context::{Context, Error, Result};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use jobs::{Handler, Job, Limits, Verdict};
use serde_json::json;
use std::time::Duration;
use store::addon_instances::{self, InstanceRow, InstanceState};
use store::addons::{self, AddonRow};
use store::jobs::NewJob;
use store::{Tx, sites};

/// Kind of the jobs that ask; the tenant is the add-on.
const POLL_JOB: &str = "poll_addon_instance";
/// Asked at once on one node.
const IN_FLIGHT: usize = 16;
/// Asked at once of one add-on.
const IN_FLIGHT_OF_ONE: usize = 4;
/// How long a node that fell silent keeps an instance to ask for.
const LEASE: Duration = Duration::from_secs(60);
/// Wait before the first question; it doubles with each.
pub(crate) const WAIT_MIN_MS: i64 = 5_000;
/// Longest wait between two questions.
pub(crate) const WAIT_MAX_MS: i64 = 300_000;
/// How long a provider may take to finish an instance.
pub(crate) const PATIENCE_MS: i64 = 24 * 3_600_000;

/// Leaves the first question about an instance.
pub(crate) async fn leave(tx: &mut Tx, cx: &Context, addon: &AddonRow, row: &InstanceRow) -> Result<()> {
    let now = cx.now();
    let job = NewJob {
        id: &cx.id(),
        kind: POLL_JOB,
        tenant: &addon.id,
        payload: &json!({ "instance": row.id }),
        run_at: now.plus_millis(WAIT_MIN_MS),
        now,
    };
    Ok(store::jobs::insert(tx, &job).await?)
}

/// Moves an instance that is not finished to where its provider says it is.
pub(crate) fn advance(row: &mut InstanceRow, said: &Said) {
    if row.state == InstanceState::Provisioning
        && let Some(state) = said.state
    {
        row.state = state;
        row.note = said.message.clone().filter(|_| state != InstanceState::Active);
    }
}

/// Asks providers.
pub struct PollHandler {
    cx: Context,
    provider: Provider,
}

impl PollHandler {
    /// A handler that asks providers this way.
    #[must_use]
    pub fn new(cx: Context, provider: Provider) -> Self {
        Self { cx, provider }
    }

    async fn poll(&self, job: &Job) -> Result<Verdict> {
        let cx = &self.cx;
        let id = job.payload["instance"].as_str().unwrap_or_default();
        let mut db = cx.read().await?;
        let Some(row) = waiting(addon_instances::find(&mut db, id).await?) else { return Ok(Verdict::Done) };
        let site = sites::find(&mut db, &row.site_id).await?;
        let addon = addons::find(&mut db, &row.addon_id).await?;
        drop(db);
        let (Some(site), Some(addon)) = (site, addon) else { return Ok(Verdict::Done) };
        match refresh(cx, &self.provider, &site, &addon, &row).await {
            Ok(()) | Err(Error::BadGateway(_) | Error::GatewayTimeout(_) | Error::TooMany { .. }) => {}
            Err(error) => return Err(error),
        }
        let Some(row) = waiting(addon_instances::find(&mut cx.read().await?, id).await?) else {
            return Ok(Verdict::Done);
        };
        let is_busy = row.busy_until.is_some_and(|until| until > cx.now());
        if !is_busy && cx.now() >= row.created_at.plus_millis(PATIENCE_MS) {
            return give_up(cx, row).await;
        }
        Ok(Verdict::Again(cx.now().plus_millis(wait(job.tries))))
    }
}

fn waiting(found: Option<InstanceRow>) -> Option<InstanceRow> {
    found.filter(|row| row.state == InstanceState::Provisioning)
}

/// The wait after the given question, counted from 1.
fn wait(tries: i64) -> i64 {
    let doublings = u32::try_from(tries.clamp(1, 20)).unwrap_or(1);
    WAIT_MIN_MS.saturating_mul(1 << doublings).min(WAIT_MAX_MS)
}

async fn give_up(cx: &Context, mut row: InstanceRow) -> Result<Verdict> {
    row.state = InstanceState::Failed;
    row.note = Some("the provider did not finish it within a day".to_owned());
    row.updated_at = cx.now();
    let mut tx = cx.begin().await?;
    site_changes(&mut tx, cx, &row.site_id).await?;
    addon_instances::settle(&mut tx, &row).await?;
    tx.commit().await?;
    Ok(Verdict::Done)
}

impl Handler for PollHandler {
    fn kind(&self) -> &'static str {
        POLL_JOB
    }

    fn limits(&self) -> Limits {
        Limits { total: IN_FLIGHT, per_tenant: IN_FLIGHT_OF_ONE, lease: LEASE }
    }

    fn run<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Verdict> {
        async move {
            self.poll(job).await.unwrap_or_else(|error| {
                tracing::error!(job = job.id, cause = ?error, "a provider could not be asked");
                Verdict::Again(self.cx.now().plus_millis(WAIT_MAX_MS))
            })
        }
        .boxed()
    }
}
