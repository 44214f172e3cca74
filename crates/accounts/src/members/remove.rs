//! Ends a membership. The person stays known to the server.

use super::held;
use context::{Context, Result};
use store::{ChangeKind, tokens, users};

/// Removes the member, with their tokens that are confined to this account.
///
/// # Errors
/// [`context::Error::NotFound`] when the account has no such member;
/// [`context::Error::Unprocessable`] for the last owner.
pub async fn remove(cx: &Context, account_id: &str, user_id: &str) -> Result<()> {
    let mut tx = cx.begin().await?;
    let member = held(&mut tx, account_id, user_id, false).await?;
    users::remove_member(&mut tx, account_id, &member.id).await?;
    tokens::delete_confined(&mut tx, &member.id, account_id).await?;
    tx.changed(ChangeKind::User, &member.id, cx.now()).await?;
    Ok(tx.commit().await?)
}
