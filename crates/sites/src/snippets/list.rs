//! `listSiteSnippets`.

use context::{Context, Result};
use store::snippets::{self, SnippetRow};

/// Every snippet of a site, in the order in which they were made.
///
/// # Errors
/// When the database fails.
pub async fn list(cx: &Context, site_id: &str) -> Result<Vec<SnippetRow>> {
    Ok(snippets::list(&mut cx.read().await?, site_id).await?)
}
