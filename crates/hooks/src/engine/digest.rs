//! Deliveries that go out together. The lane lets the first of them go; what else is of its digest
//! is read when it is sent, shares its try, and stands afterwards where the first does. So the set
//! moves as one: a later try, also after a crash, finds the same deliveries and sends the same bytes.

use super::attempt::{outcome, ready, try_once};
use super::snapshot::Snapshot;
use crate::outgoing::{Digest, Gear, LISTED_MAX, Message, Tried};
use context::Result;
use model::{DeliveryState, Timestamp};
use serde_json::json;
use store::parcels::{Outcome, Parcel};

/// Deliveries of one message; those of a digest that has more go out in a message after it.
pub const DIGEST_DELIVERIES_MAX: usize = 500;

/// Sends a delivery once, with all that go out with it. What went along comes back beside the try.
pub(crate) async fn send(gear: &Gear, hook: &Snapshot, lead: &Parcel) -> (Tried, Vec<Parcel>) {
    if lead.digest.is_none() || !hook.target.is_some_and(|target| target.digests) {
        return (try_once(gear, hook, lead).await, Vec::new());
    }
    match gather(gear, lead).await {
        // It no longer waits, or is the only one: then it goes out as any other does.
        Ok((set, _)) if set.len() < 2 || set[0].id != lead.id => {
            (try_once(gear, hook, lead).await, Vec::new())
        }
        Ok((set, bodies)) => (try_all(gear, hook, &set, bodies).await, set.into_iter().skip(1).collect()),
        Err(error) => {
            tracing::error!(cause = ?error, delivery = lead.id, "a digest cannot be read");
            (Tried::unsent("the digest could not be read"), Vec::new())
        }
    }
}

/// Everything of the digest, and the bodies of the first of it.
async fn gather(gear: &Gear, lead: &Parcel) -> Result<(Vec<Parcel>, Vec<String>)> {
    let most = i64::try_from(DIGEST_DELIVERIES_MAX).unwrap_or(i64::MAX);
    let mut db = gear.cx.store.read().await?;
    let set = store::parcels::together(&mut db, lead, most).await?;
    let mut bodies = Vec::new();
    for parcel in set.iter().take(LISTED_MAX) {
        bodies.push(store::parcels::body(&mut db, &parcel.id).await?.unwrap_or_default());
    }
    Ok((set, bodies))
}

async fn try_all(gear: &Gear, hook: &Snapshot, set: &[Parcel], bodies: Vec<String>) -> Tried {
    let (target, secrets) = match ready(hook) {
        Ok(ready) => ready,
        Err(tried) => return *tried,
    };
    let lead = &set[0];
    let ids: Vec<&str> = set.iter().map(|parcel| parcel.id.as_str()).collect();
    let digest = Digest {
        id: id(&ids),
        until: lead.digest.unwrap_or(lead.due),
        events: set.iter().map(|parcel| parcel.event.as_str()).collect(),
        bodies,
    };
    let message = Message {
        event_id: &digest.id,
        event: DIGEST,
        at: digest.until,
        body: "",
        hook: &hook.row,
        secrets,
        way: &hook.way,
        digest: Some(&digest),
    };
    let mut tried = (target.send)(gear, &message).await;
    tried.request.add("digest", json!({ "id": digest.id, "deliveries": ids }));
    tried
}

/// Stands for the name of an event.
const DIGEST: &str = "digest";

/// The same for the same deliveries.
fn id(deliveries: &[&str]) -> String {
    let hash = signing::sha256_hex(deliveries.join(" ").as_bytes());
    format!("digest_{}", &hash[..26])
}

/// The same try as outcomes of the deliveries that went along with `lead`, which stand where it
/// does. What was sent is on record with the first.
pub(crate) fn along(
    lead: &Parcel,
    parcels: &[Parcel],
    stands: (DeliveryState, Option<Timestamp>),
    tried: &Tried,
    times: (Timestamp, Timestamp),
    attempt: &str,
) -> Vec<Outcome> {
    if parcels.is_empty() {
        return Vec::new();
    }
    let ids: Vec<&str> = std::iter::once(lead).chain(parcels).map(|parcel| parcel.id.as_str()).collect();
    let request = json!({ "digest": { "id": id(&ids), "sent_with": lead.id } }).into();
    let shared = Tried { request, response: None, ..tried.clone() };
    parcels.iter().map(|parcel| outcome(parcel, stands, shared.clone(), times, attempt.to_owned())).collect()
}
