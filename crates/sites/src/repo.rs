//! The linked repository: what may be said of it, the URL that its host calls, and letting go of it.

use crate::update::{Repo, merge_repo};
use context::{Context, Error, Result};
use model::BuildSettings;
use store::deploy_keys::{self, DeployKeyRow};
use store::sites::{self, SiteInfo, SiteRow};
use store::{ChangeKind, Conn};

/// Names of branches that a site may list, and authors that it may trust.
pub(crate) const NAMES_MAX: usize = 100;
/// Bytes of one of them: as many as a branch may have.
pub(crate) const NAME_MAX: usize = 255;

/// Refuses lists that are too long.
fn check(repo: &Repo) -> Result<()> {
    for (what, names) in
        [("allowed_branches", &repo.allowed_branches), ("trusted_authors", &repo.trusted_authors)]
    {
        let names = names.as_deref().unwrap_or_default();
        if names.len() > NAMES_MAX || names.iter().any(|name| name.is_empty() || name.len() > NAME_MAX) {
            let message = format!("{what} holds at most {NAMES_MAX} names of 1 to {NAME_MAX} bytes");
            return Err(Error::Unprocessable(message));
        }
    }
    Ok(())
}

/// Whether what is to be cloned, or may be, is on this machine's disk.
fn is_local(build: &BuildSettings) -> bool {
    [&build.repo_url, &build.repo_path].into_iter().flatten().any(|text| {
        let text = text.trim().to_ascii_lowercase();
        text.starts_with('/') || text.starts_with("file:")
    })
}

/// What is to be cloned, or may be.
fn place(build: &BuildSettings) -> [Option<&str>; 2] {
    [build.repo_url.as_deref(), build.repo_path.as_deref()]
}

/// Lays what a client sent over the linked repository. Another place on this machine's disk than the one
/// before is named by the operator alone, unless the settings let everybody.
pub(crate) fn link(cx: &Context, info: &mut SiteInfo, repo: Repo, by_operator: bool) -> Result<()> {
    check(&repo)?;
    let names = repo.settings.repo_url.is_some() || repo.settings.repo_path.is_some() || repo.repo.is_some();
    let before = info.build.clone();
    merge_repo(&mut info.build, repo);
    let moves = place(&before) != place(&info.build);
    if moves && is_local(&info.build) && !by_operator && !cx.settings.git.local {
        let message = "repositories on this machine are linked by whoever runs the server; give the address \
                       of a Git host, or have the server started with --local-repositories";
        return Err(Error::Unprocessable(message.to_owned()));
    }
    if moves || names && by_operator {
        info.linked_by_operator = by_operator;
    }
    Ok(())
}

/// Whether the linked repository may be on this machine's disk: that is the operator's to link, unless the
/// settings let everybody. They may have changed since it was.
#[must_use]
pub fn may_be_local(cx: &Context, site: &SiteRow) -> bool {
    site.info.linked_by_operator || cx.settings.git.local
}

/// Refuses a deploy key that is newly named and neither of the site's account nor of one of `writes_in`:
/// netlify-cli draws keys without saying for which account. One that is gone by now stays named until
/// another is: clients send back all they know of a site.
pub(crate) async fn check_key(
    db: &mut Conn,
    site: &SiteRow,
    before: Option<&str>,
    writes_in: &[String],
) -> Result<()> {
    let named = site.info.build.deploy_key_id.as_deref().filter(|id| !id.is_empty());
    let Some(id) = named.filter(|id| Some(*id) != before) else { return Ok(()) };
    let theirs =
        |key: &DeployKeyRow| key.account_id == site.account_id || writes_in.contains(&key.account_id);
    if !deploy_keys::find(db, id).await?.is_some_and(|key| theirs(&key)) {
        let what = "deploy_key_id names no deploy key of the site's account; POST /deploy_keys with its \
                    account_id makes one";
        return Err(Error::Unprocessable(what.to_owned()));
    }
    Ok(())
}

