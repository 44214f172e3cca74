//! `GET /sites/{site_id}/traffic_splits/{split_test_id}`: one split test.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    let row = splits::get(&call.cx, &call.site()?.id, call.param("split_test_id")).await?;
    Ok(Reply::json(&splits::present(&row)))
}
