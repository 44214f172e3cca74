//! `PUT /deploys/{deploy_id}/files/{path}`: one file of a deploy.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let path = call.param("path").to_owned();
    let deploy = call.deploy()?.clone();
    let body = call.stream();
    Ok(Reply::json(&deploys::upload_file(&call.cx, &deploy, &path, body).await?))
}
