//! `GET /sites/{site_id}/traffic_splits`: every split test of a site, oldest first.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    let rows = splits::list(&call.cx, &call.site()?.id).await?;
    let shown: Vec<_> = rows.iter().map(splits::present).collect();
    Ok(Reply::json(&shown))
}
