//! `deleteEnvVarValue`: deletes one value of a variable. 422 for one that an add-on of the site hands out.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    let (user_id, account_id, site) = (&call.user()?.user_id, &call.account()?.id, call.query("site_id"));
    let (key, id) = (call.param("key"), call.param("id"));
    let done = accounts::env::delete_value(&call.cx, user_id, account_id, site, key, id).await;
    super::unless_of_addon(&call, done).await?;
    Ok(Reply::no_content())
}
