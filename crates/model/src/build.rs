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
    /// When its command began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
}

/// Where a build stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BuildState {
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
        [Self::Enqueued, Self::Building, Self::Done, Self::Failed, Self::Cancelled]
            .into_iter()
            .find(|state| state.as_str() == text)
    }

    /// Whether nothing can follow.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

/// An incoming URL that starts a build (seed 004 `BuildHook`).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BuildHook {
    /// 24 hex digits; the secret part of the URL.
    pub id: String,
    /// What its owner calls it.
    pub title: String,
    /// Branch it builds; empty for the production branch.
    pub branch: String,
    /// What to POST to.
    pub url: String,
    /// The site.
    pub site_id: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// One line of a build's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogLine {
    /// When it was written.
    pub ts: Timestamp,
    /// Part of the build: `queued`, `clone`, `build`, `deploy`, ...
    pub section: String,
    /// The line, without its end.
    pub message: String,
    /// Whether it came from standard error or is Boathook's own complaint.
    #[serde(default)]
    pub error: bool,
}
