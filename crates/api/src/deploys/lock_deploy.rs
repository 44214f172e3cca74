//! `POST /deploys/{deploy_id}/lock`: holds the site at its published deploy.

use crate::call::{Call, Outcome};
use crate::deploys::show;
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    let deploy = deploys::lock(&call.cx, &call.deploy()?.id).await?;
    Ok(Reply::json(&show::one(&call.cx, &deploy).await?))
}
