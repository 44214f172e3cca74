//! What is read of the commit that was checked out.

use super::git::Git;
use super::object::{self, Head};
use crate::failure::{Failure, Outcome};
use deploys::Commit;
use url::Url;

/// The commit a build works on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CommitInfo {
    /// Full SHA.
    pub(crate) sha: String,
    /// First line of the message.
    pub(crate) title: String,
    /// Name of the author.
    pub(crate) author: String,
    /// The branch that is checked out.
    pub(crate) branch: String,
}

impl CommitInfo {
    pub(crate) async fn read(git: &Git<'_>) -> Outcome<Self> {
        if let Some(head) = object::head(git.repo) {
            let Head { sha, branch, author, title } = head;
            return Ok(Self { sha, title: title.trim().to_owned(), author, branch });
        }
        let empty = || Failure::build("the repository has no commit to build");
        let shown = git.read(&["log", "-1", "--format=%H%n%an%n%D%n%s"]).await?.ok_or_else(empty)?;
        Ok(parse(&shown))
    }

    /// What the deploy shows. Pages of commits exist for repositories that are read by http or https.
    pub(crate) fn of_deploy(&self, public: &str) -> Commit {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Commit {
            sha: text(&self.sha),
            url: page(public, &self.sha),
            committer: text(&self.author),
            title: text(&self.title),
        }
    }
}

/// The page of a commit of the repository that is read from there, as its host writes addresses: most
/// do it like GitHub, and GitLab understands that too.
fn page(public: &str, sha: &str) -> Option<String> {
    let url = Url::parse(public).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let root = url.origin().ascii_serialization();
    let path = url.path().trim_matches('/').trim_end_matches(".git");
    // Bitbucket on own machines hands repositories out below `scm`, and shows them elsewhere
    if let Some((below, key, slug)) = data_center(path) {
        return Some(format!("{root}/{below}projects/{key}/repos/{slug}/commits/{sha}"));
    }
    let word = if url.host_str() == Some("bitbucket.org") { "commits" } else { "commit" };
    Some(format!("{root}/{path}/{word}/{sha}"))
}

/// What comes before `scm`, key of the project and name of the repository.
fn data_center(path: &str) -> Option<(&str, &str, &str)> {
    let at = path.find("scm/").filter(|at| *at == 0 || path[..*at].ends_with('/'))?;
    let (key, slug) = path[at + "scm/".len()..].split_once('/')?;
    (!slug.contains('/')).then_some((&path[..at], key, slug))
}

fn parse(shown: &str) -> CommitInfo {
    let mut lines = shown.lines().map(|line| line.trim().to_owned());
    let mut next = || lines.next().unwrap_or_default();
    CommitInfo { sha: next(), author: next(), branch: branch(&next()), title: next() }
}

/// The branch that is checked out, of the names of its commit.
fn branch(names: &str) -> String {
    names.split(", ").find_map(|name| name.strip_prefix("HEAD -> ")).unwrap_or("HEAD").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_read_and_shown() {
        let commit = parse("0123abcd\nAda\ngrafted, HEAD -> feat/x, origin/feat/x\nFirst line: yes\n");
        assert_eq!(
            (commit.sha.as_str(), commit.author.as_str(), commit.branch.as_str(), commit.title.as_str()),
            ("0123abcd", "Ada", "feat/x", "First line: yes")
        );
        assert_eq!(parse("0123abcd\nAda\ngrafted, HEAD, tag: v1\n\n").branch, "HEAD");
        assert_eq!(parse("").of_deploy("file:///x").sha, None);
    }

    #[test]
    fn every_host_has_its_pages_of_commits() {
        for (public, expect) in [
            ("https://git.example/o/n.git", Some("https://git.example/o/n/commit/c")),
            ("http://git.example:3000/git/o/n/", Some("http://git.example:3000/git/o/n/commit/c")),
            ("https://bitbucket.org/o/n.git", Some("https://bitbucket.org/o/n/commits/c")),
            ("https://b.example/scm/key/n.git", Some("https://b.example/projects/key/repos/n/commits/c")),
            (
                "https://b.example:8443/bitbucket/scm/key/n",
                Some("https://b.example:8443/bitbucket/projects/key/repos/n/commits/c"),
            ),
            ("https://git.example/libscm/n", Some("https://git.example/libscm/n/commit/c")),
            ("file:///srv/x", None),
            ("git@git.example:o/n", None),
            ("ssh://git@git.example/o/n", None),
        ] {
            assert_eq!(page(public, "c").as_deref(), expect, "{public}");
        }
    }
}
