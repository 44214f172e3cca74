//! Deletes a variable with all its values.

use super::place;
use context::{Context, Error, Result};
use store::env_vars;

/// Deletes the variable.
///
/// # Errors
/// [`Error::NotFound`] when there is no such site or variable.
pub async fn delete(cx: &Context, account_id: &str, site: Option<&str>, key: &str) -> Result<()> {
    let mut tx = cx.begin().await?;
    let place = place(&mut tx, account_id, site).await?;
    if !env_vars::delete(&mut tx, &place, key).await? {
        return Err(Error::NotFound);
    }
    Ok(tx.commit().await?)
}
