//! `POST /deploys/{deploy_id}/plugin_runs`: a build plugin's report of itself, sent by `@netlify/build`
//! with the token of its build.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use model::PluginRun;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let said: PluginRun = call.json().await?;
    let run = builds::plugin_runs::record(&call.cx, call.deploy()?, said).await?;
    Ok(Reply::created(&run))
}
