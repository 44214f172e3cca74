//! The ledger of events as callers see it: what happened in their accounts, and who was told.

use context::{Context, Error, Result};
use model::{Delivery, EventRecord, Page};
use serde::Serialize;
use store::events::Filter;

/// How far back a caller of several accounts can page, in events; filters reach further.
pub const EVENTS_REACH: u32 = 10_000;

/// An event with its deliveries.
#[derive(Clone, Debug, Serialize)]
pub struct EventWithDeliveries {
    /// The event.
    #[serde(flatten)]
    pub event: EventRecord,
    /// One for each hook that was or is to be told.
    pub deliveries: Vec<Delivery>,
}

/// A page of the events of these accounts, newest first; `filter.account_id` is set here.
///
/// # Errors
/// When the database fails.
pub async fn list_events(
    cx: &Context,
    accounts: &[String],
    filter: &Filter,
    page: Page,
) -> Result<Vec<EventRecord>> {
    let mut conn = cx.read().await?;
    // Each account's newest are read through its own index and merged.
    let reach = Page { number: 1, size: page.number.saturating_mul(page.size).min(EVENTS_REACH) };
    let mut found = Vec::new();
    for account_id in accounts {
        let filter = Filter { account_id: Some(account_id.clone()), ..filter.clone() };
        let part = if accounts.len() == 1 { page } else { reach };
        found.extend(store::events::list(&mut conn, &filter, part).await?);
    }
    if accounts.len() > 1 {
        found.sort_by_key(|event| std::cmp::Reverse(event.seq));
        let offset = usize::try_from(page.offset()).unwrap_or(usize::MAX);
        found = found.into_iter().skip(offset).take(page.size as usize).collect();
    }
    Ok(found)
}

/// One event of any account; the caller sees to it that the user may know of `event.account_id`.
///
/// # Errors
/// `NotFound`.
pub async fn get_event(cx: &Context, event_id: &str) -> Result<EventWithDeliveries> {
    let mut conn = cx.read().await?;
    let event = store::events::find(&mut conn, event_id).await?.ok_or(Error::NotFound)?;
    let deliveries = store::deliveries::of_event(&mut conn, event_id).await?;
    Ok(EventWithDeliveries { event, deliveries })
}
