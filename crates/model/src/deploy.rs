//! A deploy as the API and the event payloads show it (seed 004 `Deploy`, and the fields real
//! consumers read beside it).

use crate::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where a deploy stands. Which moves are allowed is the table of the deploys feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeployState {
    /// Made, nothing known of its files.
    New,
    /// Waits for a person to let an untrusted build begin.
    PendingReview,
    /// Its build waits for a place.
    Enqueued,
    /// Its build runs.
    Building,
    /// The digest of an async deploy is taken in; uploads can begin.
    Prepared,
    /// Files are missing and being uploaded.
    Uploading,
    /// Every file is here.
    Uploaded,
    /// Being made ready to serve.
    Processing,
    /// Can be served; immutable from here.
    Ready,
    /// Did not complete; `error_message` says why.
    Error,
    /// Refused by a person, for untrusted deploys.
    Rejected,
}

impl DeployState {
    /// Every state.
    pub const ALL: [Self; 11] = [
        Self::New,
        Self::PendingReview,
        Self::Enqueued,
        Self::Building,
        Self::Prepared,
        Self::Uploading,
        Self::Uploaded,
        Self::Processing,
        Self::Ready,
        Self::Error,
        Self::Rejected,
    ];

    /// The state's name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::PendingReview => "pending_review",
            Self::Enqueued => "enqueued",
            Self::Building => "building",
            Self::Prepared => "prepared",
            Self::Uploading => "uploading",
            Self::Uploaded => "uploaded",
            Self::Processing => "processing",
            Self::Ready => "ready",
            Self::Error => "error",
            Self::Rejected => "rejected",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether nothing can follow.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Ready | Self::Error | Self::Rejected)
    }
}

impl fmt::Display for DeployState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a deploy is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DeployContext {
    /// Meant to go live.
    Production,
    /// A pull or merge request, or a draft.
    DeployPreview,
    /// Another branch, or an alias.
    BranchDeploy,
}

impl DeployContext {
    /// The context's name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::DeployPreview => "deploy-preview",
            Self::BranchDeploy => "branch-deploy",
        }
    }

    /// The context of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Production, Self::DeployPreview, Self::BranchDeploy].into_iter().find(|c| c.as_str() == text)
    }
}

/// A function's cron schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FunctionSchedule {
    /// The function.
    pub name: String,
    /// When it runs: five fields, or `@hourly` and the like.
    pub cron: String,
}

/// A function of a deploy, in the short keys that clients read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FunctionInfo {
    /// Name.
    pub n: String,
    /// SHA-256 of its zip.
    pub d: String,
    /// Runtime, `js` for old-style handlers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r: Option<String>,
    /// Size of the zip in bytes.
    pub s: i64,
    /// `stream` or `background` where asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub im: Option<String>,
    /// Id of the function in logs.
    pub oid: String,
    /// When it was uploaded.
    pub c: Timestamp,
}

/// A file of a deploy, as `GET /sites/{id}/files` lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileEntry {
    /// The path again.
    pub id: String,
    /// Path from the root, beginning with a slash.
    pub path: String,
    /// SHA-1 of the content.
    pub sha: String,
    /// Media type.
    pub mime_type: String,
    /// Size in bytes.
    pub size: i64,
    /// The site.
    pub site_id: String,
    /// The deploy it is from.
    pub deploy_id: String,
}

/// A deploy. Absent values are left out rather than null, so that payloads fit seed 004's schema.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Deploy {
    /// 24 lower-case hex digits.
    pub id: String,
    /// The site's id.
    pub site_id: String,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The build that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build_id: Option<String>,
    /// Where it stands.
    #[schemars(with = "String")]
    pub state: DeployState,
    /// The site's name.
    pub name: String,
    /// The site's address.
    pub url: String,
    /// The site's address, preferred by clients.
    pub ssl_url: String,
    /// The site's page in the dashboard; clients put `/deploys/<id>` behind it.
    pub admin_url: String,
    /// Address of this deploy: its alias, branch or preview when it has one, else the permalink.
    pub deploy_url: String,
    /// The same, preferred by clients.
    pub deploy_ssl_url: String,
    /// Picture of the deploy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub screenshot_url: Option<String>,
    /// Number of the pull or merge request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<f64>")]
    pub review_id: Option<i64>,
    /// Whether it was made not to go live.
    pub draft: bool,
    /// SHA-1 digests that still must be uploaded.
    pub required: Vec<String>,
    /// SHA-256 digests of function zips that still must be uploaded.
    pub required_functions: Vec<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// Branch or alias.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Commit it was built from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit_ref: Option<String>,
    /// Page of the commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit_url: Option<String>,
    /// Who made the commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub committer: Option<String>,
    /// Whether its build was skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<bool>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it went live last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_at: Option<Timestamp>,
    /// Message in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it is for.
    #[schemars(with = "String")]
    pub context: DeployContext,
    /// Whether it holds the site, so that newer deploys do not go live.
    pub locked: bool,
    /// Page of the pull or merge request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review_url: Option<String>,
    /// Framework that the client detected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub framework: Option<String>,
    /// Schedules of its functions.
    pub function_schedules: Vec<FunctionSchedule>,
    /// Its functions.
    pub available_functions: Vec<FunctionInfo>,
    /// Seconds from creation to ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deploy_time: Option<i64>,
    /// Whether it was uploaded rather than built here.
    pub manual_deploy: bool,
    /// What was noticed while it was made ready: `{status, messages: [{type, title, description}]}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<serde_json::Value>,
    /// Its addresses: `{permalink, alias, branch}`.
    pub links: serde_json::Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_states_and_contexts_round_trip() {
        for state in DeployState::ALL {
            assert_eq!(DeployState::parse(state.as_str()), Some(state));
            assert_eq!(serde_json::to_value(state).ok(), Some(state.as_str().into()));
        }
        for name in ["production", "deploy-preview", "branch-deploy"] {
            let context = DeployContext::parse(name).map(|c| serde_json::to_value(c).ok());
            assert_eq!(context, Some(Some(name.into())));
        }
    }
}
