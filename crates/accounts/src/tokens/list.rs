//! Lists the caller's tokens, without their values.

use super::{TokenView, show};
use crate::Principal;
use context::{Context, Result};
use store::tokens;

/// The caller's tokens, newest first. A token that is confined to an account sees only those that
/// are confined to the same one.
///
/// # Errors
/// When the database fails.
pub async fn list(cx: &Context, who: &Principal) -> Result<Vec<TokenView>> {
    let mut db = cx.read().await?;
    let rows = tokens::list(&mut db, &who.user_id, who.only_account.as_deref()).await?;
    Ok(rows.into_iter().map(show).collect())
}
