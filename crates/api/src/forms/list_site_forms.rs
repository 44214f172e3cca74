//! `GET /sites/{site_id}/forms`: the forms of a site by name.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    Ok(Reply::json(&::forms::list(&call.cx, &call.site()?.id).await?))
}
