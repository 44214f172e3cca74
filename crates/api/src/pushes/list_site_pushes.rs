//! `GET /sites/{site_id}/pushes`: the webhooks that Git hosts sent lately and what became of each, newest
//! first. 100 are kept, and 20 whose signature did not fit.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use builds::pushes;

pub(crate) async fn handle(call: Call) -> Outcome {
    let page = call.page();
    let entries = pushes::list(&call.cx, &call.site()?.id, page).await?;
    Ok(Reply::list(&entries, page, &call))
}
