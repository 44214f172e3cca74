//! The handler of `deliver` jobs: one try of one delivery, and what follows from it.

use crate::outgoing::{Gear, Meaning, Message, Tried};
use crate::schedule::{RETRY_AFTER_MAX, wait_after};
use crate::{secrets, targets, view};
use context::{Context, Result};
use events::{DELIVER_JOB, Event};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use jobs::{Handler, Job, Limits, Verdict};
use model::{Attempt, DeliveryState, Timestamp};
use serde_json::Value;
use std::time::Duration;
use store::Tx;
use store::deliveries::{self, Outcome, Settled, Work};
use store::hooks::HookRow;

/// Tries at once on one node.
pub const IN_FLIGHT: usize = 256;
/// Tries at once for one hook, over all nodes: a slow receiver holds up only itself.
pub const IN_FLIGHT_PER_HOOK: usize = 4;
/// How long a node that fell silent keeps a try.
const LEASE: Duration = Duration::from_secs(60);
/// Rest after the database failed in the middle of a try.
const DATABASE_REST_MS: i64 = 5_000;

/// Carries out deliveries.
pub struct Deliver {
    cx: Context,
    gear: Gear,
}

impl Deliver {
    /// A handler that sends through this client.
    #[must_use]
    pub fn new(cx: Context, client: outbound::Client) -> Self {
        Self { gear: Gear { cx: cx.clone(), client }, cx }
    }

    async fn attempt(&self, delivery_id: &str) -> Result<Verdict> {
        let work = deliveries::work(&mut self.cx.read().await?, delivery_id).await?;
        let Some(work) = work.filter(|work| work.delivery.state == DeliveryState::Waiting) else {
            return Ok(Verdict::Done);
        };
        let now = self.cx.now();
        if let Some(due) = work.delivery.next_try_at.filter(|due| *due > now) {
            return Ok(Verdict::Again(due));
        }
        match &work.hook {
            None => self.stop(&work, DeliveryState::Cancelled).await,
            Some(hook) if hook.disabled => self.stop(&work, DeliveryState::Held).await,
            Some(hook) => {
                let tried = self.try_once(&work, hook).await;
                self.write_down(&work, hook, now, tried).await
            }
        }
    }

    async fn stop(&self, work: &Work, state: DeliveryState) -> Result<Verdict> {
        let mut tx = self.cx.begin().await?;
        let outcome = Outcome { state, due: None, now: self.cx.now() };
        deliveries::stop(&mut tx, &work.delivery.id, &outcome).await?;
        tx.commit().await?;
        Ok(Verdict::Done)
    }

    async fn try_once(&self, work: &Work, hook: &HookRow) -> Tried {
        let Some(target) = targets::named(&hook.kind) else {
            return Tried::unsent("this server no longer knows the hook's type");
        };
        let Ok(secrets) = secrets::open(&self.cx, &hook.id, &hook.sealed) else {
            return Tried::unsent("the hook's secret cannot be opened with this server's key; set it again");
        };
        let message = Message {
            event_id: &work.delivery.event_id,
            event: &work.delivery.event,
            body: &work.body,
            hook,
            secrets: &secrets,
        };
        (target.send)(&self.gear, &message).await
    }

    /// The try, where the delivery stands now, and what it says about the hook: one transaction.
    /// The hook's row comes first, so that transactions about one hook meet there and cannot lock
    /// each other out.
    async fn write_down(&self, work: &Work, hook: &HookRow, at: Timestamp, tried: Tried) -> Result<Verdict> {
        let cx = &self.cx;
        let outcome = outcome(work, tried.meaning, cx.now(), u32::from_be_bytes(cx.random()));
        let mut tx = cx.begin().await?;
        store::hooks::set_success(&mut tx, &hook.id, tried.meaning == Meaning::Delivered).await?;
        if tried.meaning == Meaning::Gone {
            self.disable(&mut tx, work, hook).await?;
        }
        let settled = deliveries::settle(&mut tx, &work.delivery.id, &outcome).await?;
        if let Some(settled) = settled {
            deliveries::insert_attempt(&mut tx, &attempt(cx, work, at, tried, settled)).await?;
        }
        if outcome.state == DeliveryState::Held {
            deliveries::hold(&mut tx, &hook.id).await?;
            store::jobs::cancel(&mut tx, DELIVER_JOB, &hook.id).await?;
        }
        tx.commit().await?;
        let waits = settled.is_some_and(|settled| settled.state == DeliveryState::Waiting);
        Ok(outcome.due.filter(|_| waits).map_or(Verdict::Done, Verdict::Again))
    }

    /// Switches the hook off, once, and says so as an event.
    async fn disable(&self, tx: &mut Tx, work: &Work, hook: &HookRow) -> Result<()> {
        let now = self.cx.now();
        if !store::hooks::set_disabled(tx, &hook.id, true, now).await? {
            return Ok(());
        }
        let row = HookRow { disabled: true, success: Some(false), updated_at: now, ..hook.clone() };
        let event = Event::HookDisabled(Box::new(view::hook(&self.cx, row)?));
        events::record(tx, &self.cx, &work.account_id, &hook.site_id, &event).await.map(|_| ())
    }
}

impl Handler for Deliver {
    fn kind(&self) -> &'static str {
        DELIVER_JOB
    }

    fn limits(&self) -> Limits {
        Limits { total: IN_FLIGHT, per_tenant: IN_FLIGHT_PER_HOOK, lease: LEASE }
    }

    fn run<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Verdict> {
        async move {
            let Some(id) = job.payload.get("delivery").and_then(Value::as_str) else {
                tracing::error!(job = job.id, "a job without a delivery is dropped");
                return Verdict::Done;
            };
            self.attempt(id).await.unwrap_or_else(|error| {
                tracing::error!(delivery = id, cause = ?error, "a try could not be written down and is made again");
                Verdict::Again(self.cx.now().plus_millis(DATABASE_REST_MS))
            })
        }
        .boxed()
    }
}

/// Where a delivery stands after a try that means `meaning`. Pure.
fn outcome(work: &Work, meaning: Meaning, now: Timestamp, chance: u32) -> Outcome {
    let (state, due) = match meaning {
        Meaning::Delivered => (DeliveryState::Delivered, None),
        Meaning::Gone => (DeliveryState::Held, None),
        Meaning::Failed(asked) => {
            let tries = work.delivery.tries + 1 - work.resent_after;
            let asked = asked.unwrap_or_default().min(RETRY_AFTER_MAX);
            match wait_after(tries, chance) {
                Some(wait) => (DeliveryState::Waiting, Some(after(now, wait.max(asked)))),
                None => (DeliveryState::GivenUp, None),
            }
        }
    };
    Outcome { state, due, now }
}

fn after(now: Timestamp, wait: Duration) -> Timestamp {
    now.plus_millis(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX))
}

fn attempt(cx: &Context, work: &Work, at: Timestamp, tried: Tried, settled: Settled) -> Attempt {
    let (error_class, error) = tried.error.map(|(class, text)| (class.to_owned(), text)).unzip();
    Attempt {
        id: cx.id(),
        delivery_id: work.delivery.id.clone(),
        number: settled.tries,
        at,
        duration_ms: tried.duration_ms,
        status: tried.status,
        error_class,
        error,
        request: tried.request,
        response: tried.response,
    }
}
