//! `POST /hooks/{hook_id}/deliveries/{delivery_id}/resend`: sends one delivery again, with the same
//! `webhook-id` and body. Answers the delivery, which now waits.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    let (hook_id, delivery_id) = (call.param("hook_id"), call.param("delivery_id"));
    Ok(Reply::accepted(&::hooks::resend(&call.cx, hook_id, delivery_id).await?))
}
