//! `POST /deploys/{deploy_id}/cancel`: stops the deploy, and its build when it has one. 201, as the API description says.

use crate::call::{Call, Outcome};
use crate::deploys::show;
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    let deploy = call.deploy()?;
    if let Some(build_id) = &deploy.build_id {
        call.app.builds.cancel(build_id).await?;
    }
    let deploy = deploys::cancel(&call.cx, &deploy.id).await?;
    Ok(Reply::created(&show::one(&call.cx, &deploy).await?))
}
