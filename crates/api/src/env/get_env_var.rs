//! `getEnvVar`: one variable.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    let account_id = &call.account()?.id;
    Ok(Reply::json(
        &accounts::env::get(&call.cx, account_id, call.query("site_id"), call.param("key")).await?,
    ))
}
