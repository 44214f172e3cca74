//! `createToken`, an operation of our own: makes a token and shows its value this once.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use accounts::tokens::NewToken;
use http::header::CACHE_CONTROL;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let new: NewToken = call.json().await?;
    let made = accounts::tokens::create(&call.cx, call.user()?, &new).await?;
    Ok(Reply::created(&made).header(CACHE_CONTROL, "no-store"))
}
