//! `GET /sites/{site_id}/services/{addon}/instances/{instance_id}`: one add-on of a site, as its provider
//! knows it now, or as it was last known when the provider does not say.

use super::is_whole;
use crate::call::{Call, Outcome};
use crate::reply::Reply;
use addons::{instances, registry};
use context::Error;
use http::header::CACHE_CONTROL;

pub(crate) async fn handle(call: Call) -> Outcome {
    let addon = registry::find(&call.cx, call.param("addon")).await?.ok_or(Error::NotFound)?;
    let (site, id) = (call.site()?, call.param("instance_id"));
    let shown = instances::show(&call.cx, &call.app.providers, site, &addon, id, is_whole(&call)?).await?;
    Ok(Reply::json(&shown).header(CACHE_CONTROL, "no-store"))
}
