//! What is read of the commit that was checked out.

use super::git::Git;
use crate::failure::{Failure, Outcome};
use deploys::Commit;

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
        let empty = || Failure::build("the repository has no commit to build");
        let shown = git.read(&["log", "-1", "--format=%H%n%an%n%D%n%s"]).await?.ok_or_else(empty)?;
        Ok(parse(&shown))
    }

    /// What the deploy shows. Pages of commits exist for repositories that are read by https.
    pub(crate) fn of_deploy(&self, public: &str) -> Commit {
        let page = public.strip_prefix("https://").map(|rest| {
            let rest = rest.trim_end_matches('/').trim_end_matches(".git");
            format!("https://{rest}/commit/{}", self.sha)
        });
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Commit { sha: text(&self.sha), url: page, committer: text(&self.author), title: text(&self.title) }
    }
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
        let page = |public: &str| commit.of_deploy(public).url;
        assert_eq!(
            page("https://git.example/o/n.git").as_deref(),
            Some("https://git.example/o/n/commit/0123abcd")
        );
        assert_eq!(page("file:///srv/x"), None);
        assert_eq!(parse("").of_deploy("file:///x").sha, None);
    }
}
