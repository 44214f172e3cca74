//! What a build plugin reports of itself: Netlify's `pluginRun`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A report of a build plugin about one deploy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PluginRun {
    /// The plugin's package.
    pub package: String,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// `success`, `failed_plugin`, `failed_build`, `canceled_build` or `skipped`.
    pub state: String,
    /// The build's event after which it reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reporting_event: Option<String>,
    /// What it showed: a title,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// a summary,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// and a longer text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The deploy.
    pub deploy_id: String,
}
