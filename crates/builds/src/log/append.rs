//! Lines that come from outside: build machines of other makes report through the API.

use crate::lines::shorten;
use context::{Context, Error, Result};
use model::LogLine;
use store::{build_log, builds};

/// Lines that a log may have before outsiders are refused.
pub(crate) const APPEND_MAX: i64 = 100_000;

/// Appends a message to a build's log, one line for each of its lines (`updateSiteBuildLog`).
///
/// # Errors
/// `NotFound` when there is no such build, `TooLarge` when the log has [`APPEND_MAX`] lines.
pub async fn append_line(
    cx: &Context,
    build_id: &str,
    message: &str,
    section: &str,
    error: bool,
) -> Result<()> {
    let mut tx = cx.begin().await?;
    builds::find(&mut tx, build_id).await?.ok_or(Error::NotFound)?;
    if build_log::count(&mut tx, build_id).await? >= APPEND_MAX {
        return Err(Error::TooLarge(format!("the log has {APPEND_MAX} lines already")));
    }
    let line = |text: &str| LogLine {
        ts: cx.now(),
        section: section.to_owned(),
        message: shorten(text.replace('\0', "")),
        error,
    };
    let lines: Vec<LogLine> = message.lines().map(line).collect();
    if !lines.is_empty() {
        build_log::append(&mut tx, build_id, &build_log::Chunk::pack(&lines)?, cx.now()).await?;
    }
    Ok(tx.commit().await?)
}

/// Notes that a build machine began with a build (`notifyBuildStart`). A build that runs or ended
/// stays as it is.
///
/// # Errors
/// `NotFound` when there is no such build.
pub async fn mark_started(cx: &Context, build_id: &str) -> Result<()> {
    let mut tx = cx.begin().await?;
    builds::find(&mut tx, build_id).await?.ok_or(Error::NotFound)?;
    builds::begin(&mut tx, build_id, cx.now()).await?;
    Ok(tx.commit().await?)
}
