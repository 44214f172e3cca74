//! Which repository of a Git host a site belongs to. Pure.

use model::BuildSettings;
use url::Url;

/// Bytes of a repository's path.
const PATH_MAX: usize = 512;
/// Groups within groups, the project included.
const PARTS_MAX: usize = 21;
/// Providers that `build_settings` can name, each with its host.
const KNOWN: [(&str, &str); 3] =
    [("github", "github.com"), ("gitlab", "gitlab.com"), ("bitbucket", "bitbucket.org")];

/// A setting `repo`: `owner/name`, or the address of the repository.
///
/// # Errors
/// A sentence for the hook's owner.
pub(crate) fn written(text: &str, nested: bool) -> Result<String, String> {
    path_of(text, nested).ok_or_else(|| {
        let form = if nested { "group/name" } else { "owner/name" };
        format!("data.repo must be `{form}`")
    })
}

/// The repository that a site is linked to; none when it is linked to none, or to one that no
/// service hosts, such as a folder.
///
/// # Errors
/// A sentence for the hook's owner when another service hosts it.
pub(crate) fn linked(build: &BuildSettings, provider: &str, nested: bool) -> Result<Option<String>, String> {
    if let Some(other) = elsewhere(build, provider) {
        return Err(format!("the site's repository is at {other}; name another in the hook's `repo`"));
    }
    let path = build.repo_path.as_deref().and_then(|text| path_of(text, nested));
    Ok(path.or_else(|| build.repo_url.as_deref().and_then(|text| path_of(text, nested))))
}

/// The public service that hosts the repository, when it is not that of `provider`.
fn elsewhere(build: &BuildSettings, provider: &str) -> Option<&'static str> {
    let host = build.repo_url.as_deref().and_then(host_of);
    let named = build.provider.as_deref();
    KNOWN.into_iter().find_map(|(name, at)| {
        let here = host.as_deref().map_or(named == Some(name), |host| host == at);
        (here && name != provider).then_some(at)
    })
}

/// The path of a repository out of `owner/name`, a URL, or `git@host:owner/name`.
fn path_of(text: &str, nested: bool) -> Option<String> {
    let text = text.trim();
    let path = match (Url::parse(text), scp_path(text)) {
        (Ok(url), _) if url.has_host() => url.path().to_owned(),
        (_, Some(path)) => path.to_owned(),
        _ if text.starts_with('/') || text.contains(':') => return None,
        _ => text.to_owned(),
    };
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let parts = path.split('/').count();
    let many = if nested { PARTS_MAX } else { 2 };
    (path.len() <= PATH_MAX && (2..=many).contains(&parts) && path.split('/').all(is_name))
        .then(|| path.to_owned())
}

fn is_name(part: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || ".-_~".contains(c);
    !part.is_empty() && part != "." && part != ".." && part.chars().all(plain)
}

fn scp_path(text: &str) -> Option<&str> {
    let (login, path) = text.split_once(':')?;
    (!text.contains("://") && !login.contains('/')).then_some(path)
}

fn host_of(text: &str) -> Option<String> {
    match Url::parse(text) {
        Ok(url) if url.has_host() => url.host_str().map(str::to_ascii_lowercase),
        _ => scp_path(text)
            .and_then(|_| text.split_once(':'))
            .map(|(login, _)| login.rsplit_once('@').map_or(login, |(_, host)| host).to_ascii_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(
        provider: Option<&str>,
        path: Option<&str>,
        url: Option<&str>,
        expect: Result<Option<&str>, ()>,
    ) {
        let build = BuildSettings {
            provider: provider.map(Into::into),
            repo_path: path.map(Into::into),
            repo_url: url.map(Into::into),
            ..BuildSettings::default()
        };
        let found = linked(&build, "github", false);
        assert_eq!(found.is_err(), expect.is_err(), "{build:?}");
        assert_eq!(found.ok().flatten().as_deref(), expect.ok().flatten(), "{build:?}");
    }

    #[test]
    fn a_site_is_linked_by_path_or_url() {
        check(Some("github"), Some("o/r"), Some("https://github.com/o/r"), Ok(Some("o/r")));
        check(None, None, Some("https://github.com/o/r.git"), Ok(Some("o/r")));
        check(None, None, Some("git@github.com:o/r.git"), Ok(Some("o/r")));
        check(None, None, Some("ssh://git@ghe.example:2222/o/r"), Ok(Some("o/r")));
        check(Some("manual"), Some("git@h:o/r.git"), Some("git@h:o/r.git"), Ok(Some("o/r")));
        check(None, None, None, Ok(None));
        check(Some("manual"), Some("/srv/x.git"), Some("/srv/x.git"), Ok(None));
        check(None, None, Some("file:///srv/o/r"), Ok(None));
        check(None, None, Some("https://ghe.example/a/b/c"), Ok(None));
    }

    #[test]
    fn a_repository_of_another_service_is_said() {
        check(Some("gitlab"), Some("o/r"), None, Err(()));
        check(None, None, Some("https://GitLab.com/o/r"), Err(()));
        check(None, None, Some("git@bitbucket.org:o/r"), Err(()));
        check(Some("gitlab"), Some("o/r"), Some("https://github.com/o/r"), Ok(Some("o/r")));
    }

    #[test]
    fn a_written_repository_is_an_owner_and_a_name() {
        for (text, nested, expect) in [
            ("o/r", false, Some("o/r")),
            (" https://github.com/o/r.git/ ", false, Some("o/r")),
            ("g/s/r", true, Some("g/s/r")),
            ("g/s/r", false, None),
            ("o", false, None),
            ("o/..", false, None),
            ("o/r?x=1", false, None),
            ("o/r#x", false, None),
            ("o/%2e%2e", false, None),
            ("", false, None),
        ] {
            assert_eq!(written(text, nested).ok().as_deref(), expect, "{text}");
        }
        assert!(written(&format!("o/{}", "r".repeat(PATH_MAX)), false).is_err());
        assert!(written("r", true).is_err_and(|why| why.contains("group/name")));
    }
}
