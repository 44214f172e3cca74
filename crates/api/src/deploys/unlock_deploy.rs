//! `POST /deploys/{deploy_id}/unlock`: lets newer deploys go live again.

use crate::call::{Call, Outcome};
use crate::deploys::show;
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    let deploy = deploys::unlock(&call.cx, &call.deploy()?.id).await?;
    Ok(Reply::json(&show::one(&call.cx, &deploy).await?))
}
