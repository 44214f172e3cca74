//! The hooks of a site.

use crate::{HookView, view};
use context::{Context, Result};
use store::hooks::HookRow;

/// Every hook of the site, oldest first, secrets masked. The limit on hooks keeps the list short.
///
/// # Errors
/// When the database fails.
pub async fn list(cx: &Context, site_id: &str) -> Result<Vec<HookView>> {
    let mut db = cx.read().await?;
    let rows = store::hooks::list(&mut db, site_id).await?;
    let mut unwell = store::hook_health::of_site(&mut db, site_id).await?;
    let view = |row: HookRow| {
        let health = unwell.remove(&row.id).unwrap_or_default();
        view::view(cx, row, health)
    };
    rows.into_iter().map(view).collect()
}
