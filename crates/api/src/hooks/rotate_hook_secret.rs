//! `POST /hooks/{hook_id}/rotate` with `{signature_secret?, overlap_hours?}`: a new signing secret,
//! shown in this answer alone, while the old one still counts. Boathook's own.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let rotation = call.json().await?;
    Ok(Reply::json(&::hooks::rotate(&call.cx, call.param("hook_id"), rotation).await?))
}
