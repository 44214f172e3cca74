//! A person lets a waiting deploy begin its build.

use crate::present::present_as;
use crate::state;
use context::{Context, Result};
use events::Event;
use model::DeployState;
use store::Tx;
use store::deploys::DeployRow;
use store::sites::SiteRow;

/// Moves a deploy from `pending_review` to `enqueued` and records `deploy_request_accepted`. What
/// else was changed in `deploy` is written with it.
///
/// # Errors
/// `Unprocessable` when the deploy does not wait, `Conflict` when another hand moved it meanwhile.
pub async fn accept_in(tx: &mut Tx, cx: &Context, site: &SiteRow, deploy: &mut DeployRow) -> Result<()> {
    state::move_to(tx, cx, deploy, DeployState::Enqueued).await?;
    let shown = present_as(tx, cx, site, deploy).await?;
    let accepted = Event::DeployRequestAccepted(Box::new(shown));
    events::record(tx, cx, &site.account_id, &site.id, &accepted).await?;
    Ok(())
}
