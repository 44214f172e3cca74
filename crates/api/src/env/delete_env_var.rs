//! `deleteEnvVar`: deletes a variable.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    accounts::env::delete(&call.cx, &call.account()?.id, call.query("site_id"), call.param("key")).await?;
    Ok(Reply::no_content())
}
