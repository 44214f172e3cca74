//! `getDeployKey`: the public half of one key.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    Ok(Reply::json(&accounts::deploy_keys::get(&call.cx, call.user()?, call.param("key_id")).await?))
}
