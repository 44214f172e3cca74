//! `GET /hooks?site_id=`: the hooks of a site, oldest first. The site by id, name or domain.

use super::named_site;
use crate::call::{Call, Outcome};
use crate::reply::Reply;
use model::Scope;

pub(crate) async fn handle(call: Call) -> Outcome {
    let site = named_site(&call.cx, call.user()?, call.query("site_id"), Scope::Read).await?;
    Ok(Reply::json(&::hooks::list(&call.cx, &site.id).await?))
}
