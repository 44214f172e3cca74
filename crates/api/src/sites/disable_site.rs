//! `PUT /sites/{site_id}/disable`: switches a site off. 204.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    sites::set_enabled(&call.cx, &call.site()?.id, false).await?;
    Ok(Reply::no_content())
}
