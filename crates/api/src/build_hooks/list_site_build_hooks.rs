//! `GET /sites/{site_id}/build_hooks`: every build hook of a site, oldest first.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use builds::hooks;

pub(crate) async fn handle(call: Call) -> Outcome {
    let rows = hooks::list(&call.cx, &call.site()?.id).await?;
    Ok(Reply::json(&hooks::present_all(&call.cx, &rows).await?))
}
