//! The jobs that one runner has in hand. Each turn is one transaction: what is finished is written
//! down, and free places are filled, so that a burst costs few commits.

use crate::{Handler, Job, Runner, Verdict};
use futures_util::FutureExt as _;
use model::Timestamp;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use store::Tx;
use store::jobs::{Claim, JobRow};
use tokio::task::JoinSet;

/// Most jobs of one kind that one turn takes.
const CLAIM_MAX: usize = 64;
/// Wait after a job's first panic; it doubles with each try.
const PANIC_WAIT_MIN: Duration = Duration::from_secs(5);
/// Longest wait after a panic.
const PANIC_WAIT_MAX: Duration = Duration::from_secs(3600);

/// What a turn brought.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Turn {
    /// Jobs begun.
    pub(crate) claimed: usize,
    /// Whether places are free and jobs are likely to wait for them.
    pub(crate) more: bool,
}

struct Finished {
    id: String,
    verdict: Verdict,
}

pub(crate) struct Desk<'a> {
    runner: &'a Runner,
    tasks: JoinSet<Finished>,
    /// Jobs that run, or whose verdict is not yet written down, with their handler.
    held: HashMap<String, Arc<dyn Handler>>,
    finished: Vec<Finished>,
}

impl<'a> Desk<'a> {
    pub(crate) fn new(runner: &'a Runner) -> Self {
        Self { runner, tasks: JoinSet::new(), held: HashMap::new(), finished: Vec::new() }
    }

    /// Whether anything runs or waits to be written down.
    pub(crate) fn busy(&self) -> bool {
        !self.held.is_empty()
    }

    /// Writes verdicts down and fills free places. On an error nothing of it happened, and the next
    /// turn does it.
    pub(crate) async fn turn(&mut self) -> context::Result<Turn> {
        let free = self.due(self.free()).await?;
        if self.finished.is_empty() && free.is_empty() {
            return Ok(Turn::default());
        }
        let mut tx = self.runner.cx.begin().await?;
        self.write_verdicts(&mut tx).await?;
        let mut turn = Turn::default();
        let mut begun = Vec::new();
        for (handler, places) in free {
            let rows = self.claim(&mut tx, &*handler, places.min(CLAIM_MAX)).await?;
            turn.claimed += rows.len();
            turn.more |= rows.len() == CLAIM_MAX && places > CLAIM_MAX;
            begun.extend(rows.into_iter().map(|row| (Arc::clone(&handler), row)));
        }
        tx.commit().await?;
        self.forget_finished();
        for (handler, row) in begun {
            self.begin(handler, row);
        }
        Ok(turn)
    }

    /// Handlers with free places, and how many.
    fn free(&self) -> Vec<(Arc<dyn Handler>, usize)> {
        let runs = |kind: &str| {
            let done = |id: &String| self.finished.iter().any(|finished| finished.id == *id);
            self.held.iter().filter(|(id, handler)| handler.kind() == kind && !done(id)).count()
        };
        let places = |handler: &Arc<dyn Handler>| handler.limits().total.saturating_sub(runs(handler.kind()));
        let handlers = self.runner.handlers.iter();
        handlers.map(|handler| (Arc::clone(handler), places(handler))).filter(|(_, free)| *free > 0).collect()
    }

    /// Those of whose kind something is due, or was finished: a verdict may make more of that kind due.
    /// A claim looks at every tenant of its kind, which is much more than to see that there is none.
    async fn due(
        &self,
        free: Vec<(Arc<dyn Handler>, usize)>,
    ) -> context::Result<Vec<(Arc<dyn Handler>, usize)>> {
        let finished = |kind: &str| {
            let handlers = self.finished.iter().filter_map(|finished| self.held.get(&finished.id));
            handlers.into_iter().any(|handler| handler.kind() == kind)
        };
        let mut conn = self.runner.cx.read().await?;
        let mut due = Vec::with_capacity(free.len());
        for (handler, places) in free {
            let kind = handler.kind();
            if finished(kind) || store::jobs::any_due(&mut conn, kind, self.runner.cx.now()).await? {
                due.push((handler, places));
            }
        }
        Ok(due)
    }

