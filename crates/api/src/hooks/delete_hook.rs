//! `DELETE /hooks/{hook_id}`: deletes a hook and cancels what waits for it.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    ::hooks::delete(&call.cx, call.param("hook_id")).await?;
    Ok(Reply::no_content())
}
