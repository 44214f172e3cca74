//! `DELETE /submissions/{submission_id}`: deletes a submission.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    ::forms::delete_submission(&call.cx, call.param("submission_id")).await?;
    Ok(Reply::no_content())
}
