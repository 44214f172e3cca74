//! `POST /sites/{site_id}/identity/rotate_secret` {jwt_secret?, overlap_hours?}: a new secret for visitors'
//! tokens, shown in this answer alone when it is drawn here. The old one counts beside it for 24 hours or
//! as many as were asked for, up to 720; 0 ends it, and all before it, at once.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use ::sites::identity::{self, Rotation};
use http::header::CACHE_CONTROL;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let rotation: Rotation = call.json().await?;
    let by = &call.user()?.user_id;
    let rotated = identity::rotate(&call.cx, &call.site()?.id, rotation, by).await?;
    Ok(Reply::json(&rotated).header(CACHE_CONTROL, "no-store"))
}
