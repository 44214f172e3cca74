//! A deploy request as decisions about it need it, behind the lock on its site's row.

use crate::Cause;
use context::{Context, Error, Result};
use model::{BuildState, DeployState, Page};
use store::Tx;
use store::builds::{self, BuildRow};
use store::deploys::{self, DeployRow, Filter};
use store::sites::{self, SiteRow};

/// A deploy request, whoever has decided about it already.
pub(super) struct Request {
    pub(super) site: SiteRow,
    pub(super) deploy: DeployRow,
    pub(super) build: BuildRow,
    pub(super) cause: Cause,
}

/// The request of that deploy. `NotFound` when there is no such deploy, `Unprocessable` when it
/// never was a request.
pub(super) async fn open(tx: &mut Tx, deploy_id: &str) -> Result<Request> {
    let deploy = deploys::find(tx, deploy_id).await?.ok_or(Error::NotFound)?;
    let site = sites::lock_row(tx, &deploy.site_id).await?.ok_or(Error::NotFound)?;
    let deploy = deploys::find(tx, deploy_id).await?.ok_or(Error::NotFound)?;
    let no_request = || Error::Unprocessable("this deploy is no deploy request".to_owned());
    let build = builds::by_deploy(tx, deploy_id).await?.ok_or_else(no_request)?;
    let cause: Cause = serde_json::from_value(build.cause.clone()).map_err(Error::internal)?;
    if cause.untrusted || cause.accepted.is_some() {
        Ok(Request { site, deploy, build, cause })
    } else {
        Err(no_request())
    }
}

/// Deploys of a site that wait for a person, newest first.
pub(super) async fn held(tx: &mut Tx, site_id: &str) -> Result<Vec<DeployRow>> {
    let filter = Filter {
        site_id: site_id.to_owned(),
        state: Some(DeployState::PendingReview.as_str().to_owned()),
        ..Filter::default()
    };
    let page = Page::new(None, u32::try_from(super::HELD_MAX).ok());
    Ok(deploys::list(tx, &filter, page).await?)
}

/// Refuses a request of the locked site and ends its build.
pub(super) async fn refuse(
    tx: &mut Tx,
    cx: &Context,
    site: &SiteRow,
    deploy: &mut DeployRow,
    message: &str,
) -> Result<()> {
    ::deploys::reject_in(tx, cx, site, deploy, message).await?;
    end_build(tx, cx, deploy, message).await
}

/// Ends a request of the locked site about which nobody has to decide any more, and its build: as
/// skipped, like every build that is not carried out through no fault of its own, so that whoever
/// follows the deploy hears of its end.
pub(super) async fn lapse(tx: &mut Tx, cx: &Context, deploy: &DeployRow, message: &str) -> Result<()> {
    ::deploys::skip_in(tx, cx, &deploy.id, message).await?;
    end_build(tx, cx, deploy, message).await
}

async fn end_build(tx: &mut Tx, cx: &Context, deploy: &DeployRow, message: &str) -> Result<()> {
    if let Some(build) = &deploy.build_id {
        builds::finish(tx, build, BuildState::Cancelled, Some(message), cx.now()).await?;
    }
    Ok(())
}
