//! What asked for a build. It travels in the build's row, so that any node can carry it out.

use serde::{Deserialize, Serialize};

/// What asked for a build, and what it said about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cause {
    /// Branch to build; the site's production branch where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Title of the deploy; the commit's first line where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Whether the build must not use what an earlier one left behind. Builds share nothing, so
    /// this only decides what `CACHED_COMMIT_REF` says.
    pub clear_cache: bool,
    /// The person who asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The build hook that was called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hook: Option<Incoming>,
}

/// A call of a build hook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incoming {
    /// The hook's title.
    pub title: String,
    /// The URL that was called; it is a secret.
    pub url: String,
    /// The body, percent-encoded (seed 004).
    pub body: String,
}
