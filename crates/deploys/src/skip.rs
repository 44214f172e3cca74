//! Deploys whose build is not carried out, through no fault of its own: a newer build takes its place,
//! or the site says that there is nothing to build.

use crate::fail::{Way, end_in};
use context::{Context, Result};
use store::Tx;
use store::deploys::DeployRow;

/// Ends an unfinished deploy as skipped: state `error` and `skipped`, as clients know it, with the
/// reason as its message. `deploy_failed` tells of it, and no change of luck is told. A finished one
/// is left alone; the deploy as it is afterwards.
///
/// # Errors
/// `NotFound` when there is no such deploy; else when the database fails.
pub async fn skip(cx: &Context, deploy_id: &str, reason: &str) -> Result<DeployRow> {
    let mut tx = cx.begin().await?;
    let deploy = skip_in(&mut tx, cx, deploy_id, reason).await?;
    tx.commit().await?;
    Ok(deploy)
}

/// The same in the caller's transaction.
///
/// # Errors
/// `NotFound` when there is no such deploy; else when the database fails.
pub async fn skip_in(tx: &mut Tx, cx: &Context, deploy_id: &str, reason: &str) -> Result<DeployRow> {
    end_in(tx, cx, deploy_id, reason, Way::Skipped).await
}
