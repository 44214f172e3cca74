//! Deletes a deploy key: builds that clone with it fail from now on.

use super::find;
use crate::Principal;
use context::{Context, Result};
use model::Scope;
use store::deploy_keys;

/// Deletes the key.
///
/// # Errors
/// [`context::Error::NotFound`] when there is none that the caller may know of;
/// [`context::Error::Forbidden`] when they may only look at it.
pub async fn delete(cx: &Context, who: &Principal, key_id: &str) -> Result<()> {
    let mut tx = cx.begin().await?;
    let row = find(&mut tx, who, key_id, Scope::Write).await?;
    deploy_keys::delete(&mut tx, &row.id).await?;
    Ok(tx.commit().await?)
}
