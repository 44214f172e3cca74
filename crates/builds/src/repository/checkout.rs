//! Getting the commit that is to be built: that one, or the newest of its branch, and as little else as
//! the host allows.

use super::commit::CommitInfo;
use super::extras::{submodules, without_lfs};
use super::git::{Git, lfs_works, write_config};
use super::key::{ssh_command, write_key};
use super::source::Source;
use crate::Cause;
use crate::failure::{Failure, Outcome};
use crate::log::section;
use crate::process::Watch;
use crate::workspace::Workspace;
use context::Context;
use std::path::Path;
use store::sites::SiteRow;

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
    site: &SiteRow,
    wanted: Wanted<'_>,
    space: &Workspace,
    watch: &Watch,
) -> Outcome<(Source, CommitInfo)> {
    let source = Source::of(&site.info.build).map_err(Failure::Build)?;
    if let Some(folder) = &source.local {
        guard_local(cx, folder)?;
    }
    let key = if source.ssh { write_key(cx, site, &space.git).await? } else { None };
    let lfs = lfs_works().await;
    write_config(&space.git, source.login.as_ref(), lfs)?;
    let known_hosts = cx.settings.builds.work_dir.join("known_hosts");
    let ssh = ssh_command(key.as_deref(), &known_hosts);
    let git = Git::new(&space.git, &space.repo, ssh, watch, source.protocols());
    watch.log.say(section::CLONE, format!("Cloning {}{}", source.public, wanted.named())).await;
    if wanted.commit.is_none() && wanted.reference.is_none() {
        clone(&git, &source, wanted.branch).await?;
    } else {
        fetch(&git, &source, wanted).await?;
    }
    submodules(cx, &git, &source, wanted.untrusted).await?;
    if !lfs {
        without_lfs(&git).await;
    }
    let commit = CommitInfo::read(&git).await?;
    watch.log.say(section::CLONE, format!("Checked out {} {}", commit.sha, commit.title)).await;
    Ok((source, commit))
}

async fn clone(git: &Git<'_>, source: &Source, branch: Option<&str>) -> Outcome<()> {
    let repo = git.repo.to_string_lossy();
    let mut arguments =
        vec!["clone", "--quiet", "--template=", "--depth", "1", "--single-branch", "--no-tags"];
    arguments.extend(branch.iter().flat_map(|branch| ["--branch", branch]));
    arguments.extend(["--", &source.remote, &repo]);
    let (well, printed) = git.call(&arguments).await?;
    if well { Ok(()) } else { Err(Failure::Build(why(&printed, branch))) }
}

/// Fetches a single commit, or else what the host has under the branch or reference.
async fn fetch(git: &Git<'_>, source: &Source, wanted: Wanted<'_>) -> Outcome<()> {
    git.must(&["init", "--quiet", "--template="]).await?;
    git.must(&["remote", "add", "origin", "--", &source.remote]).await?;
    let commit = match wanted.commit {
        None => newest(git, wanted, "--depth=1").await?,
        Some(commit) if got(git, commit, "--depth=1").await?.0 => commit.to_owned(),
        Some(commit) => {
            let tip = newest(git, wanted, NEAR).await?;
            if knows(git, commit).await? {
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
async fn newest(git: &Git<'_>, wanted: Wanted<'_>, depth: &str) -> Outcome<String> {
    let reference = wanted.newest();
    let (well, printed) = got(git, &reference, depth).await?;
    if !well {
        let missing = printed.iter().any(|line| line.contains("couldn't find remote ref"));
        return Err(Failure::Build(match wanted.branch.filter(|_| missing && wanted.reference.is_none()) {
            Some(branch) => no_branch(branch),
            None => why(&printed, None),
        }));
    }
    let sha = git.read(&["rev-parse", "FETCH_HEAD"]).await?;
    Ok(sha.ok_or_else(|| Failure::build("the repository has no commit to build"))?.trim().to_owned())
}

async fn got(git: &Git<'_>, what: &str, depth: &str) -> Outcome<(bool, Vec<String>)> {
    git.quietly(&["fetch", "--quiet", "--no-tags", depth, "--", "origin", what]).await
}

async fn knows(git: &Git<'_>, commit: &str) -> Outcome<bool> {
    Ok(git.read(&["cat-file", "-e", &format!("{commit}^{{commit}}")]).await?.is_some())
}

fn no_branch(branch: &str) -> String {
    format!("branch `{branch}` does not exist in the repository")
}

/// Git's complaint as a sentence for the site's owner.
fn why(printed: &[String], branch: Option<&str>) -> String {
    let complaint = printed.iter().find(|line| line.starts_with("fatal:") || line.starts_with("error:"));
    let complaint = complaint.or(printed.last()).map_or("", |line| line.trim_start_matches("fatal:").trim());
    match branch {
        Some(branch) if complaint.contains("Remote branch") && complaint.contains("not found") => {
            no_branch(branch)
        }
        _ => format!("the repository could not be cloned: {complaint}"),
    }
}

/// The server's own files are no repository, whoever asks.
pub(super) fn guard_local(cx: &Context, folder: &Path) -> Outcome<()> {
    let gone = || Failure::build("the repository does not exist on this machine");
    let real = folder.canonicalize().map_err(|_| gone())?;
    let data = cx.settings.data_dir.canonicalize().unwrap_or_else(|_| cx.settings.data_dir.clone());
    let work =
        cx.settings.builds.work_dir.canonicalize().unwrap_or_else(|_| cx.settings.builds.work_dir.clone());
    if real.starts_with(data) || real.starts_with(work) {
        return Err(Failure::build("the repository address leads into the server's own files"));
    }
    Ok(())
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
            assert_eq!(why(&lines, branch), expect);
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
