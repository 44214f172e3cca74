//! `DELETE /deploys/{deploy_id}` and `DELETE /sites/{site_id}/deploys/{deploy_id}`. 204.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    deploys::delete(&call.cx, &call.deploy()?.id).await?;
    Ok(Reply::no_content())
}
