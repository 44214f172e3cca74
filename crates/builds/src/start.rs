//! Asking for a build: the deploy it will make, its row and its job, in one transaction.

use crate::repository::{Source, check_branch};
use crate::{BUILD_JOB, Cause};
use context::{Context, Error, Result};
use deploys::NewDeploy;
use model::{BuildState, DeployContext, DeployState};
use serde_json::json;
use store::Tx;
use store::builds::{self, BuildRow};
use store::deploys::{DeployInfo, DeployRow};
use store::jobs::{self, NewJob};
use store::sites::SiteRow;

/// Builds of one site that may wait at once.
pub const WAITING_MAX: i64 = 50;
/// Seconds after which a caller may try again when too many wait.
const RETRY_AFTER: u64 = 60;

/// Whether the site is linked to a repository that could be built.
#[must_use]
pub fn has_repository(site: &SiteRow) -> bool {
    let build = &site.info.build;
    build.repo_url.as_deref().or(build.repo_path.as_deref()).is_some_and(|text| !text.trim().is_empty())
}

/// Asks for a build of a site. It runs when a node has a place for it.
///
/// # Errors
/// `Unprocessable` when the site has no repository, one that cannot be used, builds that are
/// stopped, or is switched off; `Invalid` for a branch that Git would not accept; `TooMany` when
/// [`WAITING_MAX`] builds of the site wait already.
pub async fn start(cx: &Context, site: &SiteRow, cause: Cause) -> Result<(BuildRow, DeployRow)> {
    check(site, &cause)?;
    let mut tx = cx.begin().await?;
    if builds::waiting(&mut tx, &site.id).await? >= WAITING_MAX {
        return Err(Error::TooMany { retry_after: RETRY_AFTER });
    }
    let id = cx.id();
    let deploy = deploys::create_in(&mut tx, cx, site, new_deploy(site, &cause, &id)).await?;
    let build = BuildRow {
        id,
        site_id: site.id.clone(),
        account_id: site.account_id.clone(),
        deploy_id: deploy.id.clone(),
        state: BuildState::Enqueued,
        sha: None,
        error: None,
        cause: serde_json::to_value(&cause).map_err(Error::internal)?,
        created_at: cx.now(),
        started_at: None,
        finished_at: None,
    };
    builds::insert(&mut tx, &build).await?;
    leave_job(&mut tx, cx, &build).await?;
    tx.commit().await?;
    Ok((build, deploy))
}

fn check(site: &SiteRow, cause: &Cause) -> Result<()> {
    if !has_repository(site) {
        return Err(Error::Unprocessable("the site is not linked to a repository".to_owned()));
    }
    if site.info.build.stop_builds == Some(true) {
        return Err(Error::Unprocessable("builds of this site are stopped".to_owned()));
    }
    Source::of(&site.info.build).map_err(Error::Unprocessable)?;
    cause.branch.as_deref().map_or(Ok(()), check_branch).map_err(Error::Invalid)
}

/// A branch other than the production branch makes a branch deploy whose slug is its alias.
fn new_deploy(site: &SiteRow, cause: &Cause, build_id: &str) -> NewDeploy {
    let production = site.info.build.repo_branch.clone().filter(|branch| !branch.is_empty());
    let other = cause.branch.clone().filter(|branch| Some(branch) != production.as_ref());
    let context = if other.is_some() { DeployContext::BranchDeploy } else { DeployContext::Production };
    let alias = other.as_deref().map(model::slug).filter(|label| !label.is_empty());
    let info = DeployInfo {
        user_id: cause.user_id.clone(),
        title: cause.title.clone(),
        alias,
        ..DeployInfo::default()
    };
    NewDeploy {
        state: DeployState::Enqueued,
        context,
        branch: other.or(production),
        draft: false,
        build_id: Some(build_id.to_owned()),
        info,
    }
}

async fn leave_job(tx: &mut Tx, cx: &Context, build: &BuildRow) -> Result<()> {
    let payload = json!({ "build": build.id });
    let (id, now) = (cx.id(), cx.now());
    let job =
        NewJob { id: &id, kind: BUILD_JOB, tenant: &build.site_id, payload: &payload, run_at: now, now };
    Ok(jobs::insert(tx, &job).await?)
}
