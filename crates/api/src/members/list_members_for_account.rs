//! `listMembersForAccount`: who is in an account.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    Ok(Reply::json(&accounts::members::list(&call.cx, &call.account()?.id).await?))
}
