//! A deploy that does not complete.

use crate::{present, state};
use context::{Context, Error, Result};
use events::Event;
use model::DeployState;
use store::Tx;
use store::deploy_files;
use store::deploys::{self, DeployRow};
use store::sites;

/// Fails an unfinished deploy with a message for its owner. A finished one is left alone.
///
/// # Errors
/// `NotFound` when there is no such deploy; else when the database fails.
pub async fn fail(cx: &Context, deploy_id: &str, message: &str) -> Result<()> {
    let mut tx = cx.begin().await?;
    fail_in(&mut tx, cx, deploy_id, message).await?;
    Ok(tx.commit().await?)
}

/// The same in the caller's transaction; the deploy as it is afterwards.
pub(crate) async fn fail_in(tx: &mut Tx, cx: &Context, deploy_id: &str, message: &str) -> Result<DeployRow> {
    end_in(tx, cx, deploy_id, message, Way::Failed).await
}

/// How a deploy comes to an end that makes it no use.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Something went wrong.
    Failed,
    /// It was not even tried.
    Skipped,
}

/// Ends an unfinished deploy; the deploy as it is afterwards.
pub(crate) async fn end_in(
    tx: &mut Tx,
    cx: &Context,
    deploy_id: &str,
    message: &str,
    way: Way,
) -> Result<DeployRow> {
    let mut deploy = deploys::find(tx, deploy_id).await?.ok_or(Error::NotFound)?;
    if deploy.state.is_final() {
        return Ok(deploy);
    }
    let site = sites::find(tx, &deploy.site_id).await?.ok_or(Error::NotFound)?;
    deploy.info.error_message = Some(message.to_owned());
    if way == Way::Skipped {
        deploy.info.skipped = Some(true);
    }
    deploy.pending = 0;
    state::move_to(tx, cx, &mut deploy, DeployState::Error).await?;
    deploy_files::expect_nothing(tx, deploy_id).await?;
    let shown = Box::new(present::present_as(tx, cx, &site, &deploy).await?);
    let failed = Event::DeployFailed(shown.clone());
    events::record(tx, cx, &site.account_id, &site.id, &failed).await?;
    if way == Way::Failed && deploys::previous_outcome(tx, &deploy).await? == Some(DeployState::Ready) {
        let turned = Event::DeployFailedAfterSucceeding(shown);
        events::record(tx, cx, &site.account_id, &site.id, &turned).await?;
    }
    Ok(deploy)
}
