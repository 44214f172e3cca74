//! Sends everything again that a hook, or a site's hooks, missed in a span of time.

use context::{Context, Error, Result};
use model::{DeliveryState, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use store::ChangeKind;
use store::deliveries::{Missed, Of, Place};

/// Most deliveries that one call sends again.
pub const RESEND_MAX: usize = 10_000;
/// Deliveries of one transaction: others get their turn to write in between.
const BATCH: usize = 200;
const MINUTE_MS: i64 = 60_000;
/// What counts as missed when the caller does not say.
const MISSED: [DeliveryState; 2] = [DeliveryState::Held, DeliveryState::GivenUp];

/// Which deliveries to send again, and how fast.
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
    /// Of this event; of all when absent.
    #[serde(default)]
    pub event: Option<String>,
    /// Only count what would be sent.
    #[serde(default)]
    pub dry_run: bool,
    /// Send so many a minute; as fast as the hook allows when absent.
    #[serde(default)]
    pub per_minute: Option<u32>,
}

/// How many deliveries were made due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Resent {
    /// Deliveries.
    pub count: usize,
    /// Whether [`RESEND_MAX`] was reached: call again for the rest.
    pub more: bool,
    /// Whether nothing was sent, because only the number was asked for.
    pub dry_run: bool,
}

/// Makes due whatever fits, or counts it. Deliveries of a site's disabled hooks stay as they are.
///
/// # Errors
/// `NotFound` when there is no such hook; `Conflict` when it is disabled; `Unprocessable` when
/// cancelled deliveries are asked for, an event is not known, or the rate is none. After a failure of the database a part may have been done;
/// calling again does the rest.
pub async fn resend_since(cx: &Context, of: Of<'_>, which: &ResendSince) -> Result<Resent> {
    check(which)?;
    if let Of::Hook(id) = of {
        let hook = store::hooks::find(&mut cx.read().await?, id).await?.ok_or(Error::NotFound)?;
        if hook.disabled && !which.dry_run {
            return Err(Error::Conflict("the hook is disabled; enable it first".to_owned()));
        }
    }
    let mut count = 0;
    let event = which.event.as_deref().map(events::canonical);
    for state in which.state.map_or_else(|| MISSED.to_vec(), |state| vec![state]) {
        let disabled = which.dry_run;
        let missed = Missed { of, since: which.since, until: which.until, state, event, disabled };
        count += if which.dry_run {
            let found = store::deliveries::count_missed(&mut cx.read().await?, &missed).await?;
            usize::try_from(found).unwrap_or_default()
        } else {
            resend_state(cx, &missed, which.per_minute, count).await?
        };
    }
    Ok(Resent { count, more: count >= RESEND_MAX, dry_run: which.dry_run })
}

fn check(which: &ResendSince) -> Result<()> {
    let refused = |what: String| Err(Error::Unprocessable(what));
    if which.state == Some(DeliveryState::Cancelled) {
        return refused("cancelled deliveries have no hook to go to".to_owned());
    }
    if which.per_minute == Some(0) {
        return refused("per_minute must be at least 1".to_owned());
    }
    match &which.event {
        Some(name) if events::entry(name).is_none() => refused(format!("event \"{name}\" is not known")),
        _ => Ok(()),
    }
}

/// Makes due what is in one state, after `before` others; how many deliveries that were.
async fn resend_state(
    cx: &Context,
    missed: &Missed<'_>,
    per_minute: Option<u32>,
    before: usize,
) -> Result<usize> {
    let began = cx.now();
    let mut count = 0;
    let mut after = Place::default();
    while before + count < RESEND_MAX {
        let limit = BATCH.min(RESEND_MAX - before - count);
        let mut tx = cx.begin().await?;
        let found =
            store::deliveries::missed(&mut tx, missed, after, i64::try_from(limit).unwrap_or(1)).await?;
        for (n, (delivery_id, _, _)) in found.iter().enumerate() {
            let due = spread(began, per_minute, before + count + n);
            store::deliveries::rearm(&mut tx, delivery_id, due).await?;
        }
        let hooks: BTreeSet<&str> = found.iter().map(|(_, hook_id, _)| hook_id.as_str()).collect();
        for hook_id in hooks {
            tx.changed(ChangeKind::Hook, hook_id, began).await?;
        }
        tx.commit().await?;
        count += found.len();
        match found.last() {
            Some((_, _, place)) if found.len() == limit => after = *place,
            _ => break,
        }
    }
    Ok(count)
}

/// When the delivery at this place is due, at so many a minute.
fn spread(began: Timestamp, per_minute: Option<u32>, place: usize) -> Timestamp {
    let Some(rate) = per_minute else { return began };
    let place = i64::try_from(place).unwrap_or(i64::MAX);
    began.plus_millis(place.saturating_mul(MINUTE_MS) / i64::from(rate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_spreads_deliveries_evenly() {
        let began = Timestamp(1_000);
        for (rate, place, expect) in
            [(None, 9, 1_000), (Some(60), 0, 1_000), (Some(60), 9, 10_000), (Some(7), 7, 61_000)]
        {
            assert_eq!(spread(began, rate, place), Timestamp(expect), "{rate:?} {place}");
        }
    }
}
