//! A waiting deploy is refused, by a person or because nobody decided in time.

use crate::present::present_as;
use crate::state;
use context::{Context, Result};
use events::Event;
use model::DeployState;
use store::Tx;
use store::deploys::DeployRow;
use store::sites::SiteRow;

/// Moves a deploy from `pending_review` to `rejected` with a message, and records
/// `deploy_request_rejected`.
///
/// # Errors
/// `Unprocessable` when the deploy does not wait, `Conflict` when another hand moved it meanwhile.
pub async fn reject_in(
    tx: &mut Tx,
    cx: &Context,
    site: &SiteRow,
    deploy: &mut DeployRow,
    message: &str,
) -> Result<()> {
    deploy.info.error_message = Some(message.to_owned());
    state::move_to(tx, cx, deploy, DeployState::Rejected).await?;
    let shown = present_as(tx, cx, site, deploy).await?;
    let rejected = Event::DeployRequestRejected(Box::new(shown));
    events::record(tx, cx, &site.account_id, &site.id, &rejected).await?;
    Ok(())
}
