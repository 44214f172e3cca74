//! Asking for a build: the deploy it will make, its row and its job, in one transaction.

use crate::queue::replace_waiting;
use crate::repository::{Source, check_branch};
use crate::requests::{self, Verdict, judge, mark};
use crate::{BUILD_JOB, Cause};
use context::{Context, Error, Result};
use deploys::NewDeploy;
use model::{BuildState, DeployContext, DeployState};
use serde_json::json;
use store::Tx;
use store::builds::{self, BuildRow};
use store::deploys::{DeployInfo, DeployRow};
use store::jobs::{self, NewJob};
use store::sites::{self, SiteRow};

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

/// Asks for a build of a site. It takes the place of those that wait for the same branch or request,
/// unless the site wants each of them. It runs when a node has a place for it, and, when its code is not
/// trusted and the site asks about such code, when a person lets it.
///
/// # Errors
/// `Unprocessable` when the site has no repository, one that cannot be used, builds that are
/// stopped, builds no code that is not trusted, or is switched off; `Invalid` for a branch that Git
/// would not accept; `Conflict` for a repeated build of a request of which something newer waits for a
/// person; `TooMany` when [`WAITING_MAX`] builds of the site wait already.
pub async fn start(cx: &Context, site: &SiteRow, cause: Cause) -> Result<(BuildRow, DeployRow)> {
    let mut tx = cx.begin().await?;
    let made = start_in(&mut tx, cx, site, cause).await?;
    tx.commit().await?;
    Ok(made)
}

/// The same in the caller's transaction, which is of no use after an error.
///
/// # Errors
/// As [`start`], and `NotFound` when the site is deleted meanwhile.
pub async fn start_in(
    tx: &mut Tx,
    cx: &Context,
    site: &SiteRow,
    cause: Cause,
) -> Result<(BuildRow, DeployRow)> {
    check(site, &cause)?;
    let policy = site.info.build.untrusted_flow.unwrap_or_default();
    let held = judge(policy, &cause).map_err(Error::Unprocessable)? == Verdict::Hold;
    let id = cx.id();
    let new = new_deploy(site, &cause, &id, held);
    // one at a time: of two that are asked for at once the second replaces the first
    sites::lock_row(tx, &site.id).await?.ok_or(Error::NotFound)?;
    let label = label(&new);
    if held {
        requests::make_room(tx, cx, site, (&new, cause.retry_of.is_some())).await?;
    } else {
        if cause.retry_of.is_none() {
            replace_waiting(tx, cx, site, &label).await?;
            requests::supersede(tx, cx, site, &new).await?;
        }
        check_room(tx, &site.id).await?;
    }
    let deploy = deploys::create_in(tx, cx, site, new).await?;
    let build = BuildRow {
        id,
        site_id: site.id.clone(),
        account_id: site.account_id.clone(),
        deploy_id: deploy.id.clone(),
        state: if held { BuildState::PendingReview } else { BuildState::Enqueued },
        sha: None,
        error: None,
        cause: serde_json::to_value(&cause).map_err(Error::internal)?,
        created_at: cx.now(),
        started_at: None,
        finished_at: None,
        label,
    };
    builds::insert(tx, &build).await?;
    if held {
        deploys::hold_in(tx, cx, site, &deploy).await?;
    } else {
        leave_job(tx, cx, &build).await?;
    }
    Ok((build, deploy))
}

/// Refuses another build of a site of which [`WAITING_MAX`] wait.
pub(crate) async fn check_room(tx: &mut Tx, site_id: &str) -> Result<()> {
    if builds::waiting(tx, site_id).await? < WAITING_MAX {
        Ok(())
    } else {
        Err(Error::TooMany { retry_after: RETRY_AFTER })
    }
}

pub(crate) fn check(site: &SiteRow, cause: &Cause) -> Result<()> {
    if !has_repository(site) {
        return Err(Error::Unprocessable("the site is not linked to a repository".to_owned()));
    }
    if site.info.build.stop_builds == Some(true) {
        return Err(Error::Unprocessable("builds of this site are stopped".to_owned()));
    }
    Source::of(&site.info.build).map_err(Error::Unprocessable)?;
    cause.branch.as_deref().map_or(Ok(()), check_branch).map_err(Error::Invalid)
}

/// A request makes a deploy preview `deploy-preview-N`; a branch other than the production branch
/// makes a branch deploy whose slug is its alias.
fn new_deploy(site: &SiteRow, cause: &Cause, build_id: &str, held: bool) -> NewDeploy {
    let production = site.info.build.repo_branch.clone().filter(|branch| !branch.is_empty());
    let other = cause.branch.clone().filter(|branch| Some(branch) != production.as_ref());
    let push = cause.push.clone().unwrap_or_default();
    let (context, alias) = match (&push.review, &other) {
        (Some(review), _) => (DeployContext::DeployPreview, Some(format!("deploy-preview-{}", review.id))),
        (None, Some(branch)) => (DeployContext::BranchDeploy, Some(model::slug(branch))),
        (None, None) => (DeployContext::Production, None),
    };
    let review = push.review.unwrap_or_default();
    let mut info = DeployInfo {
        user_id: cause.user_id.clone(),
        title: cause.title.clone(),
        alias: alias.filter(|label| !label.is_empty()),
        commit_ref: push.commit,
        commit_url: push.commit_url,
        committer: push.committer,
        review_id: (review.id != 0).then_some(review.id),
        review_url: review.url,
        ..DeployInfo::default()
    };
    mark(&mut info, cause);
    NewDeploy {
        state: if held { DeployState::PendingReview } else { DeployState::Enqueued },
        context,
        branch: other.or(production),
        draft: false,
        build_id: Some(build_id.to_owned()),
        info,
    }
}

pub(crate) async fn leave_job(tx: &mut Tx, cx: &Context, build: &BuildRow) -> Result<()> {
    let payload = json!({ "build": build.id });
    let (id, now) = (&build.id, cx.now());
    let job = NewJob { id, kind: BUILD_JOB, tenant: &build.site_id, payload: &payload, run_at: now, now };
    Ok(jobs::insert_for(tx, &job, &build.account_id).await?)
}

/// What a build makes a newer deploy of.
fn label(new: &NewDeploy) -> String {
    let context = new.context.as_str();
    match (new.context, new.info.review_id, &new.branch) {
        (DeployContext::DeployPreview, Some(review), _) => format!("{context}:{review}"),
        (DeployContext::BranchDeploy, _, Some(branch)) => format!("{context}:{branch}"),
        _ => context.to_owned(),
    }
}
