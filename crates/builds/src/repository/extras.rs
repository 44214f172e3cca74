//! What hangs on a checkout: submodules, and files that Git LFS keeps elsewhere.

use super::checkout::guard_local;
use super::git::{Git, write_config};
use super::key::ssh_command;
use super::source::{NETWORK, Source};
use crate::failure::{Failure, Outcome};
use crate::log::section;
use context::Context;
use std::os::unix::fs::DirBuilderExt as _;

const UPDATE: [&str; 5] = ["submodule", "--quiet", "update", "--init", "--depth=1"];

/// Fetches the submodules of a checkout. Their addresses are the code's to choose: code that is not
/// trusted gets none of the site's credentials for them, and no address leads into this machine's files,
/// unless the site's own does.
pub(super) async fn submodules(cx: &Context, git: &Git<'_>, source: &Source, untrusted: bool) -> Outcome<()> {
    if !git.repo.join(".gitmodules").is_file() {
        return Ok(());
    }
    git.watch.log.say(section::CLONE, "Fetching submodules").await;
    if source.local.is_some() {
        git.must(&["submodule", "--quiet", "init"]).await?;
        let set = git.read(&["config", "--get-regexp", r"^submodule\..*\.url$"]).await?.unwrap_or_default();
        for address in set.lines().filter_map(|line| line.split_once(' ').map(|(_, address)| address)) {
            if let Some(folder) = Source::parse(address).map_err(Failure::Build)?.local {
                guard_local(cx, &folder)?;
            }
        }
        git.must(&UPDATE).await?;
    }
    let recursive: Vec<&str> = UPDATE.into_iter().chain(["--recursive"]).collect();
    let protocols = if source.local.is_some() { NETWORK } else { source.protocols() };
    if !untrusted {
        return git.with_protocols(protocols).must(&recursive).await;
    }
    let home = git.home.join("nobody");
    std::fs::DirBuilder::new().mode(0o700).create(&home).map_err(Failure::disk)?;
    write_config(&home, None, false)?;
    let ssh = ssh_command(None, &home.join("known_hosts"));
    Git::new(&home, git.repo, ssh, git.watch, protocols).must(&recursive).await
}

/// Says that files of a repository are elsewhere and stay there.
pub(super) async fn without_lfs(git: &Git<'_>) {
    let attributes = std::fs::read_to_string(git.repo.join(".gitattributes")).unwrap_or_default();
    if attributes.contains("filter=lfs") {
        let notice = "The repository keeps files in Git LFS, and this server has no git-lfs: the build sees \
                      pointers in their place.";
        git.watch.log.complain(section::CLONE, notice).await;
    }
}
