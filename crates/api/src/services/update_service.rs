//! `PUT /services/{addonName}` {name?, description?, long_description?, icon?, tags?, endpoint?,
//! public?}: changes an add-on of one's own; what is absent stays, and its manifest is asked for anew.

use super::{may_publish, own};
use crate::call::{Call, Outcome};
use crate::reply::Reply;
use addons::registry::{self, Setup};
use model::Scope;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let setup: Setup = call.json().await?;
    let addon = own(&call, Scope::Write).await?;
    may_publish(&call, addon.account_id.as_deref().unwrap_or_default(), setup.public)?;
    let row = registry::update(&call.cx, &addon, &setup).await?;
    Ok(Reply::json(&registry::present(&call.cx, &row, true)))
}
