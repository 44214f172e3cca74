//! `listTokens`, an operation of our own: the caller's tokens, without their values.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    Ok(Reply::json(&accounts::tokens::list(&call.cx, call.user()?).await?))
}
