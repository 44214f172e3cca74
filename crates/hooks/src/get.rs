//! One hook.

use crate::{HookView, view};
use context::{Context, Error, Result};

/// The hook, its secrets masked.
///
/// # Errors
/// `NotFound`.
pub async fn get(cx: &Context, hook_id: &str) -> Result<HookView> {
    let row = store::hooks::find(&mut cx.read().await?, hook_id).await?;
    view::view(cx, row.ok_or(Error::NotFound)?)
}
