//! The beginning of a deploy's build.

use crate::{present, state};
use context::{Context, Error, Result};
use events::Event;
use model::DeployState;
use store::Tx;
use store::deploys::{self, DeployRow};
use store::sites;

/// The commit a build works on, as far as it is known.
#[derive(Clone, Debug, Default)]
pub struct Commit {
    /// Full SHA.
    pub sha: Option<String>,
    /// Page of the commit.
    pub url: Option<String>,
    /// Who made it.
    pub committer: Option<String>,
    /// First line of its message, the deploy's title unless it has one.
    pub title: Option<String>,
}

/// Moves a waiting deploy to building and records `deploy_building`. A deploy that is building
/// already, because its build was begun again after a crash, keeps its state and records nothing.
///
/// # Errors
/// `Unprocessable` when the deploy is past that, `NotFound` when there is none.
pub async fn begin_build(cx: &Context, deploy_id: &str, commit: Commit) -> Result<DeployRow> {
    let mut tx = cx.begin().await?;
    let deploy = begin_build_in(&mut tx, cx, deploy_id, commit).await?;
    tx.commit().await?;
    Ok(deploy)
}

/// The same in the caller's transaction.
///
/// # Errors
/// As [`begin_build`].
pub async fn begin_build_in(tx: &mut Tx, cx: &Context, deploy_id: &str, commit: Commit) -> Result<DeployRow> {
    let mut deploy = deploys::find(tx, deploy_id).await?.ok_or(Error::NotFound)?;
    let site = sites::find(tx, &deploy.site_id).await?.ok_or(Error::NotFound)?;
    let info = &mut deploy.info;
    // of the commit that a Git host told of, the host knows page and author better than Git does
    let told = info.commit_ref.is_some() && info.commit_ref == commit.sha;
    let better = |told_of: Option<String>, read: Option<String>| {
        if told { told_of.or(read) } else { read.or(told_of) }
    };
    info.commit_url = better(info.commit_url.take(), commit.url);
    info.committer = better(info.committer.take(), commit.committer);
    info.commit_ref = commit.sha.or(info.commit_ref.take());
    info.title = info.title.take().or(commit.title);
    if deploy.state == DeployState::Building {
        state::save(tx, cx, &mut deploy).await?;
    } else {
        state::move_to(tx, cx, &mut deploy, DeployState::Building).await?;
        let shown = present::present_as(tx, cx, &site, &deploy).await?;
        let building = Event::DeployBuilding(Box::new(shown));
        events::record(tx, cx, &site.account_id, &site.id, &building).await?;
    }
    Ok(deploy)
}