    async fn claim(&self, tx: &mut Tx, handler: &dyn Handler, most: usize) -> context::Result<Vec<JobRow>> {
        let limits = handler.limits();
        let now = self.runner.cx.now();
        let claim = Claim {
            kind: handler.kind(),
            worker: &self.runner.worker,
            most: i64::try_from(most).unwrap_or(i64::MAX),
            per_tenant: i64::try_from(limits.per_tenant).unwrap_or(i64::MAX),
            per_owner: handler.per_owner().map(|most| i64::try_from(most).unwrap_or(i64::MAX)),
            now,
            lease_until: after(now, limits.lease),
        };
        Ok(store::jobs::claim(tx, &claim).await?)
    }

    async fn write_verdicts(&self, tx: &mut Tx) -> context::Result<()> {
        let worker = &self.runner.worker;
        for Finished { id, verdict } in &self.finished {
            let ours = match verdict {
                Verdict::Done => store::jobs::done(tx, id, worker).await?,
                Verdict::Again(at) => store::jobs::again(tx, id, worker, *at).await?,
            };
            if !ours {
                tracing::debug!(job = id, "finished a job that was cancelled or given away meanwhile");
            }
        }
        Ok(())
    }

    fn forget_finished(&mut self) {
        for Finished { id, .. } in self.finished.drain(..) {
            self.held.remove(&id);
        }
    }

    fn begin(&mut self, handler: Arc<dyn Handler>, row: JobRow) {
        let JobRow { id, kind, tenant, payload, tries } = row;
        self.held.insert(id.clone(), Arc::clone(&handler));
        let job = Job { id, kind, tenant, payload, tries };
        let cx = self.runner.cx.clone();
        self.tasks.spawn(async move {
            let run = AssertUnwindSafe(async { handler.run(&job).await }).catch_unwind().await;
            let verdict = run.unwrap_or_else(|_| after_panic(&job, cx.now()));
            Finished { id: job.id, verdict }
        });
    }

    /// Waits until something is finished, and collects everything that is.
    pub(crate) async fn finished(&mut self) {
        let first = self.tasks.join_next().await;
        self.finished.extend(first.and_then(Result::ok));
        while let Some(done) = self.tasks.try_join_next() {
            self.finished.extend(done);
        }
    }

    /// Prolongs the leases of everything in hand.
    pub(crate) async fn renew(&self) -> context::Result<()> {
        if self.held.is_empty() {
            return Ok(());
        }
        let now = self.runner.cx.now();
        let mut tx = self.runner.cx.begin().await?;
        for (id, handler) in &self.held {
            let until = after(now, handler.limits().lease);
            store::jobs::renew(&mut tx, id, &self.runner.worker, until).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Waits up to `patience` for what runs, writes it down and gives the rest back.
    pub(crate) async fn close(mut self, patience: Duration) {
        let drain = async {
            while !self.tasks.is_empty() {
                self.finished().await;
            }
        };
        let in_time = tokio::time::timeout(patience, drain).await.is_ok();
        self.tasks.shutdown().await;
        let closed = async {
            let mut tx = self.runner.cx.begin().await?;
            self.write_verdicts(&mut tx).await?;
            tx.commit().await?;
            self.runner.release(&self.runner.worker).await
        };
        if let Err(error) = closed.await {
            tracing::error!(%error, "jobs cannot be given back; their leases will end by themselves");
        }
        tracing::info!(in_time, "job runner stopped");
    }
}

fn after(now: Timestamp, wait: Duration) -> Timestamp {
    now.plus_millis(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX))
}

fn after_panic(job: &Job, now: Timestamp) -> Verdict {
    let wait = panic_wait(job.tries);
    tracing::error!(job = job.id, kind = job.kind, tries = job.tries, "job handler panicked");
    Verdict::Again(after(now, wait))
}

/// The wait after a panic in the given try, counted from 1.
pub(crate) fn panic_wait(tries: i64) -> Duration {
    let doublings = u32::try_from(tries.clamp(1, 20) - 1).unwrap_or(0);
    PANIC_WAIT_MIN.saturating_mul(1 << doublings).min(PANIC_WAIT_MAX)
}
