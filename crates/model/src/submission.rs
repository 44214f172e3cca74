//! A form submission as the API and the event payloads show it (seed 004 `Submission`).

use crate::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a visitor sent with a form. Fields of the person are derived from field names.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Submission {
    /// 24 hex digits.
    pub id: String,
    /// Number within the site, from 1.
    pub number: i32,
    /// Subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Address of the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Name of the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// First name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Last name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Company.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Beginning of the body, for lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Main text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Every field as sent, and `ip`, `user_agent`, `referrer`.
    pub data: Map<String, Value>,
    /// Every field under a readable title.
    pub human_fields: Map<String, Value>,
    /// The same in the order of the form: `{title, name, value}`.
    pub ordered_human_fields: Vec<Value>,
    /// When it was received.
    pub created_at: Timestamp,
    /// The form.
    pub form_id: String,
    /// The form's name.
    pub form_name: String,
    /// The site's address.
    pub site_url: String,
}
