//! Deletes one value of a variable; the last one takes the variable with it.

use super::{editor, open, place, seal};
use context::{Context, Error, Result};
use store::env_vars;

/// Deletes the value with this id.
///
/// # Errors
/// [`Error::NotFound`] when there is no such site, variable or value.
pub async fn delete_value(
    cx: &Context,
    user_id: &str,
    account_id: &str,
    site: Option<&str>,
    key: &str,
    value_id: &str,
) -> Result<()> {
    let mut tx = cx.begin().await?;
    let place = place(&mut tx, account_id, site).await?;
    let row = env_vars::hold(&mut tx, &place, key).await?.ok_or(Error::NotFound)?;
    let mut var = open(cx, row)?;
    let at = var.values.iter().position(|value| value.id == value_id).ok_or(Error::NotFound)?;
    var.values.remove(at);
    if var.values.is_empty() {
        env_vars::delete(&mut tx, &place, key).await?;
    } else {
        var.updated_at = cx.now();
        var.updated_by = editor(&mut tx, user_id).await?;
        env_vars::update(&mut tx, &place, key, &seal(cx, &var)?).await?;
    }
    Ok(tx.commit().await?)
}
