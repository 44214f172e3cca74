//! What became of the events that a hook was to be told of.

use context::{Context, Error, Result};
use model::{Attempt, Delivery, DeliveryState, Page};
use serde::Serialize;
use store::Conn;

/// A delivery with what it carries and every try of it, first to last.
#[derive(Clone, Debug, Serialize)]
pub struct DeliveryWithAttempts {
    /// The delivery.
    #[serde(flatten)]
    pub delivery: Delivery,
    /// Its tries.
    pub attempts: Vec<Attempt>,
    /// The exact bytes that are sent, on every try the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// A page of a hook's deliveries, newest first, of one state or all, of one event or all.
///
/// # Errors
/// When the database fails.
pub async fn list_deliveries(
    cx: &Context,
    hook_id: &str,
    (state, event): (Option<DeliveryState>, Option<&str>),
    page: Page,
) -> Result<Vec<Delivery>> {
    let which = (state, event.map(events::canonical));
    Ok(store::deliveries::list(&mut cx.read().await?, hook_id, which, page).await?)
}

/// One delivery of a hook with its tries.
///
/// # Errors
/// `NotFound`, also when the delivery is another hook's.
pub async fn get_delivery(cx: &Context, hook_id: &str, delivery_id: &str) -> Result<DeliveryWithAttempts> {
    let mut conn = cx.read().await?;
    let body = store::parcels::body(&mut conn, delivery_id).await?;
    let mut delivery = of_hook(&mut conn, hook_id, delivery_id).await?;
    loop {
        let attempts = store::deliveries::attempts(&mut conn, delivery_id).await?;
        // a try that ended in between would stand beside a delivery that still waits for it
        let now = of_hook(&mut conn, hook_id, delivery_id).await?;
        if now == delivery {
            return Ok(DeliveryWithAttempts { delivery, attempts, body });
        }
        delivery = now;
    }
}

async fn of_hook(conn: &mut Conn, hook_id: &str, delivery_id: &str) -> Result<Delivery> {
    let delivery = store::deliveries::find(conn, delivery_id).await?;
    delivery.filter(|delivery| delivery.hook_id == hook_id).ok_or(Error::NotFound)
}
