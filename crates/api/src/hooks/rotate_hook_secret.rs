//! `POST /hooks/{hook_id}/rotate` with `{signature_secret?, overlap_hours?}`: a new signing secret,
//! shown in this answer alone, while the old one still counts. Boathook's own.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use http::header::CACHE_CONTROL;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let rotation = call.json().await?;
    let by = &call.user()?.user_id;
    let rotated = ::hooks::rotate(&call.cx, call.param("hook_id"), rotation, by).await?;
    Ok(Reply::json(&rotated).header(CACHE_CONTROL, "no-store"))
}
