//! `GET /deploys/{deploy_id}` and `GET /sites/{site_id}/deploys/{deploy_id}`.

use crate::call::{Call, Outcome};
use crate::deploys::show;
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    Ok(Reply::json(&show::one(&call.cx, call.deploy()?).await?))
}
