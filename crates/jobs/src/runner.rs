//! The runner as the rest of the program sees it: handlers in, jobs done, until it is told to stop.

use crate::Handler;
use crate::desk::Desk;
use context::{Context, Result};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use store::Engine;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// How often the runner looks without having been woken: for jobs whose time has come, and for
/// those that other nodes left behind.
const POLL: Duration = Duration::from_secs(1);
/// Rest after the database failed.
const DATABASE_REST: Duration = Duration::from_secs(1);
/// How long a stopping runner waits for what it has begun.
const DRAIN: Duration = Duration::from_secs(20);
/// Between renewals when no handler is known.
const RENEW_DEFAULT: Duration = Duration::from_secs(20);

/// Takes jobs of the kinds it has handlers for.
pub struct Runner {
    pub(crate) cx: Context,
    /// Node and a random part: a restarted node is another worker.
    pub(crate) worker: String,
    pub(crate) handlers: Vec<Arc<dyn Handler>>,
}

impl Runner {
    /// A runner without handlers, which does nothing.
    #[must_use]
    pub fn new(cx: Context) -> Self {
        let worker = format!("{}{:016x}", node_prefix(&cx), u64::from_be_bytes(cx.random()));
        Self { cx, worker, handlers: Vec::new() }
    }

    /// Takes jobs of one more kind. A later handler of the same kind takes the place of an earlier.
    #[must_use]
    pub fn with(mut self, handler: impl Handler) -> Self {
        self.handlers.retain(|known| known.kind() != handler.kind());
        self.handlers.push(Arc::new(handler));
        self
    }

    /// Runs until `shutdown`; then takes nothing new, waits a while for what it has begun, and gives
    /// the rest back. Leases that an earlier process of this node left behind end at once.
    pub fn start(self, shutdown: CancellationToken) -> JoinHandle<()> {
        tokio::spawn(async move { self.serve(&shutdown).await })
    }

    /// Runs everything that is due by the context's clock until nothing is; how many runs that were.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn run_due(&self) -> Result<usize> {
        let mut desk = Desk::new(self);
        let mut runs = 0;
        loop {
            let turn = desk.turn().await?;
            runs += turn.claimed;
            if turn.claimed == 0 && !desk.busy() {
                return Ok(runs);
            }
            desk.finished().await;
        }
    }

    async fn serve(&self, shutdown: &CancellationToken) {
        self.take_over(shutdown).await;
        let mut desk = Desk::new(self);
        let mut warned = HashSet::new();
        let mut renewal = tokio::time::interval(self.renew_every());
        renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !shutdown.is_cancelled() {
            match desk.turn().await {
                Ok(turn) if turn.more => continue,
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(%error, cause = ?error, "jobs cannot be claimed");
                    rest(shutdown).await;
                    continue;
                }
            }
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = tokio::time::sleep(POLL) => {}
                () = self.cx.store.jobs_waiting() => {}
                () = desk.finished(), if desk.busy() => {}
                _ = renewal.tick() => self.keep_house(&mut desk, &mut warned).await,
            }
        }
        desk.close(DRAIN).await;
    }

    /// On SQLite the process owns the file, so every lease is a dead process's.
    async fn take_over(&self, shutdown: &CancellationToken) {
        let left_by = match self.cx.store.engine() {
            Engine::Sqlite => String::new(),
            Engine::Postgres => node_prefix(&self.cx),
        };
        while let Err(error) = self.release(&left_by).await {
            tracing::error!(%error, "leases of an earlier process cannot be ended; trying again");
            rest(shutdown).await;
            if shutdown.is_cancelled() {
                return;
            }
        }
    }

    pub(crate) async fn release(&self, worker: &str) -> Result<()> {
        let mut tx = self.cx.begin().await?;
        let freed = store::jobs::release(&mut tx, worker).await?;
        tx.commit().await?;
        if freed > 0 {
            tracing::info!(freed, "jobs given back");
        }
        Ok(())
    }

    fn renew_every(&self) -> Duration {
        self.handlers.iter().map(|handler| handler.limits().lease / 3).min().unwrap_or(RENEW_DEFAULT)
    }

    async fn keep_house(&self, desk: &mut Desk<'_>, warned: &mut HashSet<String>) {
        let kept = async {
            desk.renew().await?;
            self.strangers(warned).await
        };
        if let Err(error) = kept.await {
            tracing::error!(%error, "leases cannot be renewed");
        }
    }

    /// Names, once each, kinds of jobs that this node leaves alone.
    async fn strangers(&self, warned: &mut HashSet<String>) -> Result<()> {
        let kinds = store::jobs::kinds(&mut self.cx.read().await?).await?;
        for kind in kinds {
            if self.handlers.iter().all(|handler| handler.kind() != kind) && warned.insert(kind.clone()) {
                tracing::warn!(kind, "jobs of this kind wait for a node that can run them");
            }
        }
        Ok(())
    }
}

fn node_prefix(cx: &Context) -> String {
    format!("{}#", cx.settings.node)
}

async fn rest(shutdown: &CancellationToken) {
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = tokio::time::sleep(DATABASE_REST) => {}
    }
}
