//! `PUT /sites/{site_id}/traffic_splits/{split_test_id}` {branch_tests?, name?}: changes a split
//! test. 201, as the API description has it; 422 as for a new one.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use splits::Setup;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let setup: Setup = call.json().await?;
    let row = splits::update(&call.cx, &call.site()?.id, call.param("split_test_id"), &setup).await?;
    Ok(Reply::created(&splits::present(&row)))
}
