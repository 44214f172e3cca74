//! `updateEnvVar`: replaces a variable with all its values. Where an add-on of the site hands out one of
//! that name, the site gets one of its own, which goes before it.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use accounts::env::VarInput;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let change: VarInput = call.json().await?;
    let (user_id, account_id, site) = (&call.user()?.user_id, &call.account()?.id, call.query("site_id"));
    let key = call.param("key");
    let done = accounts::env::update(&call.cx, user_id, account_id, site, key, change.clone()).await;
    Ok(Reply::json(&super::or_over_addon(&call, done, change).await?))
}
