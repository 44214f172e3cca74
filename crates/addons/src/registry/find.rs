//! Finding add-ons.

use context::{Context, Result};
use model::Page;
use store::addons::{self, AddonRow, Seen};

/// The add-on of that slug, whoever may see it.
///
/// # Errors
/// When the database fails.
pub async fn find(cx: &Context, slug: &str) -> Result<Option<AddonRow>> {
    Ok(addons::find_by_slug(&mut cx.read().await?, slug).await?)
}

/// Public add-ons and those of these accounts, by slug; `search` narrows by slug, name and
/// description.
///
/// # Errors
/// When the database fails.
pub async fn list(
    cx: &Context,
    accounts: &[&str],
    search: Option<&str>,
    page: Page,
) -> Result<Vec<AddonRow>> {
    Ok(addons::list(&mut cx.read().await?, &Seen { accounts, search }, page).await?)
}
