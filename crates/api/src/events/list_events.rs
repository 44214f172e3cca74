//! `GET /events`: newest first, of the caller's accounts. Query: `account_id`, `site_id`, `event`,
//! `resource_id`, `since`, `until`, `page`, `per_page`.

use crate::call::{Call, Outcome};
use crate::hooks::named_site;
use crate::reply::Reply;
use accounts::Access;
use context::{Error, Result};
use model::{Scope, Timestamp};
use store::events::Filter;

pub(crate) async fn handle(call: Call) -> Outcome {
    let mut filter = Filter {
        account_id: None,
        site_id: None,
        event: call.query("event").map(|name| ::events::canonical(name).to_owned()),
        resource_id: call.query("resource_id").map(ToOwned::to_owned),
        since: instant(&call, "since")?,
        until: instant(&call, "until")?,
    };
    let mut accounts = reach(&call)?;
    if let Some(key) = call.query("site_id") {
        let site = named_site(&call.cx, call.user()?, Some(key), Scope::Read).await?;
        accounts.retain(|id| *id == site.account_id);
        filter.site_id = Some(site.id);
    }
    let page = call.page();
    let events = ::hooks::list_events(&call.cx, &accounts, &filter, page).await?;
    Ok(Reply::list(&events, page, &call))
}

/// The accounts to look through: all of the caller's, or the one they name.
fn reach(call: &Call) -> Result<Vec<String>> {
    let who = call.user()?;
    let granted = |id: &String| who.may(id, Scope::Read) == Access::Granted;
    let all = who.memberships.iter().map(|(id, _)| id.clone()).filter(granted);
    match call.query("account_id") {
        None => Ok(all.collect()),
        Some(one) => {
            let found: Vec<_> = all.filter(|id| id == one).collect();
            if found.is_empty() { Err(Error::NotFound) } else { Ok(found) }
        }
    }
}

fn instant(call: &Call, name: &str) -> Result<Option<Timestamp>> {
    let parse = |text| Timestamp::parse(text).map_err(|_| wrong_instant(name));
    call.query(name).map(parse).transpose()
}

fn wrong_instant(name: &str) -> Error {
    Error::Invalid(format!("{name} must look like 2026-01-02T03:04:05Z"))
}
