//! The environment of a build: what the platform says, what the site's owner set, and which of the
//! two wins. Nothing of the server's own environment is in it.

use crate::Incoming;
use context::Result;
use futures_util::future::BoxFuture;
use model::{DeployContext, PLATFORM_VARIABLES, PLATFORM_VARIABLES_PREFIX};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// `PATH` of builds: the places where distributions put programs.
pub(crate) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Where builds find a program of the machine.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    PATH.split(':').map(|folder| Path::new(folder).join(name)).find(|path| path.is_file())
}

/// Longest variable, name and value, that Linux hands to a program, in bytes.
pub(crate) const VARIABLE_MAX: usize = 128 * 1024 - 2;

/// Names beside those of the platform that are dropped when a site's owner writes under them.
const RESERVED: [&str; 2] = ["HOME", "PATH"];

/// Variables of a site: name to value, and whether the value is a secret.
pub type SiteVariables = BTreeMap<String, (String, bool)>;

/// Where the variables come from that people set on accounts and sites.
pub trait EnvSource: Send + Sync + 'static {
    /// The variables that a build in `context` of `branch` sees.
    fn resolve<'a>(
        &'a self,
        account_id: &'a str,
        site_id: &'a str,
        context: DeployContext,
        branch: Option<&'a str>,
    ) -> BoxFuture<'a, Result<SiteVariables>>;
}

/// What the platform knows about a build.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts<'a> {
    pub(crate) build_id: &'a str,
    pub(crate) context: &'a str,
    pub(crate) branch: &'a str,
    pub(crate) commit: &'a str,
    /// The commit of the last successful build; absent for a first one.
    pub(crate) cached_commit: Option<&'a str>,
    pub(crate) review_id: Option<i64>,
    pub(crate) repository: &'a str,
    pub(crate) url: &'a str,
    pub(crate) deploy_url: &'a str,
    pub(crate) deploy_prime_url: &'a str,
    pub(crate) deploy_id: &'a str,
    pub(crate) site_id: &'a str,
    pub(crate) site_name: &'a str,
    pub(crate) base: &'a str,
    pub(crate) home: &'a str,
    /// Folders of programs that belong to the site, before the machine's.
    pub(crate) programs: &'a [String],
    pub(crate) hook: Option<&'a Incoming>,
}

