//! `addMemberToAccount`: adds a person by their address. The answer is a list, as the API description
//! has it, of the one new member.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use accounts::members::NewMember;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let new: NewMember = call.json().await?;
    let member = accounts::members::add(&call.cx, &call.account()?.id, &new).await?;
    Ok(Reply::json(&[member]))
}
