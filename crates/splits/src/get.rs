//! `getSplitTest`.

use context::{Context, Error, Result};
use store::splits::{self, SplitRow};

/// One split test of a site.
///
/// # Errors
/// `NotFound` when the site has none of this id.
pub async fn get(cx: &Context, site_id: &str, id: &str) -> Result<SplitRow> {
    splits::find(&mut cx.read().await?, site_id, id).await?.ok_or(Error::NotFound)
}
