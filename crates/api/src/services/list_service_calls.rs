//! `GET /services/{addonName}/calls`: what the provider of an add-on of one's own was asked and what it
//! said, newest first, secrets masked. The newest 500 are kept.

use super::own;
use crate::call::{Call, Outcome};
use crate::reply::Reply;
use addons::registry;
use model::Scope;

pub(crate) async fn handle(call: Call) -> Outcome {
    let addon = own(&call, Scope::Read).await?;
    let page = call.page();
    let calls = registry::calls(&call.cx, &addon, page).await?;
    Ok(Reply::list(&calls, page, &call))
}
