//! `POST /deploys/{deploy_id}/reject` {reason?}: refuses a deploy request and ends its build. 200
//! with the deploy, whose `error_message` says why; refusing it again changes nothing.

use crate::call::{Call, Outcome};
use crate::deploys::show;
use crate::reply::Reply;
use builds::requests::{Reject, reject};
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    reason: Option<String>,
}

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let Body { reason } = call.json().await?;
    let deploy = reject(&call.cx, &call.deploy()?.id, Reject { reason }).await?;
    Ok(Reply::json(&show::one(&call.cx, &deploy).await?))
}
