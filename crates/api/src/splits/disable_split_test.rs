//! `POST /sites/{site_id}/traffic_splits/{split_test_id}/unpublish`: stops sharing out visitors. 204.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    splits::unpublish(&call.cx, &call.site()?.id, call.param("split_test_id")).await?;
    Ok(Reply::no_content())
}
