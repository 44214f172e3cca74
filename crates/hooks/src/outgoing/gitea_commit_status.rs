//! Target `gitea_commit_status`: the state of a commit on a Gitea or Forgejo server, which seed 003
//! does not know.

use super::git_host::status::{Dialect, Statuses, never};
use super::git_host::{Host, REPO, api_url, token};
use super::github_commit_status::body;
use crate::targets::Field;

/// Gitea and Forgejo.
pub(crate) struct Gitea;

impl Statuses for Gitea {
    const DIALECT: Dialect = Dialect {
        host: Host {
            name: "Gitea",
            provider: "gitea",
            // everybody runs their own
            api: None,
            api_path: "/api/v1",
            nested: false,
            authorization: |token| format!("token {token}"),
            headers: &[],
        },
        scope: "the scope `write:repository`",
        path: |repo, sha| std::iter::once("repos").chain(repo.split('/')).chain(["statuses", sha]).collect(),
        // Gitea takes GitHub's words.
        body,
        has_it_already: never,
    };
}

/// Settings.
pub(crate) const FIELDS: &[Field] = &[
    token("Access token of Gitea or Forgejo with the scope write:repository"),
    api_url("Address of the Gitea or Forgejo server", true),
    REPO,
];
