//! `POST /sites/{site_id}/deploys`: a new deploy, empty, with a digest, or with the whole site as a
//! zip. Query: `title`, `branch`, `draft`, `production`, and of which commit it is.

use crate::call::{Call, Outcome};
use crate::deploys::revision::Revision;
use crate::deploys::show;
use crate::reply::Reply;
use context::Result;
use deploys::{Digest, NewDeploy};
use serde::Deserialize;
use store::deploys::{DeployInfo, DeployRow};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    draft: bool,
    branch: Option<String>,
    title: Option<String>,
    #[serde(flatten)]
    revision: Revision,
    #[serde(flatten)]
    digest: Digest,
}

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let zipped = is_zip(&call);
    let body: Body =
        if zipped { Body::default() } else { call.json_up_to(call.cx.settings.limits.digest_body).await? };
    let has_digest = body.digest.files.is_some() || body.digest.functions.is_some();
    let mut deploy = create(&call, &body).await?;
    if zipped {
        let stream = call.stream();
        deploy = finish_zip(&call, &deploy, stream).await?;
    } else if has_digest {
        deploy = deploys::take_digest(&call.cx, &deploy.id, body.digest).await?;
    }
    Ok(Reply::json(&show::one(&call.cx, &deploy).await?))
}

/// Whether the body is a zip rather than JSON.
pub(crate) fn is_zip(call: &Call) -> bool {
    call.header("content-type").is_some_and(|kind| kind.starts_with("application/zip"))
}

/// Takes a zip in; a deploy whose zip is refused has failed, and says why.
pub(crate) async fn finish_zip(
    call: &Call,
    deploy: &DeployRow,
    body: deploys::StreamedBody,
) -> Result<DeployRow> {
    match deploys::publish_zip(&call.cx, &deploy.id, body).await {
        Ok(deploy) => Ok(deploy),
        Err(error) => {
            deploys::fail(&call.cx, &deploy.id, &error.to_string()).await?;
            Err(error)
        }
    }
}

async fn create(call: &Call, body: &Body) -> Result<DeployRow> {
    let query = |name| call.query(name).map(ToOwned::to_owned);
    let draft = body.draft || call.flag("draft");
    let branch = body.branch.clone().or_else(|| query("branch"));
    let mut info = DeployInfo {
        user_id: Some(call.user()?.user_id.clone()),
        title: query("title").or_else(|| body.title.clone()),
        ..DeployInfo::default()
    };
    body.revision.clone().or_of_query(call)?.write_into(&mut info);
    let site = call.site()?;
    deploys::create(&call.cx, site, NewDeploy::uploaded(site, draft, branch, info)).await
}
