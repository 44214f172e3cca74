//! Cancelling a deploy: clients do it when they fail half-way, people when they change their mind.

use crate::fail::fail_in;
use context::{Context, Error, Result};
use model::DeployState;
use store::Tx;
use store::deploys::DeployRow;

/// The `error_message` of a cancelled deploy.
pub const CANCELED: &str = "Canceled";

/// Cancels an unfinished deploy. Cancelling a failed one again is no error.
///
/// # Errors
/// `Unprocessable` when the deploy is ready, `NotFound` when there is none.
pub async fn cancel(cx: &Context, deploy_id: &str) -> Result<DeployRow> {
    let mut tx = cx.begin().await?;
    let deploy = cancel_in(&mut tx, cx, deploy_id).await?;
    tx.commit().await?;
    Ok(deploy)
}

/// The same in the caller's transaction.
///
/// # Errors
/// As [`cancel`]; nothing was changed then.
pub async fn cancel_in(tx: &mut Tx, cx: &Context, deploy_id: &str) -> Result<DeployRow> {
    let deploy = fail_in(tx, cx, deploy_id, CANCELED).await?;
    if deploy.state == DeployState::Ready {
        return Err(Error::Unprocessable("the deploy is ready and cannot be cancelled".to_owned()));
    }
    Ok(deploy)
}
