//! `GET /build_hooks/{id}/calls/{call_id}`, at the root and under `/api/v1`: where a call stands.
//! Whoever knows the hook's URL may ask, and learns ids and states alone. Boathook's own.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use builds::hooks;

pub(crate) async fn handle(call: Call) -> Outcome {
    Ok(Reply::json(&hooks::status(&call.cx, call.param("id"), call.param("call_id")).await?))
}
