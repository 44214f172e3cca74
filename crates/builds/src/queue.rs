//! Builds that wait: which of them a newer one replaces, and where in the line one stands.

use crate::{BUILD_JOB, present};
use context::{Context, Result};
use model::Build;
use std::collections::HashMap;
use store::builds;
use store::jobs;
use store::sites::SiteRow;
use store::{Conn, Tx};

/// Builds of one account that are shown at once, and places in line that are counted.
const SHOWN_MAX: i64 = 1000;

/// What a build says whose place a newer one took, and its deploy with it.
pub const REPLACED: &str = "Skipped: a newer build of the same branch took its place.";

/// What a build says that waited when the builds of its site were stopped.
pub const STOPPED: &str = "Skipped: builds of this site are stopped.";

/// Ends the builds of a site that wait under a label, since the newest content is what counts: a
/// build that takes their place builds everything that they would have. Those that run go on.
pub(crate) async fn replace_waiting(tx: &mut Tx, cx: &Context, site: &SiteRow, label: &str) -> Result<()> {
    if site.info.build.replace_waiting == Some(false) {
        return Ok(());
    }
    for build in builds::waiting_for(tx, &site.id, label).await? {
        give_up(tx, cx, &build, REPLACED).await?;
    }
    Ok(())
}

/// Ends a build that waits, and its deploy as skipped. One that began in the same instant goes on.
/// Whether it waited.
pub(crate) async fn give_up(
    tx: &mut Tx,
    cx: &Context,
    build: &builds::BuildRow,
    reason: &str,
) -> Result<bool> {
    if !builds::give_up(tx, &build.id, reason, cx.now()).await? {
        return Ok(false);
    }
    jobs::withdraw(tx, &build.id).await?;
    match deploys::skip_in(tx, cx, &build.deploy_id, reason).await {
        Ok(_) | Err(context::Error::NotFound) => Ok(true),
        Err(error) => Err(error),
    }
}

/// The places of all builds that wait, from 1, in the order in which they would begin if each took as
/// long as the others. A build past the thousandth has no number.
///
/// # Errors
/// When the database fails.
pub async fn positions(db: &mut Conn, cx: &Context) -> Result<HashMap<String, i64>> {
    let line = jobs::line(db, BUILD_JOB, cx.now(), SHOWN_MAX).await?;
    Ok(line.into_iter().zip(1..).collect())
}

/// What an account's builds do: those that run, then those that wait with their places in line. The
/// places count the builds of all accounts.
///
/// # Errors
/// When the database fails.
pub async fn queue(cx: &Context, account_id: &str) -> Result<Vec<Build>> {
    let mut db = cx.read().await?;
    let rows = builds::unfinished(&mut db, account_id, SHOWN_MAX).await?;
    let positions = positions(&mut db, cx).await?;
    let mut shown: Vec<Build> = rows.iter().map(present).collect();
    for build in &mut shown {
        build.queue_position = positions.get(&build.id).copied();
    }
    shown.sort_by_key(|build| {
        (build.state != model::BuildState::Building, build.queue_position.unwrap_or(i64::MAX))
    });
    Ok(shown)
}
