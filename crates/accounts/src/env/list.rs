//! Lists the variables of an account or of one of its sites; the two are never merged.

use super::{Filter, open, place};
use context::{Context, Result};
use model::EnvVar;
use store::env_vars;

/// Variables in the order of their keys, secrets masked.
///
/// # Errors
/// [`context::Error::NotFound`] when the account has no such site.
pub async fn list(
    cx: &Context,
    account_id: &str,
    site: Option<&str>,
    filter: &Filter,
) -> Result<Vec<EnvVar>> {
    let mut db = cx.read().await?;
    let place = place(&mut db, account_id, site).await?;
    let rows = env_vars::list(&mut db, &place).await?;
    drop(db);
    let mut vars = Vec::with_capacity(rows.len());
    for row in rows {
        vars.extend(filter.apply(open(cx, row)?).map(EnvVar::masked));
    }
    Ok(vars)
}
