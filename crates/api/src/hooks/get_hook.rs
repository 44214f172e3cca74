//! `GET /hooks/{hook_id}`: one hook, its secrets masked.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    Ok(Reply::json(&::hooks::get(&call.cx, call.param("hook_id")).await?))
}
