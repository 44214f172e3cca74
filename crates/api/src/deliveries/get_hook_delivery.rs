//! `GET /hooks/{hook_id}/deliveries/{delivery_id}`: one delivery with every try of it.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    let (hook_id, delivery_id) = (call.param("hook_id"), call.param("delivery_id"));
    Ok(Reply::json(&::hooks::get_delivery(&call.cx, hook_id, delivery_id).await?))
}
