//! `GET /services/{addonName}`: one add-on. 404 for one that the caller may not use.

use super::{say, seen};
use crate::call::{Call, Outcome};
use crate::reply::Reply;
use accounts::Access;
use addons::registry;
use model::Scope;

pub(crate) async fn handle(call: Call) -> Outcome {
    let addon = seen(&call, call.param("addonName")).await?;
    let own = say(&call, &addon, Scope::Read)? == Access::Granted;
    Ok(Reply::json(&registry::present(&call.cx, &addon, own)))
}
