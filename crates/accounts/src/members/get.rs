//! Shows one member of an account.

use context::{Context, Error, Result};
use model::Member;
use store::users;

/// The member with this user id.
///
/// # Errors
/// [`Error::NotFound`] when the account has no such member.
pub async fn get(cx: &Context, account_id: &str, user_id: &str) -> Result<Member> {
    let mut db = cx.read().await?;
    users::member(&mut db, account_id, user_id).await?.ok_or(Error::NotFound)
}
