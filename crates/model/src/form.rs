//! A form of a site as the API shows it.

use crate::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A form that was found in the pages of a site.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Form {
    /// 24 hex digits.
    pub id: String,
    /// The site.
    pub site_id: String,
    /// As its page names it.
    pub name: String,
    /// Addresses of the pages it is on, from the root of the site.
    pub paths: Vec<String>,
    /// How many submissions it has that are no spam.
    pub submission_count: i32,
    /// When the last of them came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_submission_at: Option<Timestamp>,
    /// Its fields in the order of the page.
    pub fields: Vec<FormField>,
    /// Whether a hidden field catches robots.
    pub honeypot: bool,
    /// When it was first found.
    pub created_at: Timestamp,
}

/// A field of a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FormField {
    /// Its name.
    pub name: String,
    /// `text`, `email`, `file`, ..., `textarea` or `select`.
    #[serde(rename = "type")]
    pub kind: String,
}
