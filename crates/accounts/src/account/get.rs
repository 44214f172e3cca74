//! Shows one account to one of its members.

use super::show;
use crate::Principal;
use context::{Context, Error, Result};
use model::Account;
use store::{Conn, accounts};

/// The account with this id.
///
/// # Errors
/// [`Error::NotFound`] when there is none that the caller is a member of.
pub async fn get(cx: &Context, who: &Principal, account_id: &str) -> Result<Account> {
    let mut db = cx.read().await?;
    shown(&mut db, &who.user_id, account_id).await
}

/// The account as the member sees it, also after a change in the same transaction.
pub(super) async fn shown(db: &mut Conn, user_id: &str, account_id: &str) -> Result<Account> {
    let views = accounts::views(db, user_id, Some(account_id)).await?;
    views.into_iter().next().map(show).ok_or(Error::NotFound)
}
