//! `getCurrentUser`: the person behind the token.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    Ok(Reply::json(&accounts::user::current(&call.cx, call.user()?).await?))
}
