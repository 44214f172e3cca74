//! The linked repository: what may be said of it, the URL that its host calls, and letting go of it.

use crate::update::Repo;
use context::{Context, Error, Result};
use model::BuildSettings;
use store::ChangeKind;
use store::sites::{self, SiteRow};

/// Names of branches that a site may list, and authors that it may trust.
pub(crate) const NAMES_MAX: usize = 100;
/// Bytes of one of them: as many as a branch may have.
pub(crate) const NAME_MAX: usize = 255;

/// Refuses lists that are too long.
pub(crate) fn check(repo: &Repo) -> Result<()> {
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
pub(crate) fn is_local(build: &BuildSettings) -> bool {
    [&build.repo_url, &build.repo_path].into_iter().flatten().any(|text| {
        let text = text.trim().to_ascii_lowercase();
        text.starts_with('/') || text.starts_with("file:")
    })
}

/// Refuses another place on this machine's disk than the one that was named before.
pub(crate) fn check_place(before: &BuildSettings, after: &BuildSettings) -> Result<()> {
    let place = |build: &BuildSettings| (build.repo_url.clone(), build.repo_path.clone());
    if is_local(after) && place(before) != place(after) {
        let message = "repositories on this machine are linked by whoever runs the server; give the address \
                       of a Git host, or have the server started with --local-repositories";
        return Err(Error::Unprocessable(message.to_owned()));
    }
    Ok(())
}

/// The last part of the URL that a Git host calls. All of it is random, unlike other ids: whoever knows
/// it may ask for builds.
pub(crate) fn push_hook_id(cx: &Context) -> String {
    cx.random::<12>().iter().map(|byte| format!("{byte:02x}")).collect()
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
            assert_eq!(check_place(&BuildSettings::default(), &build).is_err(), local, "{url:?} {path:?}");
            assert!(check_place(&build, &build).is_ok(), "what was linked before stays");
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
