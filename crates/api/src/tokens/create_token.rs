//! `createToken`, an operation of our own: makes a token and shows its value this once.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use accounts::tokens::NewToken;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let new: NewToken = call.json().await?;
    Ok(Reply::created(&accounts::tokens::create(&call.cx, call.user()?, &new).await?))
}
