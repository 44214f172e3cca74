//! `createEnvVars`: makes several variables, or none.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use accounts::env::VarInput;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let new: Vec<VarInput> = call.json().await?;
    let (user_id, account_id) = (&call.user()?.user_id, &call.account()?.id);
    let made = accounts::env::create(&call.cx, user_id, account_id, call.query("site_id"), new).await?;
    Ok(Reply::created(&made))
}
