//! An add-on as clients read it. No read shows its secret.

use context::Context;
use model::Timestamp;
use serde::Serialize;
use serde_json::Value;
use store::addons::AddonRow;

/// The wire shape: Netlify's `service`, and beneath it what only its own people see.
#[derive(Clone, Debug, Serialize)]
pub struct Service {
    /// 24 hex digits.
    pub id: String,
    /// Title.
    pub name: String,
    /// Name in commands and paths.
    pub slug: String,
    /// Where sites reach it.
    pub service_path: String,
    /// One sentence.
    pub description: String,
    /// More than one sentence.
    pub long_description: String,
    /// Address of a picture, or empty.
    pub icon: String,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// Always empty; clients expect a list.
    pub events: [Value; 0],
    /// Where it runs.
    pub environments: [&'static str; 1],
    /// Where its manifest can be read with a token for this server.
    pub manifest_url: String,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Whether every account of this server may use it.
    pub public: bool,
    /// Root of its management API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The account whose people look after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
}

/// The add-on as its own people see it, or as others do.
#[must_use]
pub fn present(cx: &Context, row: &AddonRow, own: bool) -> Service {
    let doc = row.doc.clone();
    Service {
        id: row.id.clone(),
        name: doc.name,
        service_path: format!("/.netlify/{}", row.slug),
        description: doc.description,
        long_description: doc.long_description.unwrap_or_default(),
        icon: doc.icon.unwrap_or_default(),
        tags: doc.tags,
        events: [],
        environments: ["production"],
        manifest_url: format!("{}/services/{}/manifest", cx.addresses().api_url(), row.slug),
        slug: row.slug.clone(),
        created_at: row.created_at,
        updated_at: row.updated_at,
        public: row.public,
        endpoint: own.then(|| row.endpoint.clone()),
        account_id: row.account_id.clone().filter(|_| own),
    }
}
