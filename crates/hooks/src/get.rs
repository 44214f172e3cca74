//! One hook.

use crate::{HookView, view};
use context::{Context, Error, Result};

/// The hook, its secrets masked.
///
/// # Errors
/// `NotFound`.
pub async fn get(cx: &Context, hook_id: &str) -> Result<HookView> {
    let mut db = cx.read().await?;
    let row = store::hooks::find(&mut db, hook_id).await?.ok_or(Error::NotFound)?;
    let health = store::hook_health::find(&mut db, hook_id).await?;
    view::view(cx, row, health)
}
