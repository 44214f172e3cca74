//! The newest commit of a branch of a fork, asked for outside of any build.

use super::Access;
use super::git::missing;
use crate::failure::{Failure, Outcome};
use crate::masker::Masker;
use context::Context;
use std::process::Stdio;
use std::time::Duration;
use store::sites::SiteRow;

/// How long a host may take to say it: less than hosts wait for the answer to a webhook.
const PATIENCE: Duration = Duration::from_secs(8);

/// The newest commit of a branch of a fork of the site's repository, full.
pub(crate) async fn tip_of_fork(cx: &Context, site: &SiteRow, fork: &str, branch: &str) -> Outcome<String> {
    let work_dir = &cx.settings.builds.work_dir;
    std::fs::create_dir_all(work_dir).map_err(Failure::disk)?;
    // named like a build: what a process that dies leaves is swept with what is left of those
    let folder = tempfile::Builder::new().prefix(&cx.id()).rand_bytes(0).tempdir_in(work_dir);
    let folder = folder.map_err(Failure::disk)?;
    let access = Access::open(cx, site, Some(fork), folder.path()).await?;
    let wanted = format!("refs/heads/{branch}");
    let arguments = ["ls-remote", "--quiet", "--", &access.source.remote, &wanted];
    let mut command = access.home.command(&arguments, access.source.protocols());
    let output = command.kill_on_drop(true).stdin(Stdio::null()).output();
    let late = || Failure::build("the fork's host does not answer in time");
    let output = tokio::time::timeout(PATIENCE, output).await.map_err(|_| late())?.map_err(missing)?;
    if !output.status.success() {
        let said = access.trouble().unwrap_or_else(|| complaint(&output.stderr));
        let masker = Masker::new(access.source.login.iter().map(|login| login.with.as_str()));
        return Err(Failure::Build(masker.mask(format!("the fork cannot be read: {said}"))));
    }
    let listed = String::from_utf8_lossy(&output.stdout);
    let found = listed.lines().find_map(|line| line.strip_suffix(&format!("\t{wanted}")));
    let gone = || Failure::Build(format!("the fork has no branch `{branch}`"));
    found.map(str::to_owned).ok_or_else(gone)
}

fn complaint(printed: &[u8]) -> String {
    let printed = String::from_utf8_lossy(printed);
    let line = printed.lines().find(|line| line.starts_with("fatal:")).unwrap_or_default();
    line.trim_start_matches("fatal:").trim().to_owned()
}
