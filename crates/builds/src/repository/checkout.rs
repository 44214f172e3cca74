//! Getting the commit that is to be built: that one, or the newest of its branch, and as little else as
//! the host allows.

use super::access::Access;
use super::commit::CommitInfo;
use super::extras::{submodules, without_lfs};
use super::git::Git;
use crate::Cause;
use crate::failure::{Failure, Outcome};
use crate::log::section;
use crate::process::Watch;
use crate::workspace::Workspace;
use context::Context;

/// Commits fetched of a branch whose host hands out no single commit.
const NEAR: &str = "--depth=50";

/// What is to be checked out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted<'a> {
    /// The branch; the repository's own default where absent.
    pub(crate) branch: Option<&'a str>,
    /// The commit; the newest of branch or reference where absent.
    pub(crate) commit: Option<&'a str>,
    /// Where the host keeps a request.
    pub(crate) reference: Option<&'a str>,
    /// Whether no other commit will do: somebody may have looked at this one.
    pub(crate) exactly: bool,
    /// Whether the site's credentials must not reach what the code itself names.
    pub(crate) untrusted: bool,
}

impl<'a> Wanted<'a> {
    /// What a cause asks for.
    pub(crate) fn of(branch: Option<&'a str>, cause: &'a Cause) -> Self {
        let push = cause.push.as_ref();
        Self {
            branch,
            commit: push.and_then(|push| push.commit.as_deref()),
            reference: push.and_then(|push| push.reference.as_deref()),
            exactly: cause.untrusted || cause.accepted.is_some(),
            untrusted: cause.untrusted,
        }
    }

    /// What the host knows the newest commit under.
    fn newest(&self) -> String {
        match (self.reference, self.branch) {
            (Some(reference), _) => reference.to_owned(),
            (None, Some(branch)) => format!("refs/heads/{branch}"),
            (None, None) => "HEAD".to_owned(),
        }
    }

    fn named(&self) -> String {
        let of = self.reference.map(|reference| format!(" ({reference})"));
        of.or_else(|| self.branch.map(|branch| format!(" (branch {branch})"))).unwrap_or_default()
    }
}

/// Checks out what is wanted into the workspace, with its submodules.
pub(crate) async fn checkout(
    cx: &Context,
    access: &mut Access,
    wanted: Wanted<'_>,
    space: &Workspace,
    watch: &Watch,
) -> Outcome<CommitInfo> {
    let from = &access.source.public;
    watch.log.say(section::CLONE, format!("Cloning {from}{}", wanted.named())).await;
    if wanted.commit.is_none() && wanted.reference.is_none() {
        clone(access, &access.git(space, watch), wanted.branch).await?;
    } else {
        fetch(access, &access.git(space, watch), wanted).await?;
    }
    submodules(cx, access, (&space.repo, watch), wanted.untrusted).await?;
    let git = access.git(space, watch);
    if !access.home.lfs {
        without_lfs(&git).await;
    }
    let commit = CommitInfo::read(&git).await?;
    watch.log.say(section::CLONE, format!("Checked out {} {}", commit.sha, commit.title)).await;
    Ok(commit)
}

async fn clone(access: &Access, git: &Git<'_>, branch: Option<&str>) -> Outcome<()> {
    let repo = git.repo.to_string_lossy();
    let mut arguments =
        vec!["clone", "--quiet", "--template=", "--depth", "1", "--single-branch", "--no-tags"];
    arguments.extend(branch.iter().flat_map(|branch| ["--branch", branch]));
    arguments.extend(["--", &access.source.remote, &repo]);
    let (well, printed) = git.call(&arguments).await?;
    if well { Ok(()) } else { Err(Failure::Build(why(access, &printed, branch))) }
}

