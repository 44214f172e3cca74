//! `getSiteSnippet`.

use super::setup::id;
use context::{Context, Error, Result};
use store::snippets::{self, SnippetRow};

/// One snippet of a site.
///
/// # Errors
/// `NotFound` when the site has no such snippet.
pub async fn get(cx: &Context, site_id: &str, snippet_id: &str) -> Result<SnippetRow> {
    snippets::find(&mut cx.read().await?, site_id, id(snippet_id)?).await?.ok_or(Error::NotFound)
}
