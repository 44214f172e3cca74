//! Shows one deploy key.

use super::{DeployKey, find, show};
use crate::Principal;
use context::{Context, Result};
use model::Scope;

/// The key with this id.
///
/// # Errors
/// [`context::Error::NotFound`] when there is none that the caller may know of.
pub async fn get(cx: &Context, who: &Principal, key_id: &str) -> Result<DeployKey> {
    let mut db = cx.read().await?;
    find(&mut db, who, key_id, Scope::Read).await.map(show)
}
