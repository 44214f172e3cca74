//! A deploy that begins to wait for a person.

use crate::present::present_as;
use context::{Context, Result};
use events::Event;
use store::Tx;
use store::deploys::DeployRow;
use store::sites::SiteRow;

/// Records `deploy_request_pending` for a deploy that was made in `pending_review`.
///
/// # Errors
/// When the database fails.
pub async fn hold_in(tx: &mut Tx, cx: &Context, site: &SiteRow, deploy: &DeployRow) -> Result<()> {
    let shown = present_as(tx, cx, site, deploy).await?;
    let pending = Event::DeployRequestPending(Box::new(shown));
    events::record(tx, cx, &site.account_id, &site.id, &pending).await?;
    Ok(())
}
