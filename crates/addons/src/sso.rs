//! Links by which people of a site get into the provider's own pages (seed 000): its `admin_url`
//! with a token behind the `#`, made afresh each time it is shown.

use crate::registry::secrets::Secrets;
use model::Timestamp;
use serde_json::{Value, json};
use signing::sign_hs256;
use store::sites::SiteRow;
use url::Url;

/// Seconds for which a link works.
pub const LINK_LIFE_SECONDS: i64 = 600;

/// The link; none when the manifest names no page.
pub(crate) fn auth_url(
    manifest: Option<&str>,
    site: &SiteRow,
    remote_id: &str,
    secrets: &Secrets,
    now: Timestamp,
) -> Option<String> {
    let manifest: Value = serde_json::from_str(manifest?).ok()?;
    let mut url = Url::parse(manifest.get("admin_url")?.as_str()?).ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let claims = json!({
        "site_id": site.id,
        "account_id": site.account_id,
        "remote_id": remote_id,
        "exp": now.seconds() + LINK_LIFE_SECONDS,
    });
    url.set_fragment(Some(&sign_hs256(&claims.to_string(), secrets.current.as_bytes())));
    Some(url.into())
}
