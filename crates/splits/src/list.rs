//! `getSplitTests`.

use context::{Context, Result};
use store::splits::{self, SplitRow};

/// Every split test of a site, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn list(cx: &Context, site_id: &str) -> Result<Vec<SplitRow>> {
    Ok(splits::list(&mut cx.read().await?, site_id).await?)
}
