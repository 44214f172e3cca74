//! `DELETE /sites/{site_id}/build_hooks/{id}`: deletes a build hook. 204.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use builds::hooks;

pub(crate) async fn handle(call: Call) -> Outcome {
    hooks::delete(&call.cx, &call.site()?.id, call.param("id")).await?;
    Ok(Reply::no_content())
}
