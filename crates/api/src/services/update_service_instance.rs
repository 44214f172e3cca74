//! `PUT /sites/{site_id}/services/{addon}/instances/{instance_id}` {config}: changes an add-on of a site.
//! 204; nothing is changed unless the provider agrees.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use addons::instances::{self, Update};
use addons::registry;
use context::Error;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let update: Update = call.json().await?;
    let addon = registry::find(&call.cx, call.param("addon")).await?.ok_or(Error::NotFound)?;
    let id = call.param("instance_id");
    instances::update(&call.cx, &call.app.providers, call.site()?, &addon, id, update).await?;
    Ok(Reply::no_content())
}
