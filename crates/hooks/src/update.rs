//! Changes a hook.

use crate::input::check_form;
use crate::{HookInput, HookView, view};
use context::{Context, Error, Result};
use store::ChangeKind;

/// Puts what was sent over the hook. Settings that are not sent stay; so does a secret whose mask
/// is sent back. Whether the hook is disabled does not change.
///
/// # Errors
/// `NotFound`; `Unprocessable` when the outcome would not do.
pub async fn update(cx: &Context, hook_id: &str, input: HookInput) -> Result<HookView> {
    let mut tx = cx.begin().await?;
    let mut row = store::hooks::find(&mut tx, hook_id).await?.ok_or(Error::NotFound)?;
    let form_before = row.form_id.clone();
    input.apply(cx, &mut row)?;
    check_form(&mut tx, &row, form_before.as_deref()).await?;
    let now = cx.now();
    row.updated_at = now;
    store::hooks::update(&mut tx, &row).await?;
    tx.changed(ChangeKind::Hook, hook_id, now).await?;
    let health = store::hook_health::find(&mut tx, hook_id).await?;
    tx.commit().await?;
    view::view(cx, row, health)
}
