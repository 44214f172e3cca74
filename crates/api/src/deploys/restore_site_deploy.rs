//! `POST /sites/{site_id}/deploys/{deploy_id}/restore`: publishes an earlier deploy again. 201, as the API description says.

use crate::call::{Call, Outcome};
use crate::deploys::show;
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    let deploy = deploys::restore(&call.cx, &call.site()?.id, &call.deploy()?.id).await?;
    Ok(Reply::created(&show::one(&call.cx, &deploy).await?))
}
