//! The parts of a build with their times, as its log tells them.

use super::section;
use crate::Cause;
use context::{Context, Result};
use model::{BuildState, LogSection, Timestamp};
use store::build_log;
use store::builds::BuildRow;

/// The parts of a build in their order. The first one is the time in line, and begins before anything
/// is written; the last one ends with the build.
///
/// # Errors
/// When the database fails.
pub async fn sections(cx: &Context, build: &BuildRow) -> Result<Vec<LogSection>> {
    let head = build_log::head(&mut cx.read().await?, &build.id).await?.unwrap_or_default();
    let mut sections = head.sections;
    if sections.is_empty() && build.state == BuildState::Enqueued {
        sections.push(LogSection::new(section::QUEUED, 0, queued_at(build)));
    }
    if let Some(first) = sections.first_mut().filter(|first| first.name == section::QUEUED) {
        first.started_at = queued_at(build);
        first.ended_at.into_iter().for_each(|end| first.end(end));
    }
    if let (Some(last), Some(end)) = (sections.last_mut(), build.finished_at) {
        last.end(end);
    }
    Ok(sections)
}

/// When the build came into line: when it was asked for, or when a person accepted it.
fn queued_at(build: &BuildRow) -> Timestamp {
    let cause: Option<Cause> = serde_json::from_value(build.cause.clone()).ok();
    cause.and_then(|cause| cause.accepted?.at).unwrap_or(build.created_at)
}
