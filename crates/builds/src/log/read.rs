//! A piece of a build's log.

use context::{Context, Result};
use model::LogLine;
use store::build_log;

/// Most lines of one answer.
pub const LINES_MAX: usize = 5000;

/// Up to `limit` (at most [`LINES_MAX`]) lines with their numbers, from number `from` on.
///
/// # Errors
/// When the database fails.
pub async fn read_log(cx: &Context, build_id: &str, from: i64, limit: usize) -> Result<Vec<(i64, LogLine)>> {
    let mut db = cx.read().await?;
    let mut out: Vec<(i64, LogLine)> = Vec::new();
    let limit = limit.min(LINES_MAX);
    while out.len() < limit {
        let next = out.last().map_or(from.max(0), |(number, _)| number + 1);
        let more = build_log::read(&mut db, build_id, next, limit - out.len()).await?;
        if more.is_empty() {
            break;
        }
        out.extend(more);
    }
    Ok(out)
}
