//! `POST /sites/{site_id}/traffic_splits/{split_test_id}/publish`: begins to share out visitors, and
//! ends the site's other test if one is active. 204; 422 when a branch has no ready deploy.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    splits::publish(&call.cx, &call.site()?.id, call.param("split_test_id")).await?;
    Ok(Reply::no_content())
}
