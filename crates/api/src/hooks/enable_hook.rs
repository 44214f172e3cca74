//! `POST /hooks/{hook_id}/enable`: lets a disabled hook receive again. What was held meanwhile waits
//! for a resend.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    Ok(Reply::json(&::hooks::enable(&call.cx, call.param("hook_id")).await?))
}
