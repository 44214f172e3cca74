//! `deleteSiteSnippet`.

use super::setup::{id, pages_change};
use context::{Context, Error, Result};
use store::{sites, snippets};

/// Deletes a snippet. It is in no page from the next request on.
///
/// # Errors
/// `NotFound` when the site has no such snippet.
pub async fn delete(cx: &Context, site_id: &str, snippet_id: &str) -> Result<()> {
    let mut tx = cx.begin().await?;
    let site = sites::lock_row(&mut tx, site_id).await?.ok_or(Error::NotFound)?;
    if !snippets::delete(&mut tx, site_id, id(snippet_id)?).await? {
        return Err(Error::NotFound);
    }
    pages_change(&mut tx, cx, site).await?;
    Ok(tx.commit().await?)
}
