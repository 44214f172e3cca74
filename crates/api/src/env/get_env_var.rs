//! `getEnvVar`: one variable, or that of the name which an add-on of the site hands out.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use context::Error;

pub(crate) async fn handle(call: Call) -> Outcome {
    let account_id = &call.account()?.id;
    let own = accounts::env::get(&call.cx, account_id, call.query("site_id"), call.param("key")).await;
    let found = match own {
        Err(Error::NotFound) => super::of_addon(&call).await?.ok_or(Error::NotFound),
        other => other.map(|var| super::seen(&call, account_id, var)),
    };
    Ok(Reply::json(&found?))
}
