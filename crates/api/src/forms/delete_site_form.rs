//! `DELETE /sites/{site_id}/forms/{form_id}`: deletes a form with its submissions.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    ::forms::delete(&call.cx, call.param("form_id")).await?;
    Ok(Reply::no_content())
}
