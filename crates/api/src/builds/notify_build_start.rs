//! `POST /builds/{build_id}/start`: a build machine of another make began with the build. 204.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    builds::mark_started(&call.cx, call.param("build_id")).await?;
    Ok(Reply::no_content())
}
