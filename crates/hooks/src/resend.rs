//! Sends one delivery again: the same event, the same id, the same bytes.

use context::{Context, Error, Result};
use model::Delivery;
use store::ChangeKind;

/// Makes a delivery due now, wherever it stands; its schedule of tries starts over.
///
/// # Errors
/// `NotFound`, also when the delivery is another hook's; `Conflict` when the hook is disabled.
pub async fn resend(cx: &Context, hook_id: &str, delivery_id: &str) -> Result<Delivery> {
    let mut tx = cx.begin().await?;
    let hook = store::hooks::find(&mut tx, hook_id).await?.ok_or(Error::NotFound)?;
    let found = store::deliveries::find(&mut tx, delivery_id).await?;
    found.filter(|delivery| delivery.hook_id == hook_id).ok_or(Error::NotFound)?;
    if hook.disabled {
        return Err(Error::Conflict("the hook is disabled; enable it first".to_owned()));
    }
    let now = cx.now();
    store::deliveries::rearm(&mut tx, delivery_id, now).await?;
    tx.changed(ChangeKind::Hook, hook_id, now).await?;
    let delivery = store::deliveries::find(&mut tx, delivery_id).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;
    Ok(delivery)
}
