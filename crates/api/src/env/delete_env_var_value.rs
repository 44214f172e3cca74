//! `deleteEnvVarValue`: deletes one value of a variable.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    let (user_id, account_id, site) = (&call.user()?.user_id, &call.account()?.id, call.query("site_id"));
    let (key, id) = (call.param("key"), call.param("id"));
    accounts::env::delete_value(&call.cx, user_id, account_id, site, key, id).await?;
    Ok(Reply::no_content())
}
