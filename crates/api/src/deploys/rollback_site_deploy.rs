//! `PUT /sites/{site_id}/rollback`: publishes the deploy that was live before. 204.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    deploys::rollback(&call.cx, &call.site()?.id).await?;
    Ok(Reply::no_content())
}
