//! Stopping a build, whether it waits, runs here or runs on another node.

use crate::running::Running;
use context::{Context, Error, Result};
use model::BuildState;
use store::builds::{self, BuildRow};

/// See [`crate::Builds::cancel`]. A node that runs the build reads the row each second and ends the
/// processes.
pub(crate) async fn cancel(cx: &Context, running: &Running, build_id: &str) -> Result<BuildRow> {
    let mut tx = cx.begin().await?;
    let build = builds::find(&mut tx, build_id).await?.ok_or(Error::NotFound)?;
    let stopped = builds::finish(&mut tx, build_id, BuildState::Cancelled, None, cx.now()).await?;
    tx.commit().await?;
    if !stopped {
        return Ok(build);
    }
    running.stop(build_id);
    match deploys::cancel(cx, &build.deploy_id).await {
        // published in the same instant, or deleted: nothing is left to cancel
        Ok(_) | Err(Error::Unprocessable(_) | Error::NotFound) => {}
        Err(error) => return Err(error),
    }
    let mut db = cx.read().await?;
    builds::find(&mut db, build_id).await?.ok_or(Error::NotFound)
}
