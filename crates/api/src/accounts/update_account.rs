//! `updateAccount`: changes name, slug or billing fields.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use accounts::account::AccountChange;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let change: AccountChange = call.json().await?;
    Ok(Reply::json(&accounts::account::update(&call.cx, call.user()?, &call.account()?.id, change).await?))
}
