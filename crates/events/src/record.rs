//! The one way to record an event: beside the change that made it true, in its transaction.

use crate::{Event, Reaction, route};
use context::{Context, Result};
use model::DeliveryState;
use serde_json::{Value, json};
use store::Tx;
use store::deliveries::{self, NewDelivery};
use store::events::{self as ledger, NewEvent};
use store::jobs::{self, NewJob};

/// Kind of the jobs that carry out deliveries.
pub const DELIVER_JOB: &str = "deliver";

/// Payload of a [`DELIVER_JOB`].
#[must_use]
pub fn deliver_job(delivery_id: &str) -> Value {
    json!({ "delivery": delivery_id })
}

/// Appends the event to the ledger and leaves one delivery, with its job, for each hook that cares.
/// The event's id.
///
/// # Errors
/// When the database fails; the caller's transaction is then undone with everything in it.
pub async fn record(
    tx: &mut Tx,
    cx: &Context,
    account_id: &str,
    site_id: &str,
    event: &Event,
) -> Result<String> {
    let facts = event.facts();
    let new = NewEvent {
        id: format!("msg_{}", cx.id()),
        event: event.name().to_owned(),
        account_id: account_id.to_owned(),
        site_id: site_id.to_owned(),
        resource_id: facts.resource_id.to_owned(),
        at: cx.now(),
        body: event.body().map_err(context::Error::internal)?,
    };
    ledger::insert(tx, &new).await?;
    let subscriptions = store::hooks::subscriptions(tx, site_id).await?;
    for reaction in route(facts, &subscriptions) {
        react(tx, cx, &new, &reaction).await?;
    }
    Ok(new.id)
}

async fn react(tx: &mut Tx, cx: &Context, event: &NewEvent, reaction: &Reaction) -> Result<()> {
    let (hook_id, state) = match reaction {
        Reaction::Deliver(hook) => (hook, DeliveryState::Waiting),
        Reaction::Hold(hook) => (hook, DeliveryState::Held),
    };
    let id = cx.id();
    let delivery = NewDelivery {
        id: &id,
        event_id: &event.id,
        event: &event.event,
        hook_id,
        site_id: &event.site_id,
        state,
        now: event.at,
    };
    deliveries::insert(tx, &delivery).await?;
    if state == DeliveryState::Waiting {
        let payload = deliver_job(&id);
        let job = NewJob {
            id: &cx.id(),
            kind: DELIVER_JOB,
            tenant: hook_id,
            payload: &payload,
            run_at: event.at,
            now: event.at,
        };
        jobs::insert(tx, &job).await?;
    }
    Ok(())
}
