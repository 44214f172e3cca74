//! An event fired by hand: recorded like any other, marked as fired in the ledger and nowhere else,
//! and sent to everybody who cares or to one hook.

use crate::record::{append, new_event};
use crate::route::reaction;
use crate::{Entry, Reaction, Sample, route};
use context::{Context, Error, Result};
use model::Delivery;
use store::Tx;
use store::deliveries::NewDelivery;
use store::hooks::Subscription;
use store::sites::SiteRow;

/// Who is told of a fired event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To<'a> {
    /// Every hook of the site that the event would reach.
    Subscribed,
    /// This hook, whatever it listens to.
    Hook(&'a str),
}

/// Records an event about `sample`; the event's id and its deliveries.
///
/// # Errors
/// `NotFound` when the site has no such hook; else when the database fails.
pub async fn record_for(
    tx: &mut Tx,
    cx: &Context,
    site: &SiteRow,
    event: &Entry,
    sample: &Sample,
    to: To<'_>,
) -> Result<(String, Vec<Delivery>)> {
    let facts = sample.facts(event.name);
    let body = sample.body().map_err(Error::internal)?;
    let mut new = new_event(cx, (&site.account_id, &site.id), facts, body);
    new.fired = true;
    let subscriptions = store::hooks::subscriptions(tx, &site.id).await?;
    let reactions = match to {
        To::Subscribed => route(facts, &subscriptions),
        To::Hook(id) => vec![only(id, &subscriptions).ok_or(Error::NotFound)?],
    };
    let deliveries = append(tx, cx, &new, &reactions).await?.iter().map(NewDelivery::shown).collect();
    Ok((new.id, deliveries))
}

fn only<'a>(hook_id: &str, subscriptions: &'a [Subscription]) -> Option<Reaction<'a>> {
    subscriptions.iter().find(|one| one.hook_id == hook_id).map(reaction)
}
