//! `setEnvVarValue`: sets the value of one context. Where an add-on of the site hands out a variable of that
//! name, the site gets one of its own, which goes before it in this context.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use accounts::env::{ValueInput, VarInput};

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let new: ValueInput = call.json().await?;
    let (user_id, account_id, site) = (&call.user()?.user_id, &call.account()?.id, call.query("site_id"));
    let key = call.param("key");
    let done = accounts::env::set_value(&call.cx, user_id, account_id, site, key, new.clone()).await;
    let over = VarInput { values: Some(vec![new]), ..VarInput::default() };
    Ok(Reply::created(&super::or_over_addon(&call, done, over).await?))
}
