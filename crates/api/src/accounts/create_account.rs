//! `createAccount`: makes an account that the caller owns.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use accounts::account::NewAccount;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let new: NewAccount = call.json().await?;
    Ok(Reply::created(&accounts::account::create(&call.cx, call.user()?, &new).await?))
}
