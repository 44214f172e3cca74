//! `removeAccountMember`: ends a membership.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    accounts::members::remove(&call.cx, &call.account()?.id, call.param("member_id")).await?;
    Ok(Reply::no_content())
}
