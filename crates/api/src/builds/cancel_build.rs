//! `POST /builds/{build_id}/cancel`: stops a build that waits or runs, and cancels its deploy. 200
//! with the build; one that ended already stays as it is.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    let row = call.app.builds.cancel(call.param("build_id")).await?;
    Ok(Reply::json(&builds::present(&row)))
}
