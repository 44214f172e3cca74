//! Which deploy a branch of a test stands for.

use context::{Error, Result};
use model::SplitBranch;
use store::sites::SiteRow;
use store::{Conn, splits};

/// Name of the production branch of a site that is linked to no repository.
const PRODUCTION: &str = "main";

/// What visitors of a branch see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Whatever is live on the site: the production branch means this, so that a lock or a rollback
    /// counts in a test too.
    Live,
    /// The deploy of this id.
    Deploy(String),
}

/// What visitors of a branch see: the live deploy for the production branch, the branch's newest
/// ready deploy for any other; none when there is none.
///
/// # Errors
/// When the database fails.
pub async fn target(db: &mut Conn, site: &SiteRow, branch: &str) -> Result<Option<Target>> {
    let production = site.info.build.repo_branch.as_deref().filter(|name| !name.is_empty());
    let live = || site.published_deploy_id.is_some().then_some(Target::Live);
    if production == Some(branch) {
        return Ok(live());
    }
    let newest = splits::deploy_of_branch(db, &site.id, branch).await?.map(Target::Deploy);
    Ok(newest.or_else(|| if production.is_none() && branch == PRODUCTION { live() } else { None }))
}

/// Refuses a test with a branch that nobody could be sent to.
pub(crate) async fn check(db: &mut Conn, site: &SiteRow, branches: &[SplitBranch]) -> Result<()> {
    for SplitBranch { branch, .. } in branches {
        if target(db, site, branch).await?.is_none() {
            let why = format!("the branch {branch} has no ready deploy; deploy it first");
            return Err(Error::Unprocessable(why));
        }
    }
    Ok(())
}
