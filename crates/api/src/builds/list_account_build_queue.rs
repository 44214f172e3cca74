//! `GET /{account_id}/builds/queue`: builds of an account that run or wait, in the order in which they
//! begin. `queue_position` counts the waiting builds of all accounts.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    Ok(Reply::json(&builds::queue(&call.cx, &call.account()?.id).await?))
}
