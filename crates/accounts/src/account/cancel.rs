//! Ends an account. It must have no site, and whoever ends it must have another.

use crate::Principal;
use context::{Context, Error, Result};
use store::{ChangeKind, Tx, accounts, sites, users};

/// Deletes the account with its members, variables and keys.
///
/// # Errors
/// [`Error::Unprocessable`] while it has sites, or when it is the caller's only account;
/// [`Error::NotFound`] when it is gone already.
pub async fn cancel(cx: &Context, who: &Principal, account_id: &str) -> Result<()> {
    let mut tx = cx.begin().await?;
    if !accounts::lock(&mut tx, account_id).await? {
        return Err(Error::NotFound);
    }
    if sites::count(&mut tx, account_id).await? > 0 {
        return Err(Error::Unprocessable("delete the sites of this account first".to_owned()));
    }
    if accounts::count_for_user(&mut tx, &who.user_id).await? <= 1 {
        return Err(Error::Unprocessable("this is your only account; make another one first".to_owned()));
    }
    tell_members(&mut tx, cx, account_id).await?;
    accounts::delete(&mut tx, account_id).await?;
    Ok(tx.commit().await?)
}

async fn tell_members(tx: &mut Tx, cx: &Context, account_id: &str) -> Result<()> {
    for member in users::members(tx, account_id).await? {
        tx.changed(ChangeKind::User, &member.id, cx.now()).await?;
    }
    Ok(())
}
