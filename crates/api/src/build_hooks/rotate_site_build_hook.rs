//! `POST /sites/{site_id}/build_hooks/{id}/rotate` {overlap_seconds?}: a new URL, while the old one
//! still counts for a while (a day unless the body says otherwise, at most 30 days; 0 ends it at
//! once). The hook with its new URL and the id it had. Boathook's own.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use builds::hooks::{self, Rotation};

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let rotation: Rotation = call.json().await?;
    let by = &call.user()?.user_id;
    let row = hooks::rotate(&call.cx, &call.site()?.id, call.param("id"), &rotation, by).await?;
    Ok(Reply::json(&hooks::present(&call.cx, &row).await?))
}
