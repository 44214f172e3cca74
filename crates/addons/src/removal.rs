//! Telling providers, in the background and again until they agree, that an instance is gone: its site
//! was deleted, it was removed by force, or it should never have been.

use crate::instances::delete_agreed;
use crate::provider::{About, Ask, Operation, Provider};
use context::{Context, Result};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use jobs::{Handler, Job, Limits, Verdict};
use std::time::Duration;
use store::Tx;
use store::addon_instances::InstanceRow;
use store::addon_removals::{self, REMOVAL_JOB, RemovalRow};
use store::addons;
use store::sites::SiteRow;

/// Removals at once on one node.
const IN_FLIGHT: usize = 16;
/// Removals of one add-on at once: its provider may be slow.
const IN_FLIGHT_OF_ONE: usize = 4;
/// How long a node that fell silent keeps a removal.
const LEASE: Duration = Duration::from_secs(60);
/// Waits after tries that failed; then the provider is given up, with a line in the log.
pub(crate) const WAITS_MS: [i64; 9] =
    [60_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 50_400_000, 72_000_000, 86_400_000];

/// Leaves a removal in a transaction of its own.
pub(crate) async fn leave(cx: &Context, site: &SiteRow, row: &InstanceRow, remote_id: String) -> Result<()> {
    let mut tx = cx.begin().await?;
    insert(&mut tx, site, row, remote_id).await?;
    Ok(tx.commit().await?)
}

/// Leaves a removal.
pub(crate) async fn insert(tx: &mut Tx, site: &SiteRow, row: &InstanceRow, remote_id: String) -> Result<()> {
    let removal = RemovalRow {
        id: row.id.clone(),
        addon_id: row.addon_id.clone(),
        site_id: site.id.clone(),
        site_name: site.name.clone(),
        domain: site.info.custom_domain.clone(),
        uuid: row.uuid.clone(),
        remote_id,
    };
    Ok(addon_removals::insert(tx, &removal).await?)
}

/// Carries out removals.
pub struct RemovalHandler {
    cx: Context,
    provider: Provider,
}

impl RemovalHandler {
    /// A handler that asks providers this way.
    #[must_use]
    pub fn new(cx: Context, provider: Provider) -> Self {
        Self { cx, provider }
    }

    async fn remove(&self, removal: &RemovalRow, tries: i64) -> Result<Verdict> {
        let cx = &self.cx;
        let Some(addon) = addons::find(&mut cx.read().await?, &removal.addon_id).await? else {
            return Ok(Verdict::Done);
        };
        let about = About {
            site_id: removal.site_id.clone(),
            site_url: cx.addresses().primary_url(&removal.site_name, removal.domain.as_deref()),
            instance_id: removal.id.clone(),
            uuid: removal.uuid.clone(),
            remote_id: Some(removal.remote_id.clone()),
        };
        let answer = self.provider.ask(cx, &addon, &Ask::of(Operation::Delete, Some(about))).await;
        let wait = usize::try_from(tries - 1).ok().and_then(|before| WAITS_MS.get(before));
        match (answer.and_then(|answer| delete_agreed(&answer)), wait) {
            (Err(_), Some(wait)) => return Ok(Verdict::Again(cx.now().plus_millis(*wait))),
            (Err(error), None) => {
                tracing::warn!(
                    addon = addon.slug,
                    instance = removal.uuid,
                    %error,
                    "a provider was never told that an instance is gone"
                );
            }
            (Ok(()), _) => {}
        }
        let mut tx = cx.begin().await?;
        addon_removals::delete(&mut tx, &removal.id).await?;
        tx.commit().await?;
        Ok(Verdict::Done)
    }

    async fn carry_out(&self, job: &Job) -> Result<Verdict> {
        let id = job.payload["removal"].as_str().unwrap_or_default();
        let found = addon_removals::find(&mut self.cx.read().await?, id).await?;
        match found {
            Some(removal) => self.remove(&removal, job.tries).await,
            None => Ok(Verdict::Done),
        }
    }
}

impl Handler for RemovalHandler {
    fn kind(&self) -> &'static str {
        REMOVAL_JOB
    }

    fn limits(&self) -> Limits {
        Limits { total: IN_FLIGHT, per_tenant: IN_FLIGHT_OF_ONE, lease: LEASE }
    }

    fn run<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Verdict> {
        async move {
            self.carry_out(job).await.unwrap_or_else(|error| {
                tracing::error!(job = job.id, cause = ?error, "a removal could not be looked up");
                Verdict::Again(self.cx.now().plus_millis(WAITS_MS[0]))
            })
        }
        .boxed()
    }
}
