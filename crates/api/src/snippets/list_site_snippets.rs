//! `GET /sites/{site_id}/snippets`: every snippet of a site, in the order in which they were made.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use sites::snippets;

pub(crate) async fn handle(call: Call) -> Outcome {
    let rows = snippets::list(&call.cx, &call.site()?.id).await?;
    let shown: Vec<_> = rows.iter().map(snippets::present).collect();
    Ok(Reply::json(&shown))
}
