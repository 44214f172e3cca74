//! `GET /services/?search=`: the add-ons that the caller may use, by slug; `search` narrows by slug,
//! name and description. No secret is among what is shown.

use super::say;
use crate::call::{Call, Outcome};
use crate::reply::Reply;
use accounts::Access;
use addons::registry;
use model::Scope;

pub(crate) async fn handle(call: Call) -> Outcome {
    let page = call.page();
    let accounts: Vec<&str> = call.user()?.memberships.iter().map(|(id, _)| id.as_str()).collect();
    let rows = registry::list(&call.cx, &accounts, call.query("search"), page).await?;
    let mut shown = Vec::with_capacity(rows.len());
    for row in &rows {
        let own = say(&call, row, Scope::Read)? == Access::Granted;
        shown.push(registry::present(&call.cx, row, own));
    }
    Ok(Reply::list(&shown, page, &call))
}
