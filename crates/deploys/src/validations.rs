//! Reports of checks that clients make on a deploy.

use crate::state;
use context::{Context, Error, Result};
use serde_json::Value;
use store::deploys;

/// Keeps a client's report with the deploy.
///
/// # Errors
/// `NotFound` when there is no such deploy.
pub async fn set_validations(cx: &Context, deploy_id: &str, report: Value) -> Result<()> {
    let mut tx = cx.begin().await?;
    let mut deploy = deploys::find(&mut tx, deploy_id).await?.ok_or(Error::NotFound)?;
    deploy.info.validations_report = Some(report);
    state::save(&mut tx, cx, &mut deploy).await?;
    Ok(tx.commit().await?)
}