/// Unlinks the repository. Build command and directories stay.
///
/// # Errors
/// `NotFound` when there is no such site.
pub async fn unlink_repo(cx: &Context, site_id: &str) -> Result<SiteRow> {
    let mut tx = cx.begin().await?;
    let mut site = sites::lock_row(&mut tx, site_id).await?.ok_or(Error::NotFound)?;
    let old = std::mem::take(&mut site.info.build);
    site.info.build = BuildSettings {
        dir: old.dir,
        functions_dir: old.functions_dir,
        base: old.base,
        cmd: old.cmd,
        package_path: old.package_path,
        engine: old.engine,
        ..BuildSettings::default()
    };
    site.info.linked_by_operator = false;
    site.updated_at = cx.now();
    sites::update(&mut tx, &site).await?;
    tx.changed(ChangeKind::Site, site_id, cx.now()).await?;
    tx.commit().await?;
    Ok(site)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_on_this_machine_are_told() {
        for (url, path, local) in [
            (None, None, false),
            (Some("https://h.example/a"), Some("o/r"), false),
            (Some("git@h.example:/srv/a"), None, false),
            (Some("/srv/a"), None, true),
            (Some(" /srv/a"), None, true),
            (Some("file:///srv/a"), None, true),
            (Some("FILE:///srv/a"), None, true),
            (None, Some("/srv/a"), true),
            (Some("https://h.example/a"), Some("file:/srv/a"), true),
            (Some("fi"), None, false),
        ] {
            let text = |text: Option<&str>| text.map(ToOwned::to_owned);
            let build =
                BuildSettings { repo_url: text(url), repo_path: text(path), ..BuildSettings::default() };
            assert_eq!(is_local(&build), local, "{url:?} {path:?}");
        }
    }

    /// What a site is after one request after the other: its repository, and whether that may be on this
    /// machine's disk; nothing where the last one was refused.
    fn linked(cx: &Context, requests: &[(&str, bool)]) -> Option<(String, bool)> {
        let mut site = SiteRow::new("s", "a", "blog", cx.now());
        let mut last = Ok(());
        for (sent, by_operator) in requests {
            let repo = serde_json::from_str(sent).expect("a repository");
            let mut info = site.info.clone();
            last = link(cx, &mut info, repo, *by_operator);
            site.info = if last.is_ok() { info } else { site.info };
        }
        last.ok()?;
        Some((site.info.build.repo_url.clone()?, may_be_local(cx, &site)))
    }

    #[tokio::test]
    async fn what_is_on_this_machine_is_for_the_operator_unless_everybody_may() {
        let mut bed = testbed::Bed::sqlite().await;
        let (disk, host, cmd) =
            (r#"{"repo_url":"/srv/a"}"#, r#"{"repo_url":"https://h.example/a"}"#, r#"{"cmd":"make"}"#);
        for (local, requests, expect) in [
            (true, &[(disk, false)][..], Some(("/srv/a", true))),
            (false, &[(disk, false)], None),
            (false, &[(disk, true)], Some(("/srv/a", true))),
            (false, &[(disk, true), (cmd, false)], Some(("/srv/a", true))),
            (false, &[(disk, true), (disk, false)], Some(("/srv/a", true))),
            (false, &[(disk, true), (r#"{"repo_url":"/srv/b"}"#, false)], None),
            (false, &[(disk, true), (host, false)], Some(("https://h.example/a", false))),
            (false, &[(disk, true), (host, false), (disk, false)], None),
            (false, &[(host, false), (cmd, true)], Some(("https://h.example/a", false))),
        ] {
            let mut settings = (*bed.cx.settings).clone();
            settings.git.local = local;
            bed.cx.settings = settings.into();
            let got = linked(&bed.cx, requests);
            assert_eq!(got.as_ref().map(|(url, may)| (url.as_str(), *may)), expect, "{local} {requests:?}");
        }
    }

    #[test]
    fn lists_of_names_are_bounded() {
        let many = |count: usize| Some(vec!["x".to_owned(); count]);
        let one = |length: usize| Some(vec!["x".repeat(length)]);
        for (names, good) in [
            (many(NAMES_MAX), true),
            (many(NAMES_MAX + 1), false),
            (one(NAME_MAX), true),
            (one(NAME_MAX + 1), false),
            (one(0), false),
            (None, true),
        ] {
            let branches = Repo { allowed_branches: names.clone(), ..Repo::default() };
            let authors = Repo { trusted_authors: names, ..Repo::default() };
            assert_eq!((check(&branches).is_ok(), check(&authors).is_ok()), (good, good));
        }
    }
}
