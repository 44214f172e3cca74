//! The one way to record an event: beside the change that made it true, in its transaction.

use crate::project::project;
use crate::{Event, Facts, Reaction, route};
use context::{Context, Result};
use model::DeliveryState;
use std::sync::Arc;
use store::Tx;
use store::deliveries::{self, NewDelivery};
use store::events::NewEvent;
use store::hooks::Subscription;

/// Appends the event to the ledger and leaves one delivery for each hook that cares. The event's id.
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
    let body = event.body().map_err(context::Error::internal)?;
    let new = new_event(cx, (account_id, site_id), event.facts(), body);
    let subscriptions = store::hooks::subscriptions(tx, site_id).await?;
    append(tx, cx, &new, &route(event.facts(), &subscriptions)).await?;
    Ok(new.id)
}

/// The ledger's entry of an event that happens now in this account and site.
pub(crate) fn new_event(
    cx: &Context,
    (account_id, site_id): (&str, &str),
    facts: Facts<'_>,
    body: String,
) -> NewEvent {
    NewEvent {
        id: format!("msg_{}", cx.id()),
        event: facts.event.to_owned(),
        account_id: account_id.to_owned(),
        site_id: site_id.to_owned(),
        resource_id: facts.resource_id.to_owned(),
        at: cx.now(),
        body,
        fired: false,
    }
}

/// Appends the entry to the ledger and leaves one delivery for each reaction.
pub(crate) async fn append<'a>(
    tx: &mut Tx,
    cx: &Context,
    event: &'a NewEvent,
    reactions: &[Reaction<'a>],
) -> Result<Vec<NewDelivery<'a>>> {
    let body = Arc::from(event.body.as_str());
    let deliveries: Result<Vec<_>> =
        reactions.iter().map(|reaction| delivery(cx, event, &body, reaction)).collect();
    let deliveries = deliveries?;
    deliveries::insert_all(tx, event, &deliveries).await?;
    Ok(deliveries)
}

/// The delivery to one hook. `body` is that of the event.
fn delivery<'a>(
    cx: &Context,
    event: &'a NewEvent,
    body: &Arc<str>,
    reaction: &Reaction<'a>,
) -> Result<NewDelivery<'a>> {
    let (Reaction::Deliver(to) | Reaction::Hold(to)) = *reaction;
    let digest = to.options.digest.as_ref().and_then(|digest| digest.ends(event.at).ok());
    Ok(NewDelivery {
        id: cx.id(),
        event_id: &event.id,
        event: &event.event,
        hook_id: &to.hook_id,
        account_id: &event.account_id,
        site_id: &event.site_id,
        order_key: to.options.ordered.then_some(event.resource_id.as_str()),
        state: match reaction {
            Reaction::Deliver(_) => DeliveryState::Waiting,
            Reaction::Hold(_) => DeliveryState::Held,
        },
        own_body: own_body(to, body)?,
        event_body: Arc::clone(body),
        due: digest.unwrap_or(event.at),
        digest,
        now: event.at,
    })
}

/// The bytes for a hook that wants a part of the payload. They are made once, so that every try
/// sends the same.
fn own_body(to: &Subscription, body: &str) -> Result<Option<String>> {
    if to.options.fields.is_empty() {
        return Ok(None);
    }
    project(body, &to.options.fields).map(Some).map_err(context::Error::internal)
}
