//! `deleteDeployKey`: deletes a key.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    accounts::deploy_keys::delete(&call.cx, call.user()?, call.param("key_id")).await?;
    Ok(Reply::no_content())
}
