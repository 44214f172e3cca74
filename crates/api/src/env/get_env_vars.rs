//! `getEnvVars`: variables of an account or, with `site_id`, of one of its sites.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    let filter = super::filter(&call)?;
    let account_id = &call.account()?.id;
    Ok(Reply::json(&accounts::env::list(&call.cx, account_id, call.query("site_id"), &filter).await?))
}
