//! `GET /sites/{site_id}/build_hooks/{id}/calls`: who called, with what, and what came of it; a page,
//! newest first. Boathook's own.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use builds::hooks;

pub(crate) async fn handle(call: Call) -> Outcome {
    let page = call.page();
    let calls = hooks::calls(&call.cx, &call.site()?.id, call.param("id"), page).await?;
    Ok(Reply::list(&calls, page, &call))
}
