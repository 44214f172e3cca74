//! `cancelAccount`: ends an account that has no sites.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    accounts::account::cancel(&call.cx, call.user()?, &call.account()?.id).await?;
    Ok(Reply::no_content())
}
