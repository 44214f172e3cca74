//! Deletes a token: from now on it is refused everywhere.

use crate::{Access, Principal};
use context::{Context, Error, Result};
use model::Scope;
use store::ChangeKind;
use store::tokens::{self, TokenRow};

/// Deletes one of the caller's tokens, or one that is confined to an account the caller owns.
///
/// # Errors
/// [`Error::NotFound`] when there is none that the caller may delete.
pub async fn delete(cx: &Context, who: &Principal, token_id: &str) -> Result<()> {
    let mut tx = cx.begin().await?;
    let token = tokens::find(&mut tx, token_id)
        .await?
        .filter(|token| may_delete(who, token))
        .ok_or(Error::NotFound)?;
    tokens::delete(&mut tx, &token.id).await?;
    tx.changed(ChangeKind::User, &token.user_id, cx.now()).await?;
    Ok(tx.commit().await?)
}

fn may_delete(who: &Principal, token: &TokenRow) -> bool {
    let is_own =
        token.user_id == who.user_id && (who.only_account.is_none() || who.only_account == token.account_id);
    let is_in_own_account =
        || token.account_id.as_deref().is_some_and(|id| who.may(id, Scope::Admin) == Access::Granted);
    is_own || is_in_own_account()
}
