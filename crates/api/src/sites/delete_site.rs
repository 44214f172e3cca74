//! `DELETE /sites/{site_id}`: deletes a site with all that belongs to it. 204.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    let site = &call.site()?.id;
    sites::delete(&call.cx, site).await?;
    if let Err(error) = call.app.builds.forget_site(site).await {
        tracing::warn!(%error, site, "what builds of a deleted site kept is thrown away later");
    }
    Ok(Reply::no_content())
}
