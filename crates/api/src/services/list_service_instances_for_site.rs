//! `GET /sites/{site_id}/service-instances`: the add-ons of a site, in the order in which they came. No
//! provider is asked, since command line clients go no further without this answer. Those who may only
//! read get variables masked and no links into providers' pages.

use super::is_whole;
use crate::call::{Call, Outcome};
use crate::reply::Reply;
use addons::instances;
use http::header::CACHE_CONTROL;

pub(crate) async fn handle(call: Call) -> Outcome {
    let shown = instances::list(&call.cx, call.site()?, is_whole(&call)?).await?;
    Ok(Reply::json(&shown).header(CACHE_CONTROL, "no-store"))
}
