//! Targets `github_commit_status` and `github_app_commit_status`: the line beside a commit, and with
//! it beside a pull request (seed 003; the second for public scripts that make it).

use super::git_host::status::{self, Dialect, Status, Statuses, never};
use super::github::{Github, HOST, app_access, repos, state};
use super::{Gear, Message, Tried};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

pub(crate) const DIALECT: Dialect = Dialect {
    host: HOST,
    scope: "the scope `repo:status` (a fine-grained token: commit statuses, read and write)",
    path: |repo, sha| repos(repo, &["statuses", sha]),
    body,
    has_it_already: never,
};

impl Statuses for Github {
    const DIALECT: Dialect = DIALECT;
}

pub(crate) fn body(status: &Status) -> Value {
    json!({
        "state": state(status.stage),
        "target_url": status.target_url,
        "description": status.description,
        "context": status.context,
    })
}

pub(crate) fn send_app<'a>(gear: &'a Gear, message: &'a Message<'a>) -> BoxFuture<'a, Tried> {
    status::send_as(gear, message, &DIALECT, app_access(gear, message)).boxed()
}
