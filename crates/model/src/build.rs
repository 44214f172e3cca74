//! Builds, build hooks and lines of a build's log.

use crate::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A build as the API shows it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Build {
    /// 24 hex digits.
    pub id: String,
    /// The deploy it makes.
    pub deploy_id: String,
    /// Commit, once known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha: Option<String>,
    /// Whether it came to an end.
    pub done: bool,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// Where it stands.
    pub state: BuildState,
    /// Its place in the line of all builds that wait, from 1. Boathook's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue_position: Option<i64>,
    /// When its command began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// Parts of the build in their order, as far as it came; only where one build is shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sections: Vec<LogSection>,
}

/// Where a build stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BuildState {
    /// Waits for a person, since its code is not trusted.
    PendingReview,
    /// Waits for a place.
    Enqueued,
    /// Runs.
    Building,
    /// Made its deploy.
    Done,
    /// Failed.
    Failed,
    /// Stopped by a person.
    Cancelled,
}

impl BuildState {
    /// The state's name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PendingReview => "pending_review",
            Self::Enqueued => "enqueued",
            Self::Building => "building",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let all =
            [Self::PendingReview, Self::Enqueued, Self::Building, Self::Done, Self::Failed, Self::Cancelled];
        all.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether nothing can follow.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

/// A part of a build, by its lines in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogSection {
    /// Its name, as the lines have it.
    pub name: String,
    /// Number of its first line.
    pub first_line: i64,
    /// When that was written.
    pub started_at: Timestamp,
    /// When the next part began, or the build ended; absent while it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Milliseconds from beginning to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<i64>,
}

impl LogSection {
    /// A part that begins with a line, and lasts.
    #[must_use]
    pub fn new(name: &str, first_line: i64, started_at: Timestamp) -> Self {
        Self { name: name.to_owned(), first_line, started_at, ended_at: None, duration_ms: None }
    }

    /// The part has come to its end.
    pub fn end(&mut self, at: Timestamp) {
        self.ended_at = Some(at);
        self.duration_ms = Some((at.0 - self.started_at.0).max(0));
    }
}

/// One line of a build's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogLine {
    /// When it was written.
    pub ts: Timestamp,
    /// Part of the build: `queued`, `clone`, `install`, `build`, `plugins`, `functions`, `upload`,
    /// `publish`, `deploy`; a build machine of another make may have its own.
    pub section: String,
    /// The line, without its end.
    pub message: String,
    /// Whether it came from standard error or is Boathook's own complaint.
    #[serde(default)]
    pub error: bool,
}
