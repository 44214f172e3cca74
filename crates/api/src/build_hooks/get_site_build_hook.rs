//! `GET /sites/{site_id}/build_hooks/{id}`: one build hook.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use builds::hooks;

pub(crate) async fn handle(call: Call) -> Outcome {
    let row = hooks::get(&call.cx, &call.site()?.id, call.param("id")).await?;
    Ok(Reply::json(&hooks::present(&call.cx, &row).await?))
}
