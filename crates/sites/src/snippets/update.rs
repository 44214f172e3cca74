//! `updateSiteSnippet`.

use super::Setup;
use super::setup::{id, pages_change};
use context::{Context, Error, Result};
use store::sites;
use store::snippets::{self, SnippetRow};

/// Changes a snippet. It keeps its place among the others.
///
/// # Errors
/// `NotFound` when the site has no such snippet, `Unprocessable` when a text is too long.
pub async fn update(cx: &Context, site_id: &str, snippet_id: &str, setup: Setup) -> Result<SnippetRow> {
    let mut tx = cx.begin().await?;
    let site = sites::lock_row(&mut tx, site_id).await?.ok_or(Error::NotFound)?;
    let old = snippets::find(&mut tx, site_id, id(snippet_id)?).await?.ok_or(Error::NotFound)?;
    let new = setup.over(old)?;
    snippets::update(&mut tx, &new).await?;
    pages_change(&mut tx, cx, site).await?;
    tx.commit().await?;
    Ok(new)
}
