//! `updateAccountMember`: changes a member's role.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use accounts::members::MemberChange;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let change: MemberChange = call.json().await?;
    let account_id = &call.account()?.id;
    Ok(Reply::json(&accounts::members::update(&call.cx, account_id, call.param("member_id"), &change).await?))
}
