//! What asked for a build. It travels in the build's row, so that any node can carry it out.

use model::Timestamp;
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
    /// Whether the build must not use what an earlier one left behind; that is thrown away.
    pub clear_cache: bool,
    /// The build that this one repeats. It replaces none that waits: newer content may wait there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_of: Option<String>,
    /// The person who asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The build hook that was called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hook: Option<Incoming>,
    /// What a Git host told of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub push: Option<Push>,
    /// Whether the code comes from somebody whom the site's owner does not trust: such a build gets
    /// no secrets, and waits for a yes where the site asks for one.
    pub untrusted: bool,
    /// The yes of a person who was asked whether to build code that is not trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Accepted>,
}

/// A person's yes to code that is not trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Accepted {
    /// Who said it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Whether they let the build have the secrets; it counts as trusted then.
    pub with_secrets: bool,
    /// When: from then on the build is in line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

/// A change in a repository that a Git host told of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Push {
    /// The commit to build, full SHA; the newest of the branch where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Page of the commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit_url: Option<String>,
    /// Who made the commit, or opened the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub committer: Option<String>,
    /// What to fetch from the site's repository where it is no branch of it, `refs/pull/7/head` say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// What is fetched in place of the site's repository: a fork whose branch is asked to be merged, where the
    /// host keeps nothing of that in the repository itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fork: Option<String>,
    /// The pull or merge request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review: Option<Review>,
}

/// A pull or merge request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Review {
    /// Its number.
    pub id: i64,
    /// Its page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
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
