//! The private half of a deploy key, for the build that clones with it.

use super::PURPOSE;
use context::{Context, Error, Result};
use store::deploy_keys;

/// The private key in OpenSSH's format. Never to be logged or shown.
///
/// # Errors
/// [`Error::NotFound`] when the account has no such key.
pub async fn private_key(cx: &Context, account_id: &str, key_id: &str) -> Result<String> {
    let mut db = cx.read().await?;
    let row = deploy_keys::find(&mut db, key_id).await?;
    let row = row.filter(|row| row.account_id == account_id).ok_or(Error::NotFound)?;
    String::from_utf8(cx.open(PURPOSE, &row.sealed)?).map_err(Error::internal)
}
