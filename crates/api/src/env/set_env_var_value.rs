//! `setEnvVarValue`: sets the value of one context.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use accounts::env::ValueInput;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let new: ValueInput = call.json().await?;
    let (user_id, account_id, site) = (&call.user()?.user_id, &call.account()?.id, call.query("site_id"));
    Ok(Reply::created(
        &accounts::env::set_value(&call.cx, user_id, account_id, site, call.param("key"), new).await?,
    ))
}
