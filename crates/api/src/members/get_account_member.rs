//! `getAccountMember`: one member.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    Ok(Reply::json(&accounts::members::get(&call.cx, &call.account()?.id, call.param("member_id")).await?))
}
