//! `GET /sites/{site_id}/builds`: builds of a site, newest first. Query: `page`, `per_page`.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    let page = call.page();
    let rows = store::builds::list(&mut call.cx.read().await?, &call.site()?.id, page).await?;
    let shown: Vec<_> = rows.iter().map(builds::present).collect();
    Ok(Reply::list(&shown, page, &call))
}
