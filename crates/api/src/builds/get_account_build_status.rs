//! `GET /{account_id}/builds/status`: what the account's builds add up to; a list of one, as the
//! API description has it.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    Ok(Reply::json(&[builds::status(&call.cx, &call.account()?.id).await?]))
}
