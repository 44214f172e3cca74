//! `updateEnvVar`: replaces a variable with all its values.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use accounts::env::VarInput;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let change: VarInput = call.json().await?;
    let (user_id, account_id, site) = (&call.user()?.user_id, &call.account()?.id, call.query("site_id"));
    Ok(Reply::json(
        &accounts::env::update(&call.cx, user_id, account_id, site, call.param("key"), change).await?,
    ))
}
