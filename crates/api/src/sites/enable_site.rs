//! `PUT /sites/{site_id}/enable`: switches a site on. 204.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    sites::set_enabled(&call.cx, &call.site()?.id, true).await?;
    Ok(Reply::no_content())
}
