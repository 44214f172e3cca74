//! Lists the members of an account.

use context::{Context, Result};
use model::Member;
use store::users;

/// Members in the order they came.
///
/// # Errors
/// When the database fails.
pub async fn list(cx: &Context, account_id: &str) -> Result<Vec<Member>> {
    let mut db = cx.read().await?;
    Ok(users::members(&mut db, account_id).await?)
}
