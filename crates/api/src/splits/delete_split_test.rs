//! `DELETE /sites/{site_id}/traffic_splits/{split_test_id}`: deletes a split test that is not active.
//! 204; 422 while it is.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    splits::delete(&call.cx, &call.site()?.id, call.param("split_test_id")).await?;
    Ok(Reply::no_content())
}
