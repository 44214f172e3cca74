//! `getAccount`: one account, by id or slug.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    Ok(Reply::json(&accounts::account::get(&call.cx, call.user()?, &call.account()?.id).await?))
}
