//! Stopping a build, whether it waits, runs here or runs on another node.

use crate::running::Running;
use context::{Context, Error, Result};
use model::BuildState;
use store::builds::{self, BuildRow};
use store::jobs;

/// See [`crate::Builds::cancel`]. A node that runs the build reads the row each second and ends the
/// processes. Build and deploy end in one transaction: whoever finds one ended finds both so.
pub(crate) async fn cancel(cx: &Context, running: &Running, build_id: &str) -> Result<BuildRow> {
    let mut tx = cx.begin().await?;
    let build = builds::find(&mut tx, build_id).await?.ok_or(Error::NotFound)?;
    if !builds::finish(&mut tx, build_id, BuildState::Cancelled, None, cx.now()).await? {
        return Ok(build);
    }
    jobs::withdraw(&mut tx, build_id).await?;
    match deploys::cancel_in(&mut tx, cx, &build.deploy_id).await {
        // published in the same instant, or deleted: nothing is left to cancel
        Ok(_) | Err(Error::Unprocessable(_) | Error::NotFound) => {}
        Err(error) => return Err(error),
    }
    let ended = builds::find(&mut tx, build_id).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;
    running.stop(build_id);
    Ok(ended)
}
