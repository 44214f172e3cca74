//! `createSiteSnippet`.

use super::Setup;
use super::setup::{blank, pages_change};
use context::{Context, Error, Result};
use store::sites;
use store::snippets::{self, SnippetRow};

/// Snippets of one site.
pub const SNIPPETS_MAX: usize = 50;

/// Makes a snippet, behind those that the site has. It is in every page from the next request on.
///
/// # Errors
/// `Unprocessable` when a text is too long, or the site has as many snippets as it may.
pub async fn create(cx: &Context, site_id: &str, setup: Setup) -> Result<SnippetRow> {
    let mut snippet = setup.over(blank(site_id))?;
    let mut tx = cx.begin().await?;
    let site = sites::lock_row(&mut tx, site_id).await?.ok_or(Error::NotFound)?;
    if snippets::list(&mut tx, site_id).await?.len() >= SNIPPETS_MAX {
        return Err(Error::Unprocessable(format!("a site may have {SNIPPETS_MAX} snippets")));
    }
    snippet.id = snippets::insert(&mut tx, &snippet).await?;
    pages_change(&mut tx, cx, site).await?;
    tx.commit().await?;
    Ok(snippet)
}
