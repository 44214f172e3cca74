//! Cloning: the newest commit of one branch, nothing else.

use super::commit::CommitInfo;
use super::git::{CONFIG, Git};
use super::key::{ssh_command, write_key};
use super::source::Source;
use crate::failure::{Failure, Outcome};
use crate::log::section;
use crate::process::Watch;
use crate::workspace::Workspace;
use context::Context;
use std::path::Path;
use store::sites::SiteRow;

/// Clones `branch` (the repository's own default where absent) into the workspace.
pub(crate) async fn checkout(
    cx: &Context,
    site: &SiteRow,
    branch: Option<&str>,
    space: &Workspace,
    watch: &Watch,
) -> Outcome<(Source, CommitInfo)> {
    let source = Source::of(&site.info.build).map_err(Failure::Build)?;
    if let Some(folder) = &source.local {
        guard_local(cx, folder)?;
    }
    let key = if source.ssh { write_key(cx, site, &space.git).await? } else { None };
    std::fs::write(space.git.join("config"), CONFIG).map_err(Failure::disk)?;
    let known_hosts = cx.settings.builds.work_dir.join("known_hosts");
    let git =
        Git { home: &space.git, repo: &space.repo, ssh: ssh_command(key.as_deref(), &known_hosts), watch };
    let named = branch.map_or_else(String::new, |branch| format!(" (branch {branch})"));
    watch.log.say(section::CLONE, format!("Cloning {}{named}", source.public)).await;
    clone(&git, &source, branch).await?;
    let commit = CommitInfo::read(&git).await?;
    watch.log.say(section::CLONE, format!("Checked out {} {}", commit.sha, commit.title)).await;
    Ok((source, commit))
}

async fn clone(git: &Git<'_>, source: &Source, branch: Option<&str>) -> Outcome<()> {
    let repo = git.repo.to_string_lossy();
    let mut arguments = vec!["clone", "--quiet", "--depth", "1", "--single-branch", "--no-tags"];
    arguments.extend(branch.iter().flat_map(|branch| ["--branch", branch]));
    arguments.extend(["--", &source.address, &repo]);
    let (well, printed) = git.call(&arguments).await?;
    if well { Ok(()) } else { Err(Failure::Build(why(&printed, branch))) }
}

/// Git's complaint as a sentence for the site's owner.
fn why(printed: &[String], branch: Option<&str>) -> String {
    let complaint = printed.iter().find(|line| line.starts_with("fatal:") || line.starts_with("error:"));
    let complaint = complaint.or(printed.last()).map_or("", |line| line.trim_start_matches("fatal:").trim());
    match branch {
        Some(branch) if complaint.contains("Remote branch") && complaint.contains("not found") => {
            format!("branch `{branch}` does not exist in the repository")
        }
        _ => format!("the repository could not be cloned: {complaint}"),
    }
}

/// The server's own files are no repository, whoever asks.
fn guard_local(cx: &Context, folder: &Path) -> Outcome<()> {
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
}