/// The variables that the platform sets.
pub(crate) fn table(facts: &Facts<'_>) -> BTreeMap<String, String> {
    let pull_request = if facts.review_id.is_some() { "true" } else { "false" };
    let review_id = facts.review_id.map(|id| id.to_string()).unwrap_or_default();
    let path: Vec<&str> = facts.programs.iter().map(String::as_str).chain([PATH]).collect();
    let path = path.join(":");
    let temporary = format!("{}/tmp", facts.home);
    // Hugo takes NETLIFY for that service's machines, and would keep its cache in a folder of theirs
    let hugo = format!("{}/.cache/hugo", facts.home);
    let mut rows = vec![
        ("NETLIFY", "true"),
        ("CI", "true"),
        ("BUILD_ID", facts.build_id),
        ("CONTEXT", facts.context),
        ("BRANCH", facts.branch),
        ("HEAD", facts.branch),
        ("COMMIT_REF", facts.commit),
        ("CACHED_COMMIT_REF", facts.cached_commit.unwrap_or(facts.commit)),
        ("PULL_REQUEST", pull_request),
        ("REVIEW_ID", review_id.as_str()),
        ("REPOSITORY_URL", facts.repository),
        ("URL", facts.url),
        ("DEPLOY_URL", facts.deploy_url),
        ("DEPLOY_PRIME_URL", facts.deploy_prime_url),
        ("DEPLOY_ID", facts.deploy_id),
        ("SITE_ID", facts.site_id),
        ("SITE_NAME", facts.site_name),
        ("NETLIFY_BUILD_BASE", facts.base),
        ("LANG", "C.UTF-8"),
        ("LC_ALL", "C.UTF-8"),
        ("GATSBY_TELEMETRY_DISABLED", "1"),
        ("NEXT_TELEMETRY_DISABLED", "1"),
        ("PATH", path.as_str()),
        ("HOME", facts.home),
        ("TMPDIR", temporary.as_str()),
        ("HUGO_CACHEDIR", hugo.as_str()),
    ];
    if let Some(hook) = facts.hook {
        rows.push(("INCOMING_HOOK_TITLE", &hook.title));
        rows.push(("INCOMING_HOOK_URL", &hook.url));
        rows.push(("INCOMING_HOOK_BODY", &hook.body));
    }
    rows.retain(|(name, value)| *name != "REVIEW_ID" || !value.is_empty());
    rows.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The whole environment, and the names that had to be left out because Linux hands no variable of
/// that length, or none of that name, to a program. `netlify.toml` wins over what was set on the
/// site, as on Netlify.
pub(crate) fn merge(
    platform: BTreeMap<String, String>,
    site: &SiteVariables,
    toml: &BTreeMap<String, String>,
) -> (BTreeMap<String, String>, Vec<String>) {
    let mut all = platform;
    let of_site = site.iter().map(|(name, (value, _))| (name, value));
    for (name, value) in of_site.chain(toml).filter(|(name, _)| !is_reserved(name)) {
        all.insert(name.clone(), value.clone());
    }
    let unfit: Vec<String> =
        all.iter().filter(|(name, value)| !fits(name, value)).map(|(name, _)| name.clone()).collect();
    all.retain(|name, value| fits(name, value));
    (all, unfit)
}

fn is_reserved(name: &str) -> bool {
    PLATFORM_VARIABLES.contains(&name)
        || RESERVED.contains(&name)
        || name.starts_with(PLATFORM_VARIABLES_PREFIX)
}

/// A name that a shell can export, and a value that fits beside it.
fn fits(name: &str, value: &str) -> bool {
    let mut letters = name.bytes();
    letters.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && letters.all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !value.contains('\0')
        && name.len() + value.len() < VARIABLE_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts<'static> {
        Facts {
            build_id: "b",
            context: "branch-deploy",
            branch: "feat",
            commit: "c1",
            repository: "https://git.example/x",
            url: "http://s.localhost",
            deploy_url: "http://d--s.localhost",
            deploy_prime_url: "http://feat--s.localhost",
            deploy_id: "d",
            site_id: "id",
            site_name: "s",
            base: "web",
            home: "/w/home",
            ..Facts::default()
        }
    }

    #[test]
    fn the_table_says_what_is_documented() {
        let table = table(&facts());
        for (name, value) in [
            ("NETLIFY", "true"),
            ("CI", "true"),
            ("BUILD_ID", "b"),
            ("CONTEXT", "branch-deploy"),
            ("BRANCH", "feat"),
            ("HEAD", "feat"),
            ("COMMIT_REF", "c1"),
            ("CACHED_COMMIT_REF", "c1"),
            ("PULL_REQUEST", "false"),
            ("REPOSITORY_URL", "https://git.example/x"),
            ("URL", "http://s.localhost"),
            ("DEPLOY_URL", "http://d--s.localhost"),
            ("DEPLOY_PRIME_URL", "http://feat--s.localhost"),
            ("DEPLOY_ID", "d"),
            ("SITE_ID", "id"),
            ("SITE_NAME", "s"),
            ("NETLIFY_BUILD_BASE", "web"),
            ("HOME", "/w/home"),
            ("TMPDIR", "/w/home/tmp"),
            ("HUGO_CACHEDIR", "/w/home/.cache/hugo"),
            ("PATH", PATH),
        ] {
            assert_eq!(table.get(name).map(String::as_str), Some(value), "{name}");
        }
        for absent in ["REVIEW_ID", "NODE_ENV", "INCOMING_HOOK_BODY", "INCOMING_HOOK_TITLE"] {
            assert!(!table.contains_key(absent), "{absent}");
        }
    }

    #[test]
    fn the_sites_own_programs_are_found_first() {
        let programs = ["/w/repo/node_modules/.bin".to_owned(), "/w/home/.local/bin".to_owned()];
        let table = table(&Facts { programs: &programs, ..facts() });
        let expect = format!("/w/repo/node_modules/.bin:/w/home/.local/bin:{PATH}");
        assert_eq!(table.get("PATH"), Some(&expect));
    }

    #[test]
    fn hooks_and_reviews_show_when_there_are_some() {
        let hook = Incoming { title: "t".into(), url: "u".into(), body: "%7B%7D".into() };
        let table =
            table(&Facts { hook: Some(&hook), review_id: Some(7), cached_commit: Some("c0"), ..facts() });
        for (name, value) in [
            ("INCOMING_HOOK_TITLE", "t"),
            ("INCOMING_HOOK_URL", "u"),
            ("INCOMING_HOOK_BODY", "%7B%7D"),
            ("PULL_REQUEST", "true"),
            ("REVIEW_ID", "7"),
            ("CACHED_COMMIT_REF", "c0"),
        ] {
            assert_eq!(table.get(name).map(String::as_str), Some(value), "{name}");
        }
    }

    #[test]
    fn the_file_wins_over_the_site_and_the_platform_over_both() {
        let text = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
        };
        let platform =
            text(&[("BRANCH", "main"), ("CI", "true"), ("HOME", "/h"), ("INCOMING_HOOK_BODY", "b")]);
        let site = text(&[("A", "site"), ("B", "site"), ("CI", "false"), ("HOME", "/root"), ("BRANCH", "x")]);
        let site: SiteVariables = site.into_iter().map(|(n, v)| (n, (v, false))).collect();
        let toml =
            text(&[("B", "toml"), ("INCOMING_HOOK_BODY", "x"), ("bad name", "x"), ("1A", "x"), ("", "x")]);
        let (all, unfit) = merge(platform, &site, &toml);
        let expect = [
            ("A", "site"),
            ("B", "toml"),
            ("BRANCH", "main"),
            ("CI", "false"),
            ("HOME", "/h"),
            ("INCOMING_HOOK_BODY", "b"),
        ];
        assert_eq!(all, text(&expect));
        assert_eq!(unfit, ["", "1A", "bad name"]);
    }

    #[test]
    fn a_variable_that_linux_refuses_is_left_out() {
        let longest = VARIABLE_MAX - 2;
        let site: SiteVariables = [("A", longest), ("B", longest + 1)]
            .map(|(n, len)| (n.to_owned(), ("x".repeat(len), false)))
            .into();
        let (all, unfit) = merge(BTreeMap::new(), &site, &BTreeMap::new());
        assert_eq!((all.len(), unfit), (1, vec!["B".to_owned()]));
        let status = std::process::Command::new("true").envs(&all).status().expect("Linux takes it");
        assert!(status.success());
    }
}
