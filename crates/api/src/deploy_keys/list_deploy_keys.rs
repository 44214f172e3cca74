//! `listDeployKeys`: public halves of the keys of the caller's accounts.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    Ok(Reply::json(&accounts::deploy_keys::list(&call.cx, call.user()?).await?))
}
