//! Shows one variable of an account or site.

use super::{open, place};
use context::{Context, Error, Result};
use model::EnvVar;
use store::env_vars;

/// The variable, a secret masked.
///
/// # Errors
/// [`Error::NotFound`] when there is no such site or variable.
pub async fn get(cx: &Context, account_id: &str, site: Option<&str>, key: &str) -> Result<EnvVar> {
    let mut db = cx.read().await?;
    let place = place(&mut db, account_id, site).await?;
    let row = env_vars::find(&mut db, &place, key).await?.ok_or(Error::NotFound)?;
    open(cx, row).map(EnvVar::masked)
}
