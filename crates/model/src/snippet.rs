//! A snippet as the API shows it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Text that a site puts into its pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Snippet {
    /// From 1 on: clients drop an id of 0 from paths.
    pub id: i64,
    /// The site.
    pub site_id: String,
    /// What its owner calls it.
    pub title: String,
    /// Put into every page.
    pub general: String,
    /// `head` or `footer`.
    pub general_position: String,
    /// For pages that are reached after a form; kept, not served.
    pub goal: String,
    /// `head` or `footer`.
    pub goal_position: String,
}
