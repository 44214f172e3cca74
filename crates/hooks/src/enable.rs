//! Enables a hook.

use crate::{HookView, view};
use context::{Context, Error, Result};

/// Lets the hook receive again. What was held meanwhile stays held until it is sent again: see
/// [`crate::resend_since`].
///
/// # Errors
/// `NotFound`.
pub async fn enable(cx: &Context, hook_id: &str) -> Result<HookView> {
    let mut tx = cx.begin().await?;
    store::hooks::set_disabled(&mut tx, hook_id, false, cx.now()).await?;
    let row = store::hooks::find(&mut tx, hook_id).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;
    view::view(cx, row)
}
