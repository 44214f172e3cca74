//! The parts of a build with their times, as its log tells them.

use context::{Context, Result};
use model::LogSection;
use store::build_log;
use store::builds::BuildRow;

/// The parts of a build in their order. The last one ends with the build.
///
/// # Errors
/// When the database fails.
pub async fn sections(cx: &Context, build: &BuildRow) -> Result<Vec<LogSection>> {
    let head = build_log::head(&mut cx.read().await?, &build.id).await?.unwrap_or_default();
    let mut sections = head.sections;
    if let (Some(last), Some(end)) = (sections.last_mut(), build.finished_at) {
        last.end(end);
    }
    Ok(sections)
}
