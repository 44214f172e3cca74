//! `DELETE /sites/{site_id}/services/{addon}/instances/{instance_id}?force=`: removes an add-on from a
//! site. 204; it stays unless the provider agrees. By force it goes at once, and the provider is told in
//! the background.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use addons::{instances, registry};
use context::Error;

pub(crate) async fn handle(call: Call) -> Outcome {
    let addon = registry::find(&call.cx, call.param("addon")).await?.ok_or(Error::NotFound)?;
    let (id, force) = (call.param("instance_id"), call.flag("force"));
    instances::delete(&call.cx, &call.app.providers, call.site()?, &addon, id, force).await?;
    Ok(Reply::no_content())
}
