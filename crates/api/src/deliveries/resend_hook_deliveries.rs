//! `POST /hooks/{hook_id}/resend` with `{since, until?, state?}`: sends again what the hook missed.
//! Answers `{count, more}`.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use ::hooks::ResendSince;
use store::deliveries::Of;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let which: ResendSince = call.json().await?;
    let of = Of::Hook(call.param("hook_id"));
    Ok(Reply::accepted(&::hooks::resend_since(&call.cx, of, &which).await?))
}
