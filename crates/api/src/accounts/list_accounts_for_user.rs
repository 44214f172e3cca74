//! `listAccountsForUser`: the caller's accounts, with `?minimal=true` only what command lines read.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    let who = call.user()?;
    if call.flag("minimal") {
        return Ok(Reply::json(&accounts::account::list_minimal(&call.cx, who).await?));
    }
    Ok(Reply::json(&accounts::account::list(&call.cx, who).await?))
}
