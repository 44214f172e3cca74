//! `POST /sites/{site_id}/push_hook` {overlap_seconds?}: draws a secret and shows it this once. From then
//! on calls must be signed; the secret before counts for `overlap_seconds` more, a day unless said, 30
//! days at most (422 above).

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use builds::pushes::{self, Rotation};
use http::header::CACHE_CONTROL;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let rotation: Rotation = call.json().await?;
    let hook = pushes::rotate(&call.cx, call.site()?, rotation, &call.user()?.user_id).await?;
    Ok(Reply::created(&hook).header(CACHE_CONTROL, "no-store"))
}
