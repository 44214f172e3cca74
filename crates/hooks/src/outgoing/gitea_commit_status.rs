//! Target `gitea_commit_status`: the state of a commit on a Gitea or Forgejo server, which seed 003
//! does not know.

use super::git_host::status::{self, Dialect, never};
use super::git_host::{self, Host, REPO};
use super::github_commit_status::body;
use super::{Gear, Message, Tried};
use crate::targets::Field;
use context::Result;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};

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

/// Settings.
pub(crate) const FIELDS: &[Field] = &[
    Field {
        name: "access_token",
        kind: "secret",
        title: "Access token of Gitea or Forgejo with the scope write:repository",
        required: true,
    },
    Field { name: "api_url", kind: "url", title: "Address of the Gitea or Forgejo server", required: true },
    REPO,
];

/// Settings of a hook.
///
/// # Errors
/// `Unprocessable` with the setting that would not do.
pub(crate) fn check(data: &Map<String, Value>) -> Result<()> {
    git_host::check_with_token(&DIALECT.host, data)
}

pub(crate) fn send<'a>(gear: &'a Gear, message: &'a Message<'a>) -> BoxFuture<'a, Tried> {
    status::send(gear, message, &DIALECT).boxed()
}
