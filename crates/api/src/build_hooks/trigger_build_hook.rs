//! `POST /build_hooks/{id}`, at the root and under `/api/v1`: starts a build. Nobody is
//! asked who they are: the id is the secret. Query: `trigger_branch`, `trigger_title`,
//! `clear_cache`. Any body up to the limit (413 above it) reaches the build as
//! `INCOMING_HOOK_BODY`. 200 at once with an empty body, and headers that lead to what was started;
//! 404 for an unknown id, 422 for a site without a repository.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use builds::hooks::{self, Trigger};
use http::HeaderName;
use http::header::LOCATION;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let body = call.bytes(call.cx.settings.limits.build_hook_body).await?;
    let trigger = Trigger {
        branch: call.query("trigger_branch").map(ToOwned::to_owned),
        title: call.query("trigger_title").map(ToOwned::to_owned),
        clear_cache: call.flag("clear_cache"),
        body: body.to_vec(),
    };
    let (build, deploy) = hooks::trigger(&call.cx, call.param("id"), trigger).await?;
    let place = format!("{}/builds/{}", call.cx.addresses().api_url(), build.id);
    Ok(Reply::raw("text/plain; charset=utf-8", "")
        .header(HeaderName::from_static("x-build-id"), &build.id)
        .header(HeaderName::from_static("x-deploy-id"), &deploy.id)
        .header(LOCATION, &place))
}
