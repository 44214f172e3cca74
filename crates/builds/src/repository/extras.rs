//! What hangs on a checkout: submodules, and files that Git LFS keeps elsewhere.

use super::access::{Access, guard_local};
use super::git::Git;
use super::home::Home;
use super::source::{NETWORK, Source};
use crate::failure::{Failure, Outcome};
use crate::log::section;
use crate::process::Watch;
use context::Context;
use std::path::{Path, PathBuf};

/// How deep submodules of submodules are fetched.
pub(crate) const SUBMODULES_DEEP: usize = 5;

/// Fetches the submodules of a checkout, and theirs. Their addresses are the code's to choose: each is
/// judged before Git sees it, code that is not trusted gets none of the site's credentials for them, and
/// none leads into this machine's files, unless the site's own does.
pub(super) async fn submodules(
    cx: &Context,
    access: &mut Access,
    (repo, watch): (&Path, &Watch),
    untrusted: bool,
) -> Outcome<()> {
    if !has_some(repo) {
        return Ok(());
    }
    watch.log.say(section::CLONE, "Fetching submodules").await;
    let mut left = vec![(repo.to_owned(), 0)];
    while let Some((folder, deep)) = left.pop() {
        if deep == SUBMODULES_DEEP {
            let why = format!("submodules are fetched {SUBMODULES_DEEP} deep, and there are more");
            return Err(Failure::Build(why));
        }
        // what lies on this machine may have parts there too
        let here = deep == 0 && access.source.local.is_some();
        let protocols =
            if here || access.source.local.is_none() { access.source.protocols() } else { NETWORK };
        let home = access.home.clone();
        for address in addresses(&home.git(&folder, watch, protocols)).await? {
            if let Some(local) = Source::parse(&address).map_err(Failure::Build)?.local.filter(|_| here) {
                guard_local(cx, &local)?;
            }
            access.judge(&address, "the host of a submodule").await?;
        }
        let home = if untrusted && !here { access.home_of_strangers()? } else { rewritten(&access.home)? };
        update(access, &home.git(&folder, watch, protocols)).await?;
        let inner = paths(&home.git(&folder, watch, protocols)).await?;
        left.extend(inner.into_iter().filter(|inner| has_some(inner)).map(|inner| (inner, deep + 1)));
    }
    Ok(())
}

fn has_some(folder: &Path) -> bool {
    folder.join(".gitmodules").is_file()
}

fn rewritten(home: &Home) -> Outcome<Home> {
    home.write()?;
    Ok(home.clone())
}

/// Where the submodules of a checkout are fetched from.
async fn addresses(git: &Git<'_>) -> Outcome<Vec<String>> {
    git.must(&["submodule", "--quiet", "init"]).await?;
    values(git, &["config", "--get-regexp", r"^submodule\..*\.url$"]).await
}

/// The folders of the submodules of a checkout that are there.
async fn paths(git: &Git<'_>) -> Outcome<Vec<PathBuf>> {
    let listed = ["config", "--file", ".gitmodules", "--get-regexp", r"^submodule\..*\.path$"];
    let all = values(git, &listed).await?;
    let real = all.iter().filter_map(|path| git.repo.join(path).canonicalize().ok());
    Ok(real.filter(|path| path != git.repo && path.starts_with(git.repo)).collect())
}

async fn values(git: &Git<'_>, arguments: &[&str]) -> Outcome<Vec<String>> {
    let listed = git.read(arguments).await?.unwrap_or_default();
    Ok(listed.lines().filter_map(|line| line.split_once(' ')).map(|(_, value)| value.to_owned()).collect())
}

async fn update(access: &Access, git: &Git<'_>) -> Outcome<()> {
    let updated = git.must(&["submodule", "--quiet", "update", "--depth=1"]).await;
    match access.trouble() {
        Some(trouble) if updated.is_err() => {
            Err(Failure::Build(format!("a submodule could not be fetched: {trouble}")))
        }
        _ => updated,
    }
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
