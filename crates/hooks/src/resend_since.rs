//! Sends everything again that a hook, or a site's hooks, missed in a span of time.

use crate::resend::again;
use context::{Context, Error, Result};
use model::{DeliveryState, Timestamp};
use serde::{Deserialize, Serialize};
use store::deliveries::{Missed, Of};

/// Most deliveries that one call sends again.
pub const RESEND_MAX: usize = 10_000;
/// Deliveries of one transaction: others get their turn to write in between.
const BATCH: usize = 200;
/// What counts as missed when the caller does not say.
const MISSED: [DeliveryState; 2] = [DeliveryState::Held, DeliveryState::GivenUp];

/// Which deliveries to send again.
#[derive(Clone, Debug, Deserialize)]
pub struct ResendSince {
    /// Made from this instant on.
    pub since: Timestamp,
    /// And before this one.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// In this state; held and given up when absent.
    #[serde(default)]
    pub state: Option<DeliveryState>,
}

/// How many deliveries were made due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Resent {
    /// Deliveries.
    pub count: usize,
    /// Whether [`RESEND_MAX`] was reached: call again for the rest.
    pub more: bool,
}

/// Makes due whatever fits. Deliveries of a site's disabled hooks stay as they are.
///
/// # Errors
/// `NotFound` when there is no such hook; `Conflict` when it is disabled; `Unprocessable` when
/// cancelled deliveries are asked for. After a failure of the database a part may have been done;
/// calling again does the rest.
pub async fn resend_since(cx: &Context, of: Of<'_>, which: &ResendSince) -> Result<Resent> {
    if which.state == Some(DeliveryState::Cancelled) {
        return Err(Error::Unprocessable("cancelled deliveries have no hook to go to".to_owned()));
    }
    if let Of::Hook(id) = of {
        let hook = store::hooks::find(&mut cx.read().await?, id).await?.ok_or(Error::NotFound)?;
        if hook.disabled {
            return Err(Error::Conflict("the hook is disabled; enable it first".to_owned()));
        }
    }
    let mut count = 0;
    for state in which.state.map_or_else(|| MISSED.to_vec(), |state| vec![state]) {
        let missed = Missed { of, since: which.since, until: which.until, state };
        count += resend_state(cx, &missed, RESEND_MAX - count).await?;
    }
    Ok(Resent { count, more: count == RESEND_MAX })
}

async fn resend_state(cx: &Context, missed: &Missed<'_>, most: usize) -> Result<usize> {
    let mut count = 0;
    let mut after = String::new();
    while count < most {
        let limit = BATCH.min(most - count);
        let mut tx = cx.begin().await?;
        let found =
            store::deliveries::missed(&mut tx, missed, &after, i64::try_from(limit).unwrap_or(1)).await?;
        for (delivery_id, hook_id) in &found {
            again(&mut tx, cx, delivery_id, hook_id).await?;
        }
        tx.commit().await?;
        count += found.len();
        match found.last() {
            Some((last, _)) if found.len() == limit => after.clone_from(last),
            _ => break,
        }
    }
    Ok(count)
}
