//! `PUT /sites/{site_id}/deploys/{deploy_id}`: the deploy's digest, or the whole site as a zip. The `draft` that clients send along is the creation's business and is not looked at.

use crate::call::{Call, Outcome};
use crate::deploys::create_site_deploy::{finish_zip, is_zip};
use crate::deploys::show;
use crate::reply::Reply;
use deploys::Digest;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let deploy = call.deploy()?.clone();
    let deploy = if is_zip(&call) {
        let stream = call.stream();
        finish_zip(&call, &deploy, stream).await?
    } else {
        let digest: Digest = call.json_up_to(call.cx.settings.limits.digest_body).await?;
        deploys::take_digest(&call.cx, &deploy.id, digest).await?
    };
    Ok(Reply::json(&show::one(&call.cx, &deploy).await?))
}
