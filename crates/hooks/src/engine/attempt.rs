//! One try: what is sent, and what its end means for the delivery.

use super::snapshot::Snapshot;
use crate::outgoing::{Gear, Meaning, Message, Record, Tried};
use crate::schedule::{RETRY_AFTER_MAX, wait_after};
use crate::secrets::Secrets;
use crate::targets::Target;
use model::{DeliveryState, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use store::parcels::{Outcome, Parcel, ended};

/// How long a hook rests after this server was not able to send.
pub(crate) const UNABLE_WAIT: Duration = Duration::from_secs(60);

/// Sends a delivery once.
pub(crate) async fn try_once(gear: &Gear, hook: &Snapshot, parcel: &Parcel) -> Tried {
    let (target, secrets) = match ready(hook) {
        Ok(ready) => ready,
        Err(tried) => return *tried,
    };
    let body = match body(gear, parcel).await {
        Ok(body) => body,
        Err(why) => return Tried::unsent(why),
    };
    let (event_id, event) = (parcel.event_id.as_str(), parcel.event.as_str());
    let at = parcel.created_at;
    let (row, way) = (&hook.row, &hook.way);
    let message = Message { event_id, event, at, body: &body, hook: row, secrets, way, digest: None };
    (target.send)(gear, &message).await
}

/// What the hook sends to and with; else a try that says why there is none.
pub(crate) fn ready(hook: &Snapshot) -> Result<(&'static Target, &Secrets), Box<Tried>> {
    let unsent = |why: &str| Box::new(Tried::unsent(why));
    let target = hook.target.ok_or_else(|| unsent("this server no longer knows the hook's type"))?;
    let sealed = "the hook's secret cannot be opened with this server's key; set it again";
    Ok((target, hook.secrets.as_ref().ok_or_else(|| unsent(sealed))?))
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
    chance: impl FnOnce() -> u32,
) -> (DeliveryState, Option<Timestamp>) {
    match meaning {
        Meaning::Delivered => (DeliveryState::Delivered, None),
        Meaning::Gone => (DeliveryState::Held, None),
        Meaning::Unable => (DeliveryState::Waiting, Some(after(now, UNABLE_WAIT))),
        Meaning::Failed(asked) => {
            let tries = parcel.tries + 1 - parcel.resent_after;
            let asked = asked.unwrap_or_default().min(RETRY_AFTER_MAX);
            match wait_after(own_schedule, tries, chance()) {
                Some(wait) => (DeliveryState::Waiting, Some(after(now, wait.max(asked)))),
                None => (DeliveryState::GivenUp, None),
            }
        }
    }
}

/// So much later.
pub(crate) fn after(now: Timestamp, wait: Duration) -> Timestamp {
    now.plus_millis(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX))
}

/// A try that ended, as it is written down.
pub(crate) fn outcome(
    parcel: &Parcel,
    (state, due): (DeliveryState, Option<Timestamp>),
    tried: Tried,
    (began, now): (Timestamp, Timestamp),
    attempt: String,
) -> Outcome {
    let (error_class, error) = tried.error.map(|(class, text)| (class.to_owned(), text)).unzip();
    Outcome {
        delivery: parcel.id.clone(),
        seq: parcel.seq,
        attempt,
        number: parcel.tries + 1,
        tries: parcel.tries + i64::from(tried.meaning != Meaning::Unable),
        at: began.0,
        queued_ms: (began.0 - parcel.due.0).max(0),
        duration_ms: tried.duration_ms,
        status: tried.status,
        error_class,
        error,
        request: tried.request.into_text(),
        response: tried.response.map(Record::into_text),
        state: state.as_str(),
        due: due.map(|due| due.0),
        finished_at: ended(state).then_some(now.0),
    }
}
