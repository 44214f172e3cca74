//! More history than the newest commit: what a site compares a commit with may be further back.

use super::git::Git;
use super::key::{KEY, ssh_command};
use super::source::Source;
use crate::failure::Outcome;
use crate::log::section;
use crate::process::Watch;
use crate::workspace::Workspace;
use context::Context;

/// How far back is looked before the commit alone is fetched, in commits.
const NEAR: &str = "--deepen=200";

/// Fetches history until the checkout knows the commit `wanted`: what is near, else that commit alone,
/// else everything. One that is not there at all, on a branch that was rewritten say, is no fault:
/// whoever compares with it finds out.
pub(crate) async fn deepen(
    cx: &Context,
    source: &Source,
    space: &Workspace,
    watch: &Watch,
    wanted: &str,
) -> Outcome<()> {
    // the clone has left it there when the site has one
    let key = Some(space.git.join(KEY)).filter(|key| key.exists());
    let known_hosts = cx.settings.builds.work_dir.join("known_hosts");
    let ssh = ssh_command(key.as_deref(), &known_hosts);
    let git = Git::new(&space.git, &space.repo, ssh, watch, source.protocols());
    let Some(head) = git.read(&["rev-parse", "HEAD"]).await? else { return Ok(()) };
    for (step, commit) in [(NEAR, head.trim()), ("--depth=1", wanted), ("--unshallow", head.trim())] {
        if knows(&git, wanted).await? || !is_shallow(&git).await? {
            return Ok(());
        }
        watch.log.say(section::CLONE, format!("Fetching history up to {wanted} ({step})")).await;
        let repo = git.repo.to_string_lossy();
        let line = ["-C", &repo, "fetch", "--quiet", "--no-tags", step, "--", &source.remote, commit];
        // hosts may refuse a commit that no branch leads to; then the next step has its turn
        let _fetched = git.call(&line).await?;
    }
    Ok(())
}

async fn knows(git: &Git<'_>, commit: &str) -> Outcome<bool> {
    Ok(git.read(&["cat-file", "-e", &format!("{commit}^{{commit}}")]).await?.is_some())
}

async fn is_shallow(git: &Git<'_>) -> Outcome<bool> {
    let said = git.read(&["rev-parse", "--is-shallow-repository"]).await?;
    Ok(said.is_some_and(|said| said.trim() == "true"))
}
