//! The hooks of a site.

use crate::{HookView, view};
use context::{Context, Result};

/// Every hook of the site, oldest first, secrets masked. The limit on hooks keeps the list short.
///
/// # Errors
/// When the database fails.
pub async fn list(cx: &Context, site_id: &str) -> Result<Vec<HookView>> {
    let rows = store::hooks::list(&mut cx.read().await?, site_id).await?;
    rows.into_iter().map(|row| view::view(cx, row)).collect()
}
