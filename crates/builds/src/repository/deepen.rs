//! More history than the newest commit: what a site compares a commit with may be further back.

use super::Access;
use super::git::Git;
use crate::failure::Outcome;
use crate::log::section;
use crate::process::Watch;
use crate::workspace::Workspace;

/// How far back is looked before the commit alone is fetched, in commits.
const NEAR: &str = "--deepen=200";

/// Fetches history until the checkout knows the commit `wanted`: what is near, else that commit alone,
/// else everything. One that is not there at all, on a branch that was rewritten say, is no fault:
/// whoever compares with it finds out.
pub(crate) async fn deepen(access: &Access, space: &Workspace, watch: &Watch, wanted: &str) -> Outcome<()> {
    let git = access.git(space, watch);
    let Some(head) = git.read(&["rev-parse", "HEAD"]).await? else { return Ok(()) };
    for (step, commit) in [(NEAR, head.trim()), ("--depth=1", wanted), ("--unshallow", head.trim())] {
        if git.knows(wanted).await? || !is_shallow(&git).await? {
            return Ok(());
        }
        watch.log.say(section::CLONE, format!("Fetching history up to {wanted} ({step})")).await;
        let repo = git.repo.to_string_lossy();
        let line = ["-C", &repo, "fetch", "--quiet", "--no-tags", step, "--", &access.source.remote, commit];
        // hosts may refuse a commit that no branch leads to; then the next step has its turn
        let _fetched = git.call(&line).await?;
    }
    Ok(())
}

async fn is_shallow(git: &Git<'_>) -> Outcome<bool> {
    let said = git.read(&["rev-parse", "--is-shallow-repository"]).await?;
    Ok(said.is_some_and(|said| said.trim() == "true"))
}
