//! Moving the live pointer.

use crate::state;
use context::{Context, Result};
use store::Tx;
use store::deploys::DeployRow;
use store::sites::{self, SiteRow};

/// Makes `deploy` the one that visitors see. The caller holds the site's row and records the event
/// that tells why.
pub(crate) async fn publish(
    tx: &mut Tx,
    cx: &Context,
    site: &mut SiteRow,
    deploy: &mut DeployRow,
) -> Result<()> {
    deploy.published_at = Some(cx.now());
    state::save(tx, cx, deploy).await?;
    site.published_deploy_id = Some(deploy.id.clone());
    site.updated_at = cx.now();
    Ok(sites::set_published(tx, &site.id, Some(&deploy.id), cx.now()).await?)
}
