//! `GET /sites/{site_id}/builds/status`: what the site's builds add up to, in the shape in which an
//! account's do.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    Ok(Reply::json(&[builds::site_status(&call.cx, &call.site()?.id).await?]))
}
