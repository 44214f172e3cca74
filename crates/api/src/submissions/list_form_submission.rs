//! `GET /submissions/{submission_id}`: one submission, whatever its name says: its path names one.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    let found = ::forms::get_submission(&call.cx, call.site()?, call.param("submission_id")).await?;
    Ok(Reply::json(&found))
}
