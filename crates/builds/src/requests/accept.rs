//! A person lets a waiting build begin.

use super::mark;
use super::open::{Request, open};
use crate::queue::replace_waiting;
use crate::{Accepted, start};
use context::{Context, Error, Result};
use model::DeployState;
use store::builds;
use store::deploys::DeployRow;

/// A yes to a deploy request.
#[derive(Clone, Debug, Default)]
pub struct Accept {
    /// Who said it.
    pub user_id: Option<String>,
    /// Whether the build gets the secret variables of the site all the same.
    pub with_secrets: bool,
}

/// Lets the build of a deploy request begin and records `deploy_request_accepted`. The first yes
/// counts: another one changes nothing and gives the deploy as it is by then.
///
/// # Errors
/// `NotFound` when there is no such deploy; `Unprocessable` when it is no deploy request, was
/// rejected or has ended, or when the site cannot be built now; `TooMany` when too many builds of
/// the site wait for a place.
pub async fn accept(cx: &Context, deploy_id: &str, yes: Accept) -> Result<DeployRow> {
    let mut tx = cx.begin().await?;
    let Request { site, mut deploy, mut build, mut cause } = open(&mut tx, deploy_id).await?;
    if cause.accepted.is_some() {
        return Ok(deploy);
    }
    waits(deploy.state)?;
    start::check(&site, &cause)?;
    if cause.retry_of.is_none() {
        replace_waiting(&mut tx, cx, &site, &build.label).await?;
    }
    start::check_room(&mut tx, &site.id).await?;
    cause.untrusted = !yes.with_secrets;
    cause.accepted =
        Some(Accepted { user_id: yes.user_id, with_secrets: yes.with_secrets, at: Some(cx.now()) });
    mark(&mut deploy.info, &cause);
    build.cause = serde_json::to_value(&cause).map_err(Error::internal)?;
    builds::release(&mut tx, &build.id, &build.cause).await?;
    deploys::accept_in(&mut tx, cx, &site, &mut deploy).await?;
    start::leave_job(&mut tx, cx, &build).await?;
    tx.commit().await?;
    Ok(deploy)
}

fn waits(state: DeployState) -> Result<()> {
    let why = match state {
        DeployState::PendingReview => return Ok(()),
        DeployState::Rejected => "the deploy request was rejected; the next push asks again",
        DeployState::Error => "the deploy request has ended; the next push asks again",
        _ => "this deploy does not wait for anybody: the site builds untrusted code without asking",
    };
    Err(Error::Unprocessable(why.to_owned()))
}
