//! Lists the deploy keys of the caller's accounts.

use super::{DeployKey, show};
use crate::Principal;
use context::{Context, Result};
use store::deploy_keys;

/// Keys of every account the token reaches, account by account, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(cx: &Context, who: &Principal) -> Result<Vec<DeployKey>> {
    let mut db = cx.read().await?;
    let mut keys = Vec::new();
    for (account_id, _) in &who.memberships {
        keys.extend(deploy_keys::list(&mut db, account_id).await?.into_iter().map(show));
    }
    Ok(keys)
}
