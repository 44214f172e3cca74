//! One try: what is sent, and what its end means for the delivery.

use super::snapshot::Snapshot;
use crate::outgoing::{Gear, Meaning, Message, Tried};
use crate::schedule::{RETRY_AFTER_MAX, wait_after};
use model::{DeliveryState, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use store::parcels::{Outcome, Parcel, ended, record};

/// Sends a delivery once.
pub(crate) async fn try_once(gear: &Gear, hook: &Snapshot, parcel: &Parcel) -> Tried {
    let Some(target) = hook.target else {
        return Tried::unsent("this server no longer knows the hook's type");
    };
    let Some(secrets) = &hook.secrets else {
        return Tried::unsent("the hook's secret cannot be opened with this server's key; set it again");
    };
    let body = match body(gear, parcel).await {
        Ok(body) => body,
        Err(why) => return Tried::unsent(why),
    };
    let message =
        Message { event_id: &parcel.event_id, event: &parcel.event, body: &body, hook: &hook.row, secrets };
    (target.send)(gear, &message).await
}

async fn body(gear: &Gear, parcel: &Parcel) -> Result<Arc<str>, &'static str> {
    if let Some(body) = &parcel.body {
        return Ok(Arc::clone(body));
    }
    let read = async { store::parcels::body(&mut gear.cx.store.read().await?, &parcel.id).await };
    match read.await {
        Ok(Some(body)) => Ok(Arc::from(body)),
        Ok(None) => Err("the event is no longer in the ledger"),
        Err(error) => {
            tracing::error!(cause = ?error, delivery = parcel.id, "the body of a delivery cannot be read");
            Err("the event could not be read from the ledger")
        }
    }
}

/// Where a delivery stands after a try that ended at `now`. Pure.
pub(crate) fn stands(
    parcel: &Parcel,
    own_schedule: Option<&[u64]>,
    meaning: Meaning,
    now: Timestamp,
    chance: u32,
) -> (DeliveryState, Option<Timestamp>) {
    match meaning {
        Meaning::Delivered => (DeliveryState::Delivered, None),
        Meaning::Gone => (DeliveryState::Held, None),
        Meaning::Failed(asked) => {
            let tries = parcel.tries + 1 - parcel.resent_after;
            let asked = asked.unwrap_or_default().min(RETRY_AFTER_MAX);
            match wait_after(own_schedule, tries, chance) {
                Some(wait) => (DeliveryState::Waiting, Some(after(now, wait.max(asked)))),
                None => (DeliveryState::GivenUp, None),
            }
        }
    }
}

fn after(now: Timestamp, wait: Duration) -> Timestamp {
    now.plus_millis(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX))
}

/// A try that ended, as it is written down.
pub(crate) fn outcome(
    parcel: &Parcel,
    (state, due): (DeliveryState, Option<Timestamp>),
    tried: &Tried,
    (began, now): (Timestamp, Timestamp),
    attempt: String,
) -> Outcome {
    let (error_class, error) = tried.error.clone().map(|(class, text)| (class.to_owned(), text)).unzip();
    Outcome {
        delivery: parcel.id.clone(),
        attempt,
        number: parcel.tries + 1,
        at: began.0,
        queued_ms: (began.0 - parcel.due.0).max(0),
        duration_ms: tried.duration_ms,
        status: tried.status,
        error_class,
        error,
        request: record(&tried.request),
        response: tried.response.as_ref().map(record),
        state: state.as_str(),
        due: due.map(|due| due.0),
        finished_at: ended(state).then_some(now.0),
    }
}
