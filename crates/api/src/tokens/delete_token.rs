//! `deleteToken`, an operation of our own: the token is refused from now on.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    accounts::tokens::delete(&call.cx, call.user()?, call.param("token_id")).await?;
    Ok(Reply::no_content())
}
