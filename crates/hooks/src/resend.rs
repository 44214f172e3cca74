//! Sends one delivery again: the same event, the same id, the same bytes.

use context::{Context, Error, Result};
use events::{DELIVER_JOB, deliver_job};
use model::Delivery;
use store::Tx;
use store::jobs::NewJob;

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
    again(&mut tx, cx, delivery_id, hook_id).await?;
    let delivery = store::deliveries::find(&mut tx, delivery_id).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;
    Ok(delivery)
}

/// Makes a delivery due, with a job that carries it out: the one it has, or a new one.
pub(crate) async fn again(tx: &mut Tx, cx: &Context, delivery_id: &str, hook_id: &str) -> Result<()> {
    let now = cx.now();
    store::deliveries::rearm(tx, delivery_id, now).await?;
    let payload = deliver_job(delivery_id);
    let job =
        NewJob { id: &cx.id(), kind: DELIVER_JOB, tenant: hook_id, payload: &payload, run_at: now, now };
    Ok(store::jobs::hasten(tx, &job).await?)
}
