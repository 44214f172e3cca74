//! `GET /deploys/{deploy_id}/plugin_runs`: what the build plugins of a deploy reported, oldest first.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    let runs = builds::plugin_runs::of_deploy(&call.cx, &call.deploy()?.id).await?;
    Ok(Reply::json(&runs))
}