/// Fetches a single commit, or else what the host has under the branch or reference.
async fn fetch(access: &Access, git: &Git<'_>, wanted: Wanted<'_>) -> Outcome<()> {
    git.must(&["init", "--quiet", "--template="]).await?;
    git.must(&["remote", "add", "origin", "--", &access.source.remote]).await?;
    let commit = match wanted.commit {
        None => newest(access, git, wanted, "--depth=1").await?,
        Some(commit) if got(git, commit, "--depth=1").await?.0 => commit.to_owned(),
        Some(commit) => {
            let tip = newest(access, git, wanted, NEAR).await?;
            if git.knows(commit).await? {
                commit.to_owned()
            } else {
                instead(git, wanted, commit, tip).await?
            }
        }
    };
    let branch = wanted.branch.unwrap_or("head");
    git.must(&["checkout", "--quiet", "--force", "-B", branch, &commit]).await
}

/// The commit to build where the wanted one is gone.
async fn instead(git: &Git<'_>, wanted: Wanted<'_>, commit: &str, tip: String) -> Outcome<String> {
    let gone = format!("The commit {commit} is not in the repository any more");
    if wanted.exactly {
        return Err(Failure::Build(format!("{gone}; another one is not built in its place")));
    }
    git.watch
        .log
        .complain(section::CLONE, format!("{gone}; building {tip}, the newest of {}", wanted.newest()))
        .await;
    Ok(tip)
}

/// Fetches the newest commit of branch or reference; which it is.
async fn newest(access: &Access, git: &Git<'_>, wanted: Wanted<'_>, depth: &str) -> Outcome<String> {
    let reference = wanted.newest();
    let (well, printed) = got(git, &reference, depth).await?;
    if !well {
        let missing = printed.iter().any(|line| line.contains("couldn't find remote ref"));
        return Err(Failure::Build(match wanted.branch.filter(|_| missing && wanted.reference.is_none()) {
            Some(branch) => no_branch(branch),
            None => why(access, &printed, None),
        }));
    }
    let sha = git.read(&["rev-parse", "FETCH_HEAD"]).await?;
    Ok(sha.ok_or_else(|| Failure::build("the repository has no commit to build"))?.trim().to_owned())
}

async fn got(git: &Git<'_>, what: &str, depth: &str) -> Outcome<(bool, Vec<String>)> {
    git.quietly(&["fetch", "--quiet", "--no-tags", depth, "--", "origin", what]).await
}

fn no_branch(branch: &str) -> String {
    format!("branch `{branch}` does not exist in the repository")
}

/// Why Git could not fetch, as a sentence for the site's owner.
fn why(access: &Access, printed: &[String], branch: Option<&str>) -> String {
    match access.trouble() {
        Some(trouble) => format!("the repository could not be cloned: {trouble}"),
        None => complaint(printed, branch),
    }
}

fn complaint(printed: &[String], branch: Option<&str>) -> String {
    let complaint = printed.iter().find(|line| line.starts_with("fatal:") || line.starts_with("error:"));
    let complaint = complaint.or(printed.last()).map_or("", |line| line.trim_start_matches("fatal:").trim());
    match branch {
        Some(branch) if complaint.contains("Remote branch") && complaint.contains("not found") => {
            no_branch(branch)
        }
        _ => format!("the repository could not be cloned: {complaint}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_of_git_become_sentences() {
        for (printed, branch, expect) in [
            (
                "fatal: Remote branch x not found in upstream origin",
                Some("x"),
                "branch `x` does not exist in the repository",
            ),
            (
                "fatal: repository '/x' does not exist",
                None,
                "the repository could not be cloned: repository '/x' does not exist",
            ),
            ("", Some("x"), "the repository could not be cloned: "),
        ] {
            let lines = vec!["warning: something".to_owned(), printed.to_owned()];
            assert_eq!(complaint(&lines, branch), expect);
        }
    }

    #[test]
    fn what_is_fetched_where_the_commit_is_gone() {
        for (branch, reference, expect) in [
            (Some("fix"), Some("refs/pull/7/head"), "refs/pull/7/head"),
            (Some("fix"), None, "refs/heads/fix"),
            (None, None, "HEAD"),
        ] {
            assert_eq!(Wanted { branch, reference, ..Wanted::default() }.newest(), expect);
        }
    }
}
