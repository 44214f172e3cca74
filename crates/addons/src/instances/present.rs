//! An instance as clients read it: Netlify's `serviceInstance`, and how far it is.

use super::Document;
use crate::registry::secrets::{MASK, Secrets};
use crate::sso::auth_url;
use context::{Context, Result};
use model::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};
use store::addon_instances::InstanceRow;
use store::addons::AddonRow;
use store::sites::SiteRow;

/// The wire shape.
#[derive(Clone, Debug, Serialize)]
pub struct Instance {
    /// 24 hex digits.
    pub id: String,
    /// Where its proxied requests go; null when the provider named no place.
    pub url: Option<String>,
    /// Configuration.
    pub config: Map<String, Value>,
    /// Under which names the provider knows it: `{uuid, remote_id}`.
    pub external_attributes: Value,
    /// Name of its add-on in commands and paths.
    pub service_slug: String,
    /// Where the site reaches it.
    pub service_path: String,
    /// Title of its add-on.
    pub service_name: String,
    /// Variables for builds and functions, masked for those who may only read.
    pub env: Map<String, Value>,
    /// Snippets as the provider gave them.
    pub snippets: Vec<Value>,
    /// A link into the provider's pages that works for a few minutes; null when it has none, and for
    /// those who may only read.
    pub auth_url: Option<String>,
    /// `provisioning`, `active` or `failed`.
    pub state: &'static str,
    /// What the provider said about the state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_message: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// The instance, with everything that it opens (`whole`) or without.
///
/// # Errors
/// When it was not sealed with this server's key.
pub fn present(
    cx: &Context,
    site: &SiteRow,
    addon: &AddonRow,
    row: &InstanceRow,
    whole: bool,
) -> Result<Instance> {
    let mut document = Document::of(cx, row)?;
    let remote = row.remote_id.as_deref().unwrap_or_default();
    let auth_url = if whole {
        auth_url(addon.manifest.as_deref(), site, remote, &Secrets::of(cx, addon)?, cx.now())
    } else {
        document.env.values_mut().for_each(|value| *value = MASK.into());
        None
    };
    Ok(Instance {
        id: row.id.clone(),
        url: row.endpoint.clone(),
        config: document.config,
        external_attributes: json!({ "uuid": row.uuid, "remote_id": remote }),
        service_slug: addon.slug.clone(),
        service_path: format!("/.netlify/{}", addon.slug),
        service_name: addon.doc.name.clone(),
        env: document.env,
        snippets: row.snippets.clone(),
        auth_url,
        state: row.state.as_str(),
        state_message: row.note.clone(),
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}
