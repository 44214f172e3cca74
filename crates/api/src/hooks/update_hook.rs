//! `PUT /hooks/{hook_id}`: changes what is sent and keeps the rest.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use ::hooks::HookInput;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let input: HookInput = call.json().await?;
    Ok(Reply::json(&::hooks::update(&call.cx, call.param("hook_id"), input).await?))
}
