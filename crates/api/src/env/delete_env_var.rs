//! `deleteEnvVar`: deletes a variable. 422 for one that an add-on of the site hands out.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    let (account_id, site) = (&call.account()?.id, call.query("site_id"));
    let done = accounts::env::delete(&call.cx, account_id, site, call.param("key")).await;
    super::unless_of_addon(&call, done).await?;
    Ok(Reply::no_content())
}
